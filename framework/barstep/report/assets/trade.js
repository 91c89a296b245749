// One trade: its picture and the story of its orders, in a window of its own; and what happens when the page is there.
let tradeTable = null, openRow = -1;

function openTrade(row) {
  const t = run.trades, dialog = $("#trade");
  openRow = row;
  const listed = tradeTable ? tradeTable.rows() : [];
  const at = listed.indexOf(row);
  const step = (by) => { const other = listed[at + by]; if (other !== undefined) openTrade(other); };
  const button = (label, sign, by) => make("button", {
    type: "button", text: sign, "aria-label": label, title: label, disabled: listed[at + by] === undefined, onclick: () => step(by) });
  const facts = [
    ["Entry", `${momentText(t.entry_time[row])} at ${priceText(t.entry_price[row])}`],
    ["Exit", `${momentText(t.exit_time[row])} at ${priceText(t.exit_price[row])}`], ["Closed by", t.exit_reason[row]],
    ["Net", `${formats.usd.format(t.net_pnl[row])} USD`], ["Before fees", `${formats.usd.format(t.gross_pnl[row])} USD`],
    ["Fees", `${formats.plain.format(t.fees[row])} USD`], ["Worst on the way", `${formats.usd.format(t.mae[row])} USD`],
    ["Best on the way", `${formats.usd.format(t.mfe[row])} USD`], ["Bars held", formats.whole.format(t.bars[row])],
    ["Plugin, tag", [t.plugin[row], t.tag[row]].filter(Boolean).join(", ") || "–"],
  ];
  const picture = make("div", { class: "figure", id: "trade-figure", "data-place": t.place[row] });
  const name = run.contracts[t.place[row]].name;
  dialog.replaceChildren(...[
    make("div", { class: "head" },
      make("h2", { id: "trade-title", text: `Trade ${row + 1}: ${t.side[row] === "buy" ? "long" : "short"} ${t.size[row]} ${name}, ${formats.usd.format(t.net_pnl[row])} USD net` }),
      button("Trade before (←)", "←", -1), button("Next trade (→)", "→", 1),
      make("button", { type: "button", text: "Close", onclick: () => dialog.close() })),
    t.ambiguous[row] ? make("div", { class: "says", text: `Ambiguous: the bar cannot tell what came first. The outcome that was kept is ${shared.kept}; the story has both.` }) : null,
    picture, make("p", { class: "note", "data-told": "trade-figure" }),
    make("dl", {}, ...facts.map(([term, value]) => make("div", {}, make("dt", { text: term }), make("dd", { text: value })))),
    ...story(t.entry_order[row], "How it was opened"),
    ...(t.exit_order[row] !== t.entry_order[row] ? story(t.exit_order[row], "How it was closed") : []),
  ].filter((part) => part !== null));
  if (!dialog.open) dialog.showModal();
  drawTrade(picture, row);
}

async function drawTrade(div, row) {
  const t = run.trades, place = t.place[row];
  const base = fromLight(shared.figures[`price-${place}`]);
  if (narrow()) legendFor(base);
  const around = Math.max(25, Math.min(120, Math.round((t.exit_bar[row] - t.entry_bar[row]) * 0.6)));
  const [low, high] = [Math.max(0, t.entry_bar[row] - around), Math.min(whole(div)[1], t.exit_bar[row] + around + 1)];
  const empty = base.data.map((trace) => ({ ...trace, x: [], y: [], open: [], high: [], low: [], close: [], text: [], customdata: [] }));
  await Plotly.newPlot(div, empty, { ...structuredClone(base.layout), height: narrow() ? 400 : 340 }, still);
  await showPrice(div, low, high, row);
}

function story(order, title) {
  const told = run.stories.orders[order];
  const head = make("h3", { text: title, style: "font-size:15px;margin:12px 0 2px" });
  if (!told)
    return [head, make("p", { class: "note" }, "This page keeps the stories of ambiguous trades and of the largest results. This one: ",
      make("code", { text: `barstep explain ${shared.folder} --order ${order}` }))];
  return [head, make("p", { class: "note", text: told.title }), make("ul", { class: "story" }, ...told.facts.map(([when, text, rules]) =>
    make("li", {}, make("time", { text: when }), make("span", { text: text + " " },
      ...rules.flatMap((rule) => [make("abbr", { text: rule, title: run.stories.rules[rule] || "", tabindex: 0 }), " "])))))];
}
