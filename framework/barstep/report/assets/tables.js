// Tables that sort and filter. A filter is words, and conditions such as net<-50.
const PAGE = 25;

function table(host, { columns, count, open = null, label, hint }) {
  // columns: {key, title, kind: text | num | ratio | any | usd | share | price | moment | mark, at(row), more(row)}; hint: a condition
  if (!count) return { rows: () => [] };  // the line above says that there is nothing
  let rows = Array.from({ length: count }, (_, row) => row), sorted = null, down = false, page = 0;
  const search = make("input", { type: "search", placeholder: `Filter: words, or ${hint}`, "aria-label": `Filter ${label}` });
  const status = make("span", { class: "quiet", role: "status" });
  const back = make("button", { type: "button", text: "‹", "aria-label": "Page before", onclick: () => { page--; fill(); } });
  const next = make("button", { type: "button", text: "›", "aria-label": "Next page", onclick: () => { page++; fill(); } });
  const body = make("tbody");
  const heads = columns.map((column) => {
    const button = make("button", { type: "button", text: column.title, onclick: () => {
      down = sorted === column ? !down : column.kind !== "text";
      sorted = column;
      order();
    } });
    return make("th", { class: numeric(column) ? "num" : false, scope: "col" }, button);
  });
  host.replaceChildren(
    make("div", { class: "tools", hidden: count <= 12 }, search, back, next, status),
    make("div", { class: "scroll" }, make("table", { "aria-label": label }, make("thead", {}, make("tr", {}, ...heads)), body)));
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { filter(); }, 120); });

  function filter() {
    const tests = search.value.toLowerCase().split(/\s+/).filter(Boolean).map((word) => condition(word, columns));
    rows = [];
    for (let row = 0; row < count; row++) if (tests.every((test) => test(row))) rows.push(row);
    order();
  }
  function order() {
    if (sorted) {
      const value = sorted.at, sign = down ? -1 : 1;
      rows.sort((a, b) => { const x = value(a), y = value(b); return (x < y ? -1 : x > y ? 1 : a - b) * sign; });
      heads.forEach((head, place) => columns[place] === sorted
        ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    }
    page = 0;
    fill();
  }
  function fill() {
    const last = Math.max(0, Math.ceil(rows.length / PAGE) - 1);
    page = Math.max(0, Math.min(page, last));
    back.disabled = page === 0;
    next.disabled = page === last;
    status.textContent = rows.length ? `${formats.whole.format(page * PAGE + 1)}–${formats.whole.format(Math.min(rows.length, (page + 1) * PAGE))} of ${formats.whole.format(rows.length)}`
      : "nothing fits";
    body.replaceChildren(...rows.slice(page * PAGE, (page + 1) * PAGE).map((row) => {
      const cells = columns.map((column) => make("td", { class: styleOf(column, row), text: shownText(column, row) }));
      if (!open) return make("tr", {}, ...cells);
      return make("tr", { class: "opens", tabindex: 0, onclick: () => open(row), onkeydown: (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(row); }
      } }, ...cells);
    }));
  }
  fill();
  return { rows: () => rows };
}

const numeric = (column) => ["num", "usd", "share", "ratio", "price", "any"].includes(column.kind);
function styleOf(column, row) {
  const value = column.at(row);
  const tone = column.kind === "usd" && column.tone ? (value > 0 ? " up" : value < 0 ? " down" : "") : "";
  return (numeric(column) ? "num" : column.wrap ? "wrap" : "") + tone + (column.kind === "mark" && value ? "doubt" : "") || false;
}
function shownText(column, row) {
  return plainText(column, row) + (column.more ? column.more(row) : "");
}
function plainText(column, row) {
  const value = column.at(row);
  if (column.kind === "usd") return value === -Infinity ? "–" : formats.usd.format(value);
  if (column.kind === "share") return value === -Infinity ? "–" : formats.share.format(value);
  if (column.kind === "ratio") return value === -Infinity ? "–" : formats.plain.format(Math.abs(value) < 0.005 ? 0 : value);
  if (column.kind === "price") return value ? priceText(value) : "";
  if (column.kind === "any") return value === -Infinity ? "–" : formats.digits.format(value);
  if (column.kind === "num") return formats.whole.format(value);
  if (column.kind === "moment") return value ? momentText(value) : "";
  if (column.kind === "mark") return value ? "ambiguous" : "";
  return value;
}
function condition(word, columns) {
  const parts = word.match(/^([a-z_]+)(<=|>=|<|>|=)(-?[\d.]+)$/);
  const column = parts && columns.find((one) => one.key === parts[1] || one.title.toLowerCase() === parts[1]);
  if (!column) return (row) => columns.some((one) => String(shownText(one, row)).toLowerCase().includes(word));
  const limit = Number(parts[3]);
  const tests = { "<": (x) => x < limit, ">": (x) => x > limit, "<=": (x) => x <= limit, ">=": (x) => x >= limit, "=": (x) => x === limit };
  return (row) => tests[parts[2]](column.at(row));
}
