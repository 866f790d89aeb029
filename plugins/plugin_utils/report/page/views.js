// The parts of the page.
const VIEWS = [["overview", "Overview"], ["findings", "Findings"], ["hosts", "Hosts"], ["controls", "Controls"], ["changes", "Changes"], ["waivers", "Waivers"]];
const byId = (id) => document.getElementById(id);
const tables = [];
const failing = findings.filter((finding) => finding.status === "fail");
const severityRank = (finding) => finding.row[2];

function entry(name, value, code) {
  return value ? [el("dt", null, name), el("dd", null, code ? el("code", null, value) : value)] : [];
}

function details(finding) {
  const control = finding.control, waiver = finding.waiver;
  return el("dl", null,
    entry("Why", finding.reason),
    entry("Expected", finding.expected), entry("Found", finding.actual, true), entry("Evidence", finding.evidence, true),
    entry("What to do", control.remediation), entry("Control", control.id, true), entry("References", control.references),
    waiver ? entry("Waived", waiver.reason + " (" + waiver.owner + ", until " + waiver.expires + ", waiver " + waiver.id + ")") : [],
    entry("First seen", finding.firstSeen));
}

const findingColumns = [
  { label: "Severity", value: severityRank, class: "nowrap", cell: (f) => severityMark(f.severity) },
  { label: "Status", value: (f) => f.row[3], class: "nowrap", cell: (f) => statusMark(f.status) },
  { label: "Control", value: (f) => f.control.title, class: "title" },
  { label: "Host", value: (f) => f.target },
  { label: "Subject", value: (f) => f.subject },
  { label: "Change", value: (f) => f.change, class: "nowrap", cell: (f) => (f.change ? statusMark(f.change) : "") },
];
const findingsTable = new Table(byId("t-findings"), { caption: "Findings", columns: findingColumns, details, noun: ["finding", "findings"] });

// Filters: what is shown, in the form and in the address, so that a view can be sent as a link.
const form = byId("filters");
function chips(place, name, values, counts) {
  for (const value of values) {
    const box = el("input", { type: "checkbox", name, value });
    place.append(el("label", { class: "chip" }, box, el("span", null, word(value) + " " + count(counts.get(value) || 0))));
  }
}
function options(select, every, values) {
  select.append(el("option", { value: "" }, every), ...values.map(([value, label]) => el("option", { value }, label)));
}
chips(byId("f-severity"), "severity", SEVERITIES, tally(failing, (f) => f.severity));
const statusCounts = tally(findings, (f) => f.status);
chips(byId("f-status"), "status", STATUSES.filter((name) => statusCounts.has(name)), statusCounts);
options(byId("f-drift"), "any", CHANGES.slice(0, 3).map((name) => [name, name]));
options(byId("f-target"), "all", raw.targets.map((target) => [target.name, target.name]));
const controlIds = [...new Map(raw.controls.map((control) => [control.id, control.title]))];
options(byId("f-control"), "all", controlIds.sort((a, b) => a[1].localeCompare(b[1])));

function picked(name) { return [...form.querySelectorAll("input[name=" + name + "]:checked")].map((box) => box.value); }
function filtered() {
  const severity = new Set(picked("severity")), status = new Set(picked("status"));
  const drift = byId("f-drift").value, target = byId("f-target").value, control = byId("f-control").value;
  const words = byId("q").value.toLowerCase().split(/\s+/).filter(Boolean);
  return findings.filter((f) => (!severity.size || severity.has(f.severity)) && (!status.size || status.has(f.status)) &&
    (!drift || f.change === drift) && (!target || f.target === target) && (!control || f.control.id === control) && f.matches(words));
}
function apply() { findingsTable.show(filtered()); remember(); }
function remember() {
  const state = new URLSearchParams();
  for (const name of ["severity", "status"]) if (picked(name).length) state.set(name, picked(name).join(","));
  for (const name of ["drift", "target", "control"]) if (byId("f-" + name).value) state.set(name, byId("f-" + name).value);
  if (byId("q").value) state.set("q", byId("q").value);
  const text = state.toString();
  if (location.hash.startsWith("#findings")) history.replaceState(null, "", "#findings" + (text ? "?" + text : ""));
}
function restore(state) {
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = (state.get(box.name) || "").split(",").includes(box.value);
  for (const name of ["drift", "target", "control"]) byId("f-" + name).value = state.get(name) || "";
  byId("q").value = state.get("q") || "";
  findingsTable.show(filtered());
}
let waiting = 0;
form.addEventListener("input", (event) => { clearTimeout(waiting); waiting = setTimeout(apply, event.target.id === "q" ? 120 : 0); });
form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
form.addEventListener("reset", () => setTimeout(apply, 0));
const follow = (state) => () => { location.hash = "#findings?" + new URLSearchParams(state); };

// Overview
function overview() {
  const place = byId("overview"), drift = raw.drift, summary = raw.summary, gate = raw.gate;
  if (gate.failed) place.append(el("p", { class: "banner bad" }, el("strong", null, "Gate closed: "), gate.reasons.join("; ") + "."));
  else if (gate.fail_on.length || gate.fail_on_new.length || gate.fail_on_error) place.append(el("p", { class: "banner good" }, el("strong", null, "Gate open.")));
  const missed = raw.targets.filter((target) => !target.audited && target.listed);
  if (missed.length) place.append(el("div", { class: "banner bad" }, el("strong", null, missed.length + " not audited: "),
    missed.slice(0, 20).map((target) => target.name).join(", ") + (missed.length > 20 ? ", …" : "") + ". What was found on them before is not resolved."));
  const cards = el("div", { class: "cards" });
  const parts = ["pass", "fail", "waived", "error", "manual", "not_applicable"].map((name) => ({ name, count: summary.status[name], colour: name === "fail" ? "high" : name }));
  cards.append(card("Verdicts", donut(parts, summary.score === null ? "-" : summary.score + " %", "passed")));
  const severities = SEVERITIES.map((name) => ({ label: name, follow: follow({ severity: name, status: "fail" }), parts: [{ name, count: summary.severity[name] }] }));
  cards.append(card("Failing by severity", bars("Failing by severity", severities)));
  cards.append(card("Since the previous report", changesCard(drift)));
  const hosts = hostRows().filter((row) => row.fail).slice(0, 10);
  if (hosts.length) cards.append(card("Worst hosts", bars("Worst hosts", hosts.map((row) => ({ label: row.name, title: row.name,
    follow: follow({ target: row.name, status: "fail" }), parts: SEVERITIES.map((name) => ({ name, count: row[name] })) }))), "wide"));
  const controls = controlRows().filter((row) => row.fail).slice(0, 10);
  if (controls.length) cards.append(card("Worst controls", bars("Worst controls", controls.map((row) => ({ label: row.title, title: row.title,
    follow: follow({ control: row.id, status: "fail" }), parts: [{ name: row.severity, count: row.fail }] }))), "wide"));
  place.append(cards);
}
function changesCard(drift) {
  if (!drift) return el("p", { class: "muted" }, "There was none to compare with. Changes show from the next report on.");
  const numbers = CHANGES.map((name) => el("div", null, el("dt", null, word(name)), el("dd", { class: name === "persisting" || !drift[name] ? "" : "c-" + name }, count(drift[name]))));
  return el("div", null, el("dl", { class: "numbers" }, numbers), el("p", { class: "muted" }, "Compared with " + drift.since + "."));
}

// Hosts and controls
function counted(key, seed) {
  const rows = new Map(seed.map((row) => [row.key, row]));
  for (const finding of findings) {
    const row = rows.get(key(finding));
    row[finding.status] += 1;
    if (finding.status === "fail") row[finding.severity] += 1;
  }
  return [...rows.values()];
}
const zero = () => Object.fromEntries([...SEVERITIES, ...STATUSES].map((name) => [name, 0]));
const weight = (row) => SEVERITIES.reduce((sum, name) => sum * 10000 + row[name], 0);
function hostRows() {
  const listed = raw.targets.filter((target) => target.listed);
  const seed = listed.map((target) => ({ ...zero(), key: target.name, pass: target.passes, ...target }));
  const others = raw.targets.filter((target) => !target.listed).map((target) => ({ ...zero(), key: target.name, ...target }));
  return counted((f) => f.target, [...seed, ...others]).filter((row) => row.listed).sort((a, b) => weight(b) - weight(a) || b.error - a.error);
}
function controlRows() {
  const seed = [...new Map(raw.controls.map((control) => [control.id, { ...zero(), key: control.id, ...control }])).values()];
  for (const row of seed) row.rank = SEVERITIES.length - 1;
  const rows = counted((f) => f.control.id, seed);
  const known = new Map(rows.map((row) => [row.id, row]));
  for (const f of findings) { const row = known.get(f.control.id); row.rank = Math.min(row.rank, severityRank(f)); }
  for (const row of rows) row.severity = SEVERITIES[row.rank];
  return rows.filter((row) => STATUSES.some((name) => row[name])).sort((a, b) => a.rank - b.rank || b.fail - a.fail);
}
const capital = (name) => name[0].toUpperCase() + name.slice(1);
// A host that nobody looked at has no zeros: nothing is known of it.
const numbers = (names) => names.map((name) => ({ label: capital(word(name)), value: (row) => row[name], number: true, descending: true,
  cell: (row) => (row.audited === false && name !== "error" ? "-" : count(row[name])) }));
function passed(row) {
  const judged = row.pass + row.fail;
  return judged ? Math.round(1000 * row.pass / judged) / 10 : -1;
}
function hostTable() {
  const columns = [
    { label: "Host", value: (row) => row.name, cell: (row) => el("button", { type: "button", class: "link", click: follow({ target: row.name }) }, row.name) },
    ...numbers([...SEVERITIES, "waived", "error", "manual"]),
    { label: "Passed", value: passed, number: true, class: "nowrap", cell: (row) => (!row.audited ? "not audited" : passed(row) < 0 ? "-" : passed(row) + " %") },
    { label: "Looked at", value: (row) => row.collected, class: "nowrap" },
    { label: "Versions", value: (row) => row.versions, cell: (row) => row.reason || row.versions },
  ];
  const table = new Table(byId("t-hosts"), { caption: "Hosts", columns, noun: ["host", "hosts"] });
  table.show(hostRows());
  tables.push(table);
}
function controlTable() {
  const columns = [
    { label: "Control", value: (row) => row.title, class: "title" },
    { label: "Severity", value: (row) => row.rank, class: "nowrap", cell: (row) => severityMark(row.severity) },
    { label: "Failing", value: (row) => row.fail, number: true, descending: true, cell: (row) => (row.fail ? el("button", { type: "button", class: "link", click: follow({ control: row.id, status: "fail" }) }, String(row.fail)) : "0") },
    ...numbers(["waived", "error", "manual"]),
    { label: "References", value: (row) => row.references },
  ];
  const about = (row) => el("dl", null, entry("What to do", row.remediation), entry("Control", row.id, true));
  const table = new Table(byId("t-controls"), { caption: "Controls", columns, details: about, noun: ["control", "controls"] });
  table.show(controlRows());
  tables.push(table);
}

function changeTable() {
  const drift = raw.drift;
  byId("since").textContent = drift ? "Compared with the report of " + drift.since + ". What was not checked again is not resolved." : "There was no earlier report to compare with.";
  const [severity, status, control, host, subject, change] = findingColumns;
  const table = new Table(byId("t-changes"), { caption: "Changes", columns: [change, severity, control, host, subject, status], details, noun: ["change", "changes"] });
  table.show(changed);
  tables.push(table);
}
function waiverTable() {
  const columns = [
    { label: "State", value: (row) => row.state, class: "nowrap", cell: (row) => statusMark(row.state) },
    { label: "Waiver", value: (row) => row.id }, { label: "Owner", value: (row) => row.owner },
    { label: "Expires", value: (row) => row.expires, class: "nowrap" },
    { label: "Findings", value: (row) => row.findings, number: true, descending: true },
    { label: "Reason", value: (row) => row.reason, class: "title" },
  ];
  const about = (row) => el("dl", null, entry("Controls", row.control.join(", "), true), entry("Hosts", row.target.join(", "), true),
    Object.entries(row.subject).map(([part, patterns]) => entry("Subject's " + part, patterns.join(", "), true)), entry("Written at", row.source, true));
  const table = new Table(byId("t-waivers"), { caption: "Waivers", columns, details: about, noun: ["waiver", "waivers"] });
  table.show(raw.waivers);
  tables.push(table);
}

// Moving between the parts, theme, paper
const COUNTS = { findings: findings.length, hosts: raw.targets.filter((target) => target.listed).length, changes: changed.length, waivers: raw.waivers.length };
function navigate(moved) {
  const [name, query] = location.hash.slice(1).split("?");
  const view = VIEWS.some(([id]) => id === name) ? name : "overview";
  for (const [id] of VIEWS) {
    byId(id).hidden = id !== view;
    const link = byId("nav").querySelector('[href="#' + id + '"]');
    if (id === view) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  if (view === "findings" && (query !== undefined || moved)) restore(new URLSearchParams(query === undefined ? "status=fail,error" : query));
  if (moved && name !== "main") byId("h-" + view).focus();
}
function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
function theme(name) {
  if (name) document.documentElement.dataset.theme = name;
  byId("theme").textContent = dark() ? "Light theme" : "Dark theme";
}
// A browser may refuse storage to a local file; the choice then lasts as long as the page.
function stored(value) {
  try { if (value) localStorage.setItem("bulkhead-theme", value); return localStorage.getItem("bulkhead-theme"); } catch (refused) { return null; }
}

for (const [id, label] of VIEWS) byId("nav").append(el("li", null, el("a", { href: "#" + id }, label, id in COUNTS ? el("span", { class: "n" }, count(COUNTS[id])) : "")));
tables.push(findingsTable);
overview(); hostTable(); controlTable(); changeTable(); waiverTable();
restore(new URLSearchParams("status=fail,error"));
theme(stored());
byId("theme").addEventListener("click", () => { const next = dark() ? "light" : "dark"; stored(next); theme(next); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme());
addEventListener("hashchange", () => { if (location.hash !== "#main") navigate(true); });
addEventListener("beforeprint", () => tables.forEach((table) => table.print(true)));
addEventListener("afterprint", () => tables.forEach((table) => table.print(false)));
navigate(false);
