// A table of many rows: sorted by a column, shown by pages, each row with details on demand.
const PAGE = 50;
const PRINTED = 1000;

class Table {
  // columns: {label, value(row), cell(row)?, number?, class?, descending?}; the first cell heads its row.
  constructor(place, { caption, columns, details, noun }) {
    Object.assign(this, { columns, details, noun, rows: [], page: 0, size: PAGE, sorted: -1, descending: false, open: new Set() });
    this.count = el("p", { role: "status", "aria-live": "polite" });
    this.pages = el("div", { class: "pages", role: "group", "aria-label": "Pages" });
    this.heads = columns.map((column, index) => this.head(column, index));
    this.body = el("tbody");
    const head = el("thead", null, el("tr", null, this.heads));
    const table = el("table", { class: "data" }, el("caption", { class: "sr" }, caption), head, this.body);
    // A box that scrolls has to be reachable by keyboard.
    const box = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
    place.append(el("div", { class: "bar" }, this.count, this.pages), box);
  }

  head(column, index) {
    const kind = column.number ? "num" : null;
    return el("th", { scope: "col", class: kind }, el("button", { type: "button", click: () => this.sort(index) }, column.label));
  }

  show(rows) {
    this.rows = rows.slice();
    this.page = 0;
    this.open.clear();
    if (this.sorted >= 0) this.order();
    this.draw();
  }

  sort(index) {
    const first = Boolean(this.columns[index].descending);
    this.descending = this.sorted === index ? !this.descending : first;
    this.sorted = index;
    this.page = 0;
    this.order();
    this.draw();
  }

  order() {
    const { value } = this.columns[this.sorted];
    const sign = this.descending ? -1 : 1;
    const letters = new Intl.Collator("en", { numeric: true }).compare;
    const compare = (a, b) => (typeof a === "number" ? a - b : letters(a, b));
    // Each value once: a comparison happens many times.
    const keyed = this.rows.map((row) => [value(row), row]);
    keyed.sort((a, b) => sign * compare(a[0], b[0]));
    this.rows = keyed.map((pair) => pair[1]);
  }

  draw() {
    this.heads.forEach((head, index) => {
      if (index === this.sorted) head.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const start = this.page * this.size;
    const shown = this.rows.slice(start, start + this.size);
    this.body.replaceChildren(...shown.flatMap((row) => this.line(row)));
    if (!shown.length) this.body.append(el("tr", null, el("td", { colspan: this.columns.length }, "None.")));
    this.describe(start, shown.length);
  }

  line(row) {
    const cells = this.columns.map((column, index) => this.cell(column, row, index));
    const line = [el("tr", null, cells)];
    if (this.details && this.open.has(row)) line.push(el("tr", { class: "details" }, el("td", { colspan: this.columns.length }, this.details(row))));
    return line;
  }

  cell(column, row, index) {
    const content = column.cell ? column.cell(row) : String(column.value(row));
    const kind = [column.class, column.number ? "num" : null].filter(Boolean).join(" ") || null;
    if (index > 0) return el("td", { class: kind }, content);
    return el("th", { scope: "row", class: kind }, this.details ? this.opener(row, content) : content);
  }

  opener(row, content) {
    const toggle = () => {
      if (!this.open.delete(row)) this.open.add(row);
      const position = this.rows.indexOf(row) - this.page * this.size;
      this.draw();
      this.body.querySelectorAll(".open")[position].focus();
    };
    return el("button", { type: "button", class: "open", "aria-expanded": String(this.open.has(row)), click: toggle }, content);
  }

  describe(start, shown) {
    const total = this.rows.length;
    const all = total <= this.size;
    this.count.textContent = count(total) + " " + this.noun[total === 1 ? 0 : 1] + (all ? "" : ", " + count(start + 1) + " to " + count(start + shown) + " shown");
    const last = Math.max(0, Math.ceil(total / this.size) - 1);
    const step = (label, page) => el("button", { type: "button", disabled: page < 0 || page > last || page === this.page, click: () => this.turn(page, label) }, label);
    this.pages.replaceChildren(...(all ? [] : [step("First", 0), step("Previous", this.page - 1), "Page " + count(this.page + 1) + " of " + count(last + 1),
      step("Next", this.page + 1), step("Last", last)]));
  }

  turn(page, label) {
    this.page = page;
    this.draw();
    const button = [...this.pages.querySelectorAll("button")].find((one) => one.textContent === label);
    const fallback = this.pages.querySelector("button:not(:disabled)");
    (button && !button.disabled ? button : fallback || this.pages).focus();
  }

  // On paper there are no pages to turn, but there is an end to paper.
  print(on) { this.size = on ? PRINTED : PAGE; if (on) { this.kept = this.page; this.page = 0; } else { this.page = this.kept || 0; } this.draw(); }
}
