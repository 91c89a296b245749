// The price chart and the equity below it: what is drawn is made anew for the part that is in view.
const MOST_BARS = 700, MOST_TRADES = 150, MOST_POINTS = 2000, MOST_LEVELS = 4000;
let run = null;  // unpacked columns of the run: contracts, equity, trades, orders

function gathered(bars, low, high) {
  // The bars that begin in [low, high), neighbours put together where there are too many.
  const from = Math.max(0, firstFrom(bars.first, low + 1) - 1), to = Math.max(from + 1, firstFrom(bars.first, high));
  const step = Math.max(1, Math.ceil((to - from) / MOST_BARS));
  const shape = { x: [], open: [], high: [], low: [], close: [], text: [] };
  let widest = 1;
  for (let row = from; row < to; row += step) {
    const end = Math.min(row + step, to);
    let top = -Infinity, bottom = Infinity;
    for (let one = row; one < end; one++) {
      if (bars.high[one] > top) top = bars.high[one];
      if (bars.low[one] < bottom) bottom = bars.low[one];
    }
    const next = end < bars.first.length ? bars.first[end] : bars.total, count = next - bars.first[row];
    widest = Math.max(widest, count);
    shape.x.push(bars.first[row] + (count - 1) / 2);
    shape.open.push(bars.open[row]); shape.high.push(top); shape.low.push(bottom); shape.close.push(bars.close[end - 1]);
    shape.text.push(`${fullText(bars.time[row])}${count > 1 ? `, ${count} bars` : ""}<br>` +
      `O ${priceText(bars.open[row])}  H ${priceText(top)}<br>L ${priceText(bottom)}  C ${priceText(bars.close[end - 1])}`);
  }
  return { shape, from, to, widest };
}

const lines = (pieces) => ({ x: pieces.flatMap((p) => [p[0], p[1], null]), y: pieces.flatMap((p) => [p[2], p[3], null]) });

function tradesIn(place, low, high, only) {
  const t = run.trades, rows = [];
  for (let row = 0; row < t.net_pnl.length; row++)
    if (t.place[row] === place && t.exit_bar[row] >= low && t.entry_bar[row] < high && (only === null || only === row)) rows.push(row);
  const total = rows.length;
  if (total > MOST_TRADES) rows.sort((a, b) => Math.abs(t.net_pnl[b]) - Math.abs(t.net_pnl[a])).length = MOST_TRADES;
  return { rows, total };
}

function marks(rows, end) {
  const t = run.trades;
  return {
    x: rows.map((row) => t[end + "_bar"][row]), y: rows.map((row) => t[end + "_price"][row]), customdata: rows,
    text: rows.map((row) => `${t.side[row] === "buy" ? "long" : "short"} ${t.size[row]}, ${end} at ${priceText(t[end + "_price"][row])}` +
      `<br>${momentText(t[end + "_time"][row])}<br>net ${formats.usd.format(t.net_pnl[row])} USD` +
      (end === "exit" ? `<br>${escaped(t.exit_reason[row])}` : "") + (t.ambiguous[row] ? "<br>ambiguous: the bar cannot tell" : "")),
  };
}

function priceView(place, low, high, only = null) {
  // Data for the ten traces of a price figure, in their order, and what of it can be seen.
  const contract = run.contracts[place], t = run.trades;
  const view = contract.bars ? gathered(contract.bars, low, high) : null;
  const { rows, total } = tradesIn(place, low, high, only);
  const path = (mine) => lines(rows.filter(mine).map((row) => [t.entry_bar[row], t.exit_bar[row], t.entry_price[row], t.exit_price[row]]));
  const levels = contract.levels, kinds = [[], [], []];
  if (total === rows.length)
    for (let row = 0; row < levels.order.length; row++)
      if (levels.end[row] >= low && levels.begin[row] < high && (only === null || ofTrade(levels, row, only)))
        kinds[levels.kind[row]].push([levels.begin[row] - 0.5, levels.end[row] + 0.5, levels.price[row], levels.price[row]]);
  const held = kinds.flat().length <= MOST_LEVELS;
  const data = [
    view ? { ...view.shape, hoverinfo: "text" } : {}, path((row) => t.net_pnl[row] > 0), path((row) => t.net_pnl[row] <= 0),
    marks(rows, "exit"),
    marks(rows.filter((row) => t.side[row] === "buy"), "entry"), marks(rows.filter((row) => t.side[row] !== "buy"), "entry"),
    marks(rows.filter((row) => t.ambiguous[row]), "exit"), ...kinds.map((pieces) => lines(held ? pieces : [])),
  ];
  const seen = view ? [Math.min(...view.shape.low), Math.max(...view.shape.high)] : null;
  if (seen && only !== null)
    for (const trace of data.slice(1)) for (const price of trace.y) if (price !== null) { seen[0] = Math.min(seen[0], price); seen[1] = Math.max(seen[1], price); }
  return { data, view, total, shown: rows.length, held, seen };
}

function ofTrade(levels, row, trade) {  // the entry's own level, and the exits that came while the trade was open
  const t = run.trades, order = levels.order[row];
  if (order === t.entry_order[trade] || order === t.exit_order[trade]) return true;
  return levels.kind[row] !== 2 && levels.begin[row] >= t.entry_bar[trade] && levels.begin[row] <= t.exit_bar[trade];
}

function told(place, result) {
  const contract = run.contracts[place];
  const parts = [];
  if (!contract.bars) parts.push(`No bars: ${contract.why}. Trades stand at the numbers of their bars.`);
  else if (result.view.widest === 1) parts.push(`Single bars of ${contract.timeframe}.`);
  else parts.push(`Each bar drawn is up to ${formats.whole.format(result.view.widest)} bars of ${contract.timeframe}; zoom in for single ones.`);
  if (result.shown < result.total)
    parts.push(`Drawn are the ${result.shown} trades with the largest results of ${formats.whole.format(result.total)} in view, without their orders; zoom in for all.`);
  else parts.push(`${formats.whole.format(result.total)} ${result.total === 1 ? "trade" : "trades"} in view${result.held ? "" : ", their stops and targets left out: too many"}.`);
  return parts.join(" ");
}

const flatRoom = (value) => Math.abs(value) * 0.01 || 1;  // around what does not move
function padded([low, high]) {
  const room = (high - low) * 0.05 || flatRoom(high);
  return [low - room, high + room];
}

async function showPrice(div, low, high, only = null) {
  const place = Number(div.dataset.place), contract = run.contracts[place];
  const result = priceView(place, low, high, only);
  const keys = ["x", "y", "open", "high", "low", "close", "text", "hoverinfo", "customdata"];
  const update = {};
  for (const key of keys) update[key] = result.data.map((trace, row) => (trace[key] === undefined ? div.data[row][key] : trace[key]));
  update.showlegend = result.data.map((trace, row) => (row ? trace.x.some((x) => x !== null) : false));
  const edge = Math.max(0.6, (high - low) / 100);
  const layout = { "xaxis.range": [low - edge, high - 1 + edge] };
  if (result.seen) layout["yaxis.range"] = padded(result.seen);
  if (result.view) {
    const ticks = timeTicks((row) => contract.bars.first[row], contract.bars.time, result.view.from, result.view.to, narrow() ? 3 : 7);
    Object.assign(layout, { "xaxis.tickvals": ticks.tickvals, "xaxis.ticktext": ticks.ticktext });
  }
  div.quiet = true;
  await Plotly.update(div, update, layout);
  div.quiet = false;
  div.shown = [low, high];
  const note = $(`[data-told="${div.id}"]`);
  if (note) note.textContent = told(place, result);
}

async function showEquity(div, low, high) {
  const e = run.equity, from = Math.max(0, firstFrom(e.row, low) - 1), to = Math.min(e.row.length, firstFrom(e.row, high) + 1);
  const step = Math.max(1, Math.ceil((to - from) / MOST_POINTS));
  const made = { row: [], high: [], low: [], equity: [], floor: [], drawdown: [] };
  for (let row = from; row < to; row += step) {
    const end = Math.min(row + step, to) - 1;
    let top = -Infinity, bottom = Infinity, deepest = 0, floor = -Infinity;
    for (let one = row; one <= end; one++) {
      top = Math.max(top, e.high[one]); bottom = Math.min(bottom, e.low[one]); deepest = Math.min(deepest, e.drawdown[one]);
      if (e.floor) floor = Math.max(floor, e.floor[one]);
    }
    made.row.push(e.row[end]); made.high.push(top); made.low.push(bottom); made.equity.push(e.equity[end]);
    made.drawdown.push(deepest); made.floor.push(floor);
  }
  const order = e.floor ? ["high", "low", "equity", "floor", "drawdown"] : ["high", "low", "equity", "drawdown"];
  const ticks = timeTicks((row) => e.row[row], e.time.map((end) => end - 1), from, to, narrow() ? 3 : 7);
  const top = Math.max(...made.high), bottom = Math.min(...made.low, ...(e.floor ? made.floor : []));
  const layout = {
    "xaxis.range": [low, high], "xaxis.tickvals": ticks.tickvals, "xaxis.ticktext": ticks.ticktext,
    "yaxis.range": padded([bottom, top]), "yaxis2.range": [Math.min(...made.drawdown) * 1.06 || -flatRoom(top), 0],
  };
  div.quiet = true;
  await Plotly.update(div, { x: order.map(() => made.row), y: order.map((name) => made[name]) }, layout);
  div.quiet = false;
  div.shown = [low, high];
}

// -- zoom: the charts follow one another by time

const whole = (div) => (div.dataset.figure === "equity" ? [0, run.equity.row[run.equity.row.length - 1]]
  : [0, run.contracts[Number(div.dataset.place)].bars ? run.contracts[Number(div.dataset.place)].bars.total : shared.bars]);
const show = (div, low, high) => (div.dataset.figure === "equity" ? showEquity(div, low, high) : showPrice(div, low, high));

function clocked(div) {  // the columns that say which row of a chart has which time
  if (div.dataset.figure === "equity") return [run.equity.row, run.equity.time];
  const bars = run.contracts[Number(div.dataset.place)].bars;
  return bars ? [bars.first, bars.time] : null;
}
function rowsToTimes(columns, [low, high]) {
  const [rows, times] = columns;
  const at = (row) => times[Math.min(times.length - 1, Math.max(0, firstFrom(rows, row)))];
  return [at(low), at(high)];
}
function timesToRows(columns, [first, last]) {
  const [rows, times] = columns;
  const at = (time) => rows[Math.min(rows.length - 1, firstFrom(times, time))];
  return [at(first), at(last)];
}

async function zoom(div, low, high) {
  const [least, most] = whole(div);
  const width = Math.min(most - least, Math.max(12, high - low));
  low = Math.max(least, Math.min(low, most - width));
  high = low + width;
  await show(div, Math.floor(low), Math.ceil(high));
  const mine = clocked(div);
  if (!mine) return;
  const span = low <= least && high >= most ? null : rowsToTimes(mine, [low, high]);
  for (const other of timeCharts()) {
    if (other === div || !drawn.has(other)) continue;
    const columns = clocked(other);
    if (!columns) continue;
    const [from, to] = span ? timesToRows(columns, span) : whole(other);
    if (to - from >= 2) await show(other, from, to);
  }
}
const timeCharts = () => [...document.querySelectorAll("main .figure[data-time]")];

function follow(div) {
  let timer = 0;
  div.on("plotly_relayout", (change) => {
    if (div.quiet) return;
    const reset = change["xaxis.autorange"] || change["xaxis.range"] === undefined && change["xaxis.range[0]"] === undefined;
    const asked = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (reset && !change["xaxis.autorange"]) return;
    clearTimeout(timer);
    timer = setTimeout(() => zoom(div, ...(reset ? whole(div) : asked.map(Number))), 40);
  });
  div.on("plotly_doubleclick", () => { setTimeout(() => zoom(div, ...whole(div)), 60); return false; });
  div.on("plotly_click", (event) => {
    const point = event.points.find((one) => typeof one.customdata === "number");
    if (point) openTrade(point.customdata);
  });
  div.addEventListener("keydown", (event) => {
    const [low, high] = div.shown || whole(div), width = high - low;
    const moves = {
      ArrowLeft: [low - width / 4, high - width / 4], ArrowRight: [low + width / 4, high + width / 4],
      "+": [low + width / 4, high - width / 4], "=": [low + width / 4, high - width / 4],
      "-": [low - width / 2, high + width / 2], Home: whole(div), 0: whole(div),
    };
    if (!moves[event.key] || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    zoom(div, ...moves[event.key]);
  });
}
