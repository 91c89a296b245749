"use strict";
// Colours, figures and numbers that everything else uses. Text from the run is only ever set as text, never as markup.
const $ = (wanted, root = document) => root.querySelector(wanted);
const shared = JSON.parse($("#shared").textContent);
const still = { responsive: true, displayModeBar: false, doubleClick: "reset" };

function make(name, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");  // plotly reads tags

// -- numbers and times

const spoken = (digits, sign = "auto") =>
  new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: sign });
const formats = { usd: spoken(2, "exceptZero"), plain: spoken(2), whole: spoken(0),
  share: new Intl.NumberFormat("en-US", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  digits: new Intl.NumberFormat("en-US", { maximumSignificantDigits: 5 }) };
const finest = new Intl.NumberFormat("en-US", { minimumFractionDigits: shared.decimals, maximumFractionDigits: 7 });
const priceText = (value) => finest.format(value);
const clock = (options) => new Intl.DateTimeFormat("en-US", { timeZone: shared.zone, hourCycle: "h23", ...options });
const dateParts = { day: "numeric", month: "short" };
const timeParts = { hour: "2-digit", minute: "2-digit" };
const clocks = {
  moment: clock({ year: "numeric", month: "2-digit", day: "2-digit", ...timeParts, second: shared.seconds ? "2-digit" : undefined }),
  full: clock({ weekday: "short", ...dateParts, year: "numeric", ...timeParts, second: shared.seconds ? "2-digit" : undefined }),
  date: clock(dateParts), year: clock({ ...dateParts, year: "numeric" }), time: clock(timeParts),
};
const partsOf = (form, seconds) => Object.fromEntries(form.formatToParts(seconds * 1000).map((part) => [part.type, part.value]));
function dateText(form, seconds) {  // 3 Sep, or 3 Sep 2013
  const parts = partsOf(form, seconds);
  return [parts.weekday, parts.day, parts.month, parts.year].filter(Boolean).join(" ");
}
function fullText(seconds) {
  const parts = partsOf(clocks.full, seconds);
  return `${dateText(clocks.full, seconds)} ${parts.hour}:${parts.minute}${parts.second ? ":" + parts.second : ""}`;
}
function momentText(seconds) {
  const parts = partsOf(clocks.moment, seconds);
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}${parts.second ? ":" + parts.second : ""}`;
}

// -- theme: a figure is coloured anew by swapping each colour of one palette for its namesake in the other

const dark = window.matchMedia("(prefers-color-scheme: dark)");
let chosen = null;
try { chosen = localStorage.getItem("barstep-theme"); } catch { /* a page from disk may have no storage */ }
let printing = false;
const wantedTheme = () => printing ? "light" : chosen || (dark.matches ? "dark" : "light");
let theme = "light";
const UNCOLOURED = new Set(["x", "y", "z", "text", "customdata", "open", "high", "low", "close", "hovertext", "ticktext"]);

function recoloured(value, swap) {
  if (typeof value === "string") return swap.get(value) || value;
  if (Array.isArray(value)) return value.map((one) => recoloured(one, swap));
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, UNCOLOURED.has(key) ? one : recoloured(one, swap)]));
}
const swapTo = (from, to) =>
  new Map(Object.keys(shared.palettes[from]).map((name) => [shared.palettes[from][name], shared.palettes[to][name]]));
const fromLight = (value) => (theme === "light" ? value : recoloured(value, swapTo("light", theme)));

function applyTheme() {
  const before = theme;
  theme = wantedTheme();
  const root = document.documentElement.style;
  for (const [name, colour] of Object.entries(shared.palettes[theme])) root.setProperty("--" + name.replace("_", "-"), colour);
  root.setProperty("--ground", theme === "dark" ? "#0f1217" : "#f4f5f7");
  root.setProperty("color-scheme", theme);
  if (before === theme) return;
  const swap = swapTo(before, theme);
  for (const div of drawn) Plotly.react(div, recoloured(div.data, swap), recoloured(div.layout, swap), still);
}
function toggleTheme() {
  chosen = theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("barstep-theme", chosen); } catch { /* the choice holds for this visit */ }
  applyTheme();
}

// -- figures: each is drawn when it comes near the window

const drawn = new Set();
const waiting = new Map();
const narrow = () => window.innerWidth < 600;

function draw(div) {
  if (waiting.has(div) || drawn.has(div)) return waiting.get(div) || Promise.resolve(div);
  const figure = fromLight(shared.figures[div.dataset.figure]);
  if (narrow()) {
    figure.layout.dragmode = false;  // a finger scrolls the page; the buttons zoom
    legendFor(figure);
    if (div.dataset.figure === "calendar") tight(figure);
  }
  if (narrow() && figure.layout.xaxis2 && figure.layout.yaxis2 && figure.layout.yaxis2.matches) stacked(figure.layout);
  const done = Plotly.newPlot(div, figure.data, figure.layout, still).then(() => {
    drawn.add(div);
    div.dispatchEvent(new Event("drawn"));
    return div;
  });
  waiting.set(div, done);
  return done;
}

function legendFor({ data, layout }) {  // two names beside each other, or one below the other where they are long
  const lengths = data.filter((trace) => trace.showlegend !== false).map((trace) => (trace.name || "").length);
  const long = Math.max(...lengths) > (lengths.length > 4 ? 16 : 12);
  Object.assign(layout.legend, { entrywidthmode: "fraction", entrywidth: long ? 0.95 : 0.49 });
}

function tight({ data, layout }) {  // a year's weeks in the width of a phone
  for (const trace of data) Object.assign(trace, { xgap: 1, ygap: 1, showscale: false });
  for (const [name, axis] of Object.entries(layout))
    if (name.startsWith("xaxis")) Object.assign(axis, { tickangle: 0, tickfont: { ...axis.tickfont, size: 9 } });
}

function stacked(layout) {  // two panels side by side do not fit a phone: one above the other
  layout.height = 620;
  layout.xaxis.domain = layout.xaxis2.domain = [0, 1];
  layout.yaxis.domain = [0.58, 1];
  layout.yaxis2.domain = [0, 0.42];
  layout.yaxis2.showticklabels = true;
}

const ready = () => { document.documentElement.dataset.ready = Math.round(performance.now()); };

function drawFigures() {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
  }, { rootMargin: "600px" });
  const first = [...document.querySelectorAll(".figure")];
  for (const div of first.slice(2)) seen.observe(div);
  addEventListener("beforeprint", () => {  // paper is white, and does not scroll
    printing = true;
    applyTheme();
    first.forEach((div) => { if (!drawn.has(div)) draw(div); });
  });
  addEventListener("afterprint", () => { printing = false; applyTheme(); });
  const painted = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return Promise.all(first.slice(0, 1).map(draw)).then(painted).then(() => {
    document.documentElement.dataset.drawn = Math.round(performance.now());
    return Promise.all(first.slice(1, 2).map(draw)).then(painted);
  });
}

// -- packed columns: differences folded to whole numbers >= 0, byte by byte, deflated, in base64

async function unpack(column) {
  const text = atob(column.data);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const raw = new Uint8Array(await new Response(stream).arrayBuffer());
  const values = new Float64Array(column.n);
  const inverse = column.scale < 1 ? 1 / column.scale : 0;
  let whole = 0;
  for (let row = 0; row < column.n; row++) {
    let folded = 0;
    for (let plane = column.planes - 1; plane >= 0; plane--) folded = folded * 256 + raw[plane * column.n + row];
    whole += folded % 2 ? -(folded + 1) / 2 : folded / 2;
    values[row] = inverse ? whole / inverse : whole * column.scale;
  }
  return values;
}
async function unpackAll(columns) {
  const names = Object.keys(columns);
  const arrays = await Promise.all(names.map(async (name) => {
    const column = columns[name];
    if (!column.texts) return unpack(column);
    const at = await unpack(column.at);
    return Array.from(at, (place) => column.texts[place]);
  }));
  return Object.fromEntries(names.map((name, place) => [name, arrays[place]]));
}

function firstFrom(values, wanted) {  // the first row whose value is not below what is wanted
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1; else high = middle;
  }
  return low;
}

// -- labels of an axis that counts rows

const STEPS = [60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, ...[1, 2, 7, 14, 30, 91, 182, 365, 730].map((days) => days * 86400)];
function offsetAt(seconds) {
  const parts = partsOf(clocks.moment, seconds);
  return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) / 1000 - Math.floor(seconds / 60) * 60;
}
function timeTicks(rows, times, from, to, most) {
  const [first, last] = [times[from], times[to - 1]];
  const shift = offsetAt(first), pauses = 20;
  let step = STEPS[STEPS.length - 1], found = [];
  for (const one of STEPS) {  // the finest steps that are not too many; breaks in trading make time longer than its bars
    if (one * most * pauses < last - first) continue;
    found = [];
    for (let row = from + 1; row < to && found.length <= most; row++)
      if (Math.floor((times[row] + shift) / one) !== Math.floor((times[row - 1] + shift) / one)) found.push(row);
    step = one;
    if (found.length <= most) break;
  }
  const every = Math.max(1, Math.ceil(found.length / most));
  const years = step >= 30 * 86400 || new Date(first * 1000).getUTCFullYear() !== new Date(last * 1000).getUTCFullYear();
  let day = "";
  const shown = found.filter((_, place) => place % every === 0);
  const texts = shown.map((row) => {
    const date = dateText(years ? clocks.year : clocks.date, times[row]);
    if (step >= 86400) return date;
    const again = date === day;
    day = date;
    return clocks.time.format(times[row] * 1000) + (again ? "" : "<br>" + date);
  });
  return { tickvals: shown.map((row) => rows(row)), ticktext: texts };
}
