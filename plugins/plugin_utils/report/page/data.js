// The report's data. Findings come as rows of numbers: an index into a list of names, texts or controls, -1 for nothing.
const raw = JSON.parse(document.getElementById("data").textContent);
const SEVERITIES = ["critical", "high", "medium", "low", "info"];
const STATUSES = ["fail", "error", "waived", "manual", "not_applicable", "pass"];
const CHANGES = ["new", "regressed", "persisting", "resolved", "unchecked"];
const WORDS = { not_applicable: "not applicable", unchecked: "not checked again" };
const count = (number) => number.toLocaleString("en");
const word = (name) => WORDS[name] || name;

function text(index) { return index < 0 ? "" : raw.texts[index]; }

function subjectOf(row) {
  const name = [text(row[6]), text(row[7])].filter(Boolean).join("/");
  const inner = text(row[8]);
  return (text(row[5]) + " " + name).trim() + (inner ? " (container " + inner + ")" : "");
}

// Texts that thousands of findings share are looked up, not copied: a row holds little more than its numbers.
class Finding {
  constructor(row, position) { this.row = row; this.position = position; this.found = null; }
  get control() { return raw.controls[this.row[0]]; }
  get target() { return raw.targets[this.row[1]].name; }
  get severity() { return SEVERITIES[this.row[2]]; }
  get status() { return STATUSES[this.row[3]]; }
  get change() { return this.row[4] < 0 ? "" : CHANGES[this.row[4]]; }
  get subject() { return subjectOf(this.row); }
  get expected() { return text(this.row[9]); }
  get actual() { return text(this.row[10]); }
  get evidence() { return text(this.row[11]); }
  get reason() { return text(this.row[12]); }
  get waiver() { return this.row[13] < 0 ? null : raw.waiverNotes[this.row[13]]; }
  get firstSeen() { return text(this.row[14]); }
  // A finding that is resolved or was not checked again belongs to the changes, not to the present.
  get current() { return this.change !== "resolved" && this.change !== "unchecked"; }
  matches(words) {
    if (this.found === null) {
      const control = this.control;
      this.found = [control.id, control.title, control.references, this.target, this.subject, this.expected, this.actual,
        this.evidence, this.reason, this.waiver ? this.waiver.owner + " " + this.waiver.reason : ""].join("\n").toLowerCase();
    }
    return words.every((part) => this.found.includes(part));
  }
}

const everything = raw.rows.map((row, position) => new Finding(row, position));
const findings = everything.filter((finding) => finding.current);
const changed = everything.filter((finding) => finding.change && finding.change !== "persisting");

function tally(list, keyOf) {
  const counts = new Map();
  for (const item of list) { const key = keyOf(item); counts.set(key, (counts.get(key) || 0) + 1); }
  return counts;
}

// An element with attributes, event listeners (functions) and children. Texts only ever become text nodes.
function el(name, attributes, ...children) {
  const svg = ["svg", "rect", "circle", "text", "title", "path", "g"].includes(name);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const severityMark = (name) => el("span", { class: "sev c-" + name }, name);
const statusMark = (name) => el("span", { class: "stat c-" + name }, word(name));
