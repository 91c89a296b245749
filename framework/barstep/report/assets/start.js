// Keys that work on every page, and the first figures.
document.addEventListener("keydown", (event) => {
  const dialog = $("#trade");
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "t") toggleTheme();
  if (event.key === "/") { event.preventDefault(); const field = $("#trades-table input") || $("input[type=search]"); if (field) field.focus(); }
  if (dialog.open && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    const listed = tradeTable.rows(), other = listed[listed.indexOf(openRow) + (event.key === "ArrowLeft" ? -1 : 1)];
    if (other !== undefined) openTrade(other);
  }
});
$("#theme").addEventListener("click", toggleTheme);
dark.addEventListener("change", applyTheme);
applyTheme();
const firstFigures = drawFigures();
