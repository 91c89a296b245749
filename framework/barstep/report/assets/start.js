// The first figures.
$("#theme").addEventListener("click", toggleTheme);
dark.addEventListener("change", applyTheme);
applyTheme();
const firstFigures = drawFigures();
