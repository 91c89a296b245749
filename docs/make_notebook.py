"""Writes docs/notebook.ipynb anew, cells and what they print: `python docs/make_notebook.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

PAGE = Path(__file__).with_name("notebook.ipynb")

CELLS = (
    "# A run in a notebook\n\n`barstep.run` takes a file or the same as a mapping, and plays it. Files lie where `out` says.",
    """\
import barstep

result = barstep.run(
    {
        "version": 1,
        "name": "breakout",
        "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "days": 10}},
        "fills": {"profile": "strict"},
        "strategies": [{"use": "channel_breakout"}],
        "risk": [{"use": "max_position", "options": {"contracts": 2}}],
    },
    out="breakout",
)
print(f"{result.net_pnl:+,.2f} USD in {result.trades} trades, digest {result.digest[:12]}")""",
    "The tables of the run are polars frames; `pandas=True` gives pandas ones.",
    """\
import polars as pl

trades = result.table("trades")
print(trades.group_by("side").agg(pl.len(), pl.col("net_pnl").sum().round(2)).sort("side"))""",
    "Every measure, with the interval that chance alone would leave it in.",
    """\
found = result.statistics()
for name, (low, high) in found.intervals.items():
    mark = "  PROVISIONAL" if name in found.provisional else ""
    print(f"{name:14}{found.measures[name]:10.2f}  {low:10.2f} to {high:10.2f}{mark}")""",
    "Which part of the day earns it?",
    """\
for part in found.breakdowns["session"]:
    print(f"{part.value:10}{part.trades:4} trades {part.net_pnl:+12,.2f} USD")""",
    "The figures are those of the report. A result shows itself, too: end a cell with `result`.",
    """\
figure = result.plot("results")
print(figure.layout.xaxis.title.text, [f"{trace.type}" for trace in figure.data])
result""",
    "A stored run is read back, in this notebook or a year later.",
    'assert barstep.load("breakout") == result',
    "Many runs at once: `barstep.grid`. Each finished point is kept; the same call again plays nothing.",
    """\
found = barstep.grid(
    {
        "version": 1,
        "name": "lengths",
        "run": "breakout/config.resolved.yaml",
        "vary": {"channel_breakout.lookback": [25, 50, 100], "channel_breakout.size": [1, 2]},
        "rank_by": "profit_factor",
    },
    out="lengths",
    workers=1,
)
print(found.best["values"], round(found.best["metrics"]["profit_factor"], 2))
print(found.table().select("channel_breakout.lookback", "channel_breakout.size", "net_pnl", "trades"))""",
    "Is the best of them real? [docs/overfitting.md](overfitting.md) tells what these mean.",
    """\
sure = found.statistics()
print(f"{sure['trials']} trials; PROVISIONAL: {'; '.join(sure['provisional'])}")
heat = found.plot("heatmap", metric="net_pnl")
print([[round(cell) for cell in row] for row in heat.data[0].z])""",
)


def render() -> Any:
    """The notebook, executed in an empty folder."""
    cells = [
        nbformat.v4.new_code_cell(text) if place % 2 or place == len(CELLS) - 1 else nbformat.v4.new_markdown_cell(text)
        for place, text in enumerate(CELLS)
    ]
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"
    notebook = nbformat.v4.new_notebook(cells=cells)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    for cell in notebook.cells:
        cell["metadata"] = {}
        for shown in cell.get("outputs", []):
            for kind, text in shown.get("data", {}).items():
                shown["data"][kind] = text.replace(f"{folder}/", "")  # where it was executed is nobody's business
    notebook["metadata"] = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return notebook


if __name__ == "__main__":
    nbformat.write(render(), PAGE)
