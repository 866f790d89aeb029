// Charts are drawn as inline SVG beside the numbers themselves: who cannot see the picture misses nothing.
function donut(parts, middle, under) {
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  const ring = el("svg", { viewBox: "0 0 120 120", "aria-hidden": "true" });
  const radius = 48, around = 2 * Math.PI * radius;
  ring.append(el("circle", { cx: 60, cy: 60, r: radius, fill: "none", stroke: "var(--soft)", "stroke-width": 16 }));
  let before = 0;
  for (const part of parts.filter((one) => one.count)) {
    const share = part.count / total;
    ring.append(el("circle", { cx: 60, cy: 60, r: radius, fill: "none", stroke: "var(--" + part.colour + ")", "stroke-width": 16,
      "stroke-dasharray": share * around + " " + around, "stroke-dashoffset": -before * around, transform: "rotate(-90 60 60)" }));
    before += share;
  }
  ring.append(el("text", { x: 60, y: 64, "text-anchor": "middle", class: "big" }, middle));
  ring.append(el("text", { x: 60, y: 80, "text-anchor": "middle", class: "small" }, under));
  const legend = parts.map((part) => el("li", { class: "c-" + part.name },
    el("span", { class: "dot", "aria-hidden": "true" }), el("span", null, word(part.name)), el("span", { class: "n" }, count(part.count))));
  return el("div", { class: "donut" }, ring, el("ul", { class: "legend" }, legend));
}

// rows: {label, follow?, parts: [{name, count}]}; bars share one scale.
function bars(caption, rows) {
  const widest = Math.max(1, ...rows.map((row) => row.parts.reduce((sum, part) => sum + part.count, 0)));
  const lines = rows.map((row) => {
    let from = 0;
    const pieces = row.parts.filter((part) => part.count).map((part) => {
      const piece = el("rect", { x: from, y: 0, width: part.count / widest * 100, height: 10, class: "c-" + part.name });
      from += part.count / widest * 100;
      return piece;
    });
    const total = row.parts.reduce((sum, part) => sum + part.count, 0);
    const told = row.parts.length > 1 ? row.parts.filter((part) => part.count).map((part) => part.count + " " + part.name).join(", ") : "";
    const label = row.follow ? el("button", { type: "button", class: "link", click: row.follow }, row.label) : el("span", { class: "name" }, row.label);
    return el("tr", null, el("th", { scope: "row", title: row.title }, label),
      el("td", { title: told || null }, el("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
        el("rect", { x: 0, y: 0, width: 100, height: 10, class: "track" }), pieces), told ? el("span", { class: "sr" }, told) : null),
      el("td", { class: "n" }, count(total)));
  });
  return el("table", { class: "bars" }, el("caption", { class: "sr" }, caption), el("tbody", null, lines));
}

const card = (title, content, kind) => el("div", { class: "card " + (kind || "") }, el("h3", null, title), content);
