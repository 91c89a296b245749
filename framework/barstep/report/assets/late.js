// What happens when the page is there: columns are unpacked, tables filled, charts made to follow.
function fillTables() {
  const t = run.trades, o = run.orders;
  const of = (columns) => (key, title, kind = "text", more = {}) => ({ key, title, kind, at: (row) => columns[key][row], ...more });
  const trade = of(t), order = of(o);
  const contracts = run.contracts.length > 1 ? [{ key: "contract", title: "contract", kind: "text", at: (row) => run.contracts[t.place[row]].name }] : [];
  tradeTable = table($("#trades-table"), { label: "trades", hint: "net<-50", count: t.net_pnl.length, open: openTrade, columns: [
    { key: "trade", title: "#", kind: "num", at: (row) => row + 1 }, ...contracts,
    { key: "side", title: "side", kind: "text", at: (row) => (t.side[row] === "buy" ? "long" : "short") },
    trade("size", "size", "num"), trade("net_pnl", "net", "usd", { tone: true }), trade("entry_time", "entry", "moment"), trade("entry_price", "at", "price"),
    trade("exit_time", "exit", "moment"), trade("exit_price", "at", "price"), trade("exit_reason", "closed by"),
    trade("bars", "bars", "num"), trade("mae", "MAE", "usd"), trade("mfe", "MFE", "usd"),
    trade("ambiguous", "", "mark"),
  ] });
  table($("#orders-table"), { label: "orders", hint: "filled>1", count: o.id.length, columns: [
    order("id", "order", "num"), order("asked_at", "asked", "moment"), order("contract", "contract"), order("side", "side"),
    order("kind", "kind"), order("asked", "asked for", "num"), order("filled", "filled", "num"), order("price", "price", "price"),
    order("average_price", "filled at", "price"), order("status", "status"), order("reason", "why", "text", { wrap: true }), order("plugin", "plugin"),
  ] });
}

function fillParts(parts) {  // trades apart by one thing at a time
  const host = $("#parts-by");
  if (!host) return;
  const show = (by) => {
    for (const button of host.children) button.setAttribute("aria-pressed", String(button.dataset.by === by));
    const rows = parts[by], at = (place) => (row) => (rows[row][place] === null ? -Infinity : rows[row][place]);
    table($("#parts-table"), { label: "trades by " + by.replace("_", " "), hint: "trades>=30", count: rows.length, columns: [
      { key: "value", title: by.replace("_", " "), kind: "text", at: (row) => rows[row][0] || "–" },
      { key: "trades", title: "trades", kind: "num", at: at(1), more: (row) => (rows[row][6] ? " *" : "") },
      { key: "net", title: "net", kind: "usd", tone: true, at: at(2) },
      { key: "win", title: "win rate", kind: "share", at: at(3) },
      { key: "expectancy", title: "expectancy", kind: "usd", at: at(4) },
      { key: "factor", title: "profit factor", kind: "ratio", at: at(5) },
    ] });
  };
  for (const by of Object.keys(parts))
    host.append(make("button", { type: "button", "data-by": by, text: by.replace("_", " "), onclick: () => show(by) }));
  show(Object.keys(parts)[0]);
}

async function late() {
  const packed = JSON.parse($("#data").textContent);
  const contracts = await Promise.all(packed.contracts.map(async (contract) => ({
    ...contract, levels: await unpackAll(contract.levels),
    bars: contract.bars && { total: contract.bars.total, ...(await unpackAll(Object.fromEntries(Object.entries(contract.bars).filter(([name]) => name !== "total")))) },
  })));
  const [equity, trades, orders] = await Promise.all([packed.equity, packed.trades, packed.orders].map(unpackAll));
  run = { contracts, equity, trades, orders, stories: packed.stories };
  $("#data").remove();
  fillTables();
  fillParts(packed.parts);
  for (const div of timeCharts())
    draw(div).then(() => { follow(div); return show(div, ...whole(div)); });
  const excursions = $('[data-figure="excursions"]');
  if (excursions) draw(excursions).then(() => excursions.on("plotly_click", (event) => openTrade(event.points[0].customdata)));
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.disabled = false;
    button.addEventListener("click", () => {
      const div = document.getElementById(button.dataset.for), [low, high] = div.shown || whole(div), width = high - low;
      const moves = { in: [low + width / 4, high - width / 4], out: [low - width / 2, high + width / 2], all: whole(div),
        left: [low - width / 2, high - width / 2], right: [low + width / 2, high + width / 2] };
      zoom(div, ...moves[button.dataset.zoom]);
    });
  }
  ready();
}
