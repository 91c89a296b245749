// A grid's heatmap over any two axes, and the table of its points.
function late() {
  const grid = JSON.parse($("#data").textContent);
  const names = Object.keys(grid.axes);
  const choice = (label, options, chosen) => {
    const select = make("select", { "aria-label": label }, ...options.map((one) => make("option", { value: one, text: one, selected: one === chosen })));
    select.addEventListener("change", redraw);
    return select;
  };
  const across = choice("Across", names, names[0]), up = choice("Up", names, names[1] || names[0]);
  const metric = choice("Figure", Object.keys(grid.metrics), grid.metric);
  const pick = choice("Over the other axes", ["median", "smallest", "largest"], "median");
  const label = (text, select) => make("label", { text: text + " ", style: "font-size:13.5px" }, select);
  $("#heatmap-tools").replaceChildren(label("across", across), label("up", up), label("figure", metric), label("over the others", pick));
  const div = $('[data-figure="heatmap"]');

  function redraw() {
    const [x, y] = [names.indexOf(across.value), names.indexOf(up.value)], values = grid.metrics[metric.value];
    const single = x === y, cells = new Map();
    grid.at.forEach((at, point) => {
      if (values[point] === null) return;
      const key = `${single ? 0 : at[y]},${at[x]}`;
      cells.set(key, [...(cells.get(key) || []), values[point]]);
    });
    const chosen = { median: (all) => { const s = [...all].sort((a, b) => a - b), m = s.length >> 1; return s.length % 2 ? s[m] : (s[m - 1] + s[m]) / 2; },
      smallest: (all) => Math.min(...all), largest: (all) => Math.max(...all) }[pick.value];
    const ups = single ? [""] : grid.axes[up.value], texts = grid.axes[across.value].map(String);
    const z = ups.map((_, row) => texts.map((_, column) => (cells.has(`${row},${column}`) ? chosen(cells.get(`${row},${column}`)) : null)));
    const counts = ups.map((_, row) => texts.map((_, column) => `${(cells.get(`${row},${column}`) || []).length} point${(cells.get(`${row},${column}`) || []).length === 1 ? "" : "s"}`));
    const known = z.flat().filter((one) => one !== null), reach = Math.max(...known.map(Math.abs), 1e-9);
    const palette = shared.palettes[theme], signed = Math.min(...known) < 0 && Math.max(...known) > 0;
    const data = [{ ...div.data[0], x: texts, y: ups.map(String), z, customdata: counts,
      colorscale: signed ? [[0, palette.loss], [0.5, palette.middle], [1, palette.win]] : [[0, palette.middle], [1, palette.line]],
      colorbar: { ...div.data[0].colorbar, tickformat: grid.forms[metric.value], title: { ...div.data[0].colorbar.title, text: escaped(grid.titles[metric.value]) } },
      zmin: signed ? -reach : Math.min(...known), zmax: signed ? reach : Math.max(...known),
      hovertemplate: `${across.value} %{x}<br>${up.value} %{y}<br>${pick.value} %{z:,.4~g}<br>%{customdata}<extra></extra>` }];
    if (grid.best !== null)
      data.push({ ...div.data[1], x: [texts[grid.at[grid.best][x]]], y: [single ? "" : String(ups[grid.at[grid.best][y]])] });
    const layout = { ...div.layout, height: 130 + 34 * Math.min(14, ups.length) };
    layout.xaxis = { ...layout.xaxis, title: { ...layout.xaxis.title, text: escaped(across.value) } };
    layout.yaxis = { ...layout.yaxis, title: { ...layout.yaxis.title, text: single ? "" : escaped(up.value) } };
    Plotly.react(div, data, layout, still);
  }
  draw(div).then(redraw);
  const kinds = { USD: "usd", share: "share", ratio: "ratio" };
  const shown = Object.entries(grid.metrics).filter(([name]) => grid.listed.includes(name));
  table($("#points-table"), { label: "points", hint: "trades>=30", count: grid.at.length, columns: [
    { key: "point", title: "#", kind: "num", at: (row) => grid.number[row] },
    ...names.map((name, axis) => ({ key: name, title: name, kind: "text", at: (row) => grid.axes[name][grid.at[row][axis]] })),
    ...shown.map(([name, values]) => ({ key: name, title: name.replaceAll("_", " "), kind: kinds[grid.units[name]] || "any", at: (row) => (values[row] === null ? -Infinity : values[row]) })),
    { key: "failed", title: "failed by", kind: "text", at: (row) => grid.failed[row] },
  ] });
  ready();
}
