"""Two or more stored runs side by side: what was asked of them, what they came to, and where they part.

differences.py  configuration, bars, plugins and versions
divergence.py   the first event that differs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from barstep.runs.compare.differences import Difference, differences
from barstep.runs.compare.divergence import Divergence, first_divergence
from barstep.runs.explain.records import Records
from barstep.runs.statistics import day_meter, session_table
from barstep.stats.measures import MICROS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

FIGURES = (
    "digest", "status", "bars", "net_pnl", "final_balance", "fees", "fills", "trades", "ambiguous_bars",
    "denied_orders", "rejected_orders",
)  # fmt: skip
"""What stands in `result.json` beside the metrics."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: The stored runs.
        names: Their names.
        differences: What differs in configuration, bars, plugins and versions, a value for each run.
        figures: Every figure and metric, a value for each run.
        equity: Equity at the end of each trading day, USD, by date, for each run; None where a run has no such day.
        divergences: For each run after the first, the first event that differs from the first run's; None where nothing does.
        remarks: What could not be compared, and why.
    """

    runs: list[Records]
    names: list[str]
    differences: list[Difference]
    figures: dict[str, list[Any]]
    equity: dict[date, list[float | None]]
    divergences: list[Divergence | None]
    remarks: list[str]

    @property
    def folders(self) -> list[Path]:
        """Where the runs lie."""
        return [run.folder for run in self.runs]

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        return {
            "runs": [str(folder) for folder in self.folders],
            "names": self.names,
            "differences": [each._asdict() for each in self.differences],
            "figures": self.figures,
            "equity": [{"day": day.isoformat(), "equity": values} for day, values in self.equity.items()],
            "divergences": [None if each is None else each.as_dict() for each in self.divergences],
            "remarks": self.remarks,
        }


def compare(folders: Sequence[Path]) -> Comparison:
    """Stored runs side by side.

    Args:
        folders: Two or more; each is compared with the first.

    Raises:
        ConfigError, DataError: One of them lacks something, or something in it cannot be read.
    """
    runs = [Records(folder) for folder in folders]
    divergences: list[Divergence | None] = []
    remarks = []
    for letter, run in zip(letters(len(runs))[1:], runs[1:], strict=True):
        if run.result["contracts"] != runs[0].result["contracts"]:
            ours, theirs = (" ".join(each.result["contracts"]) for each in (runs[0], run))
            remarks.append(f"events are not compared: run A trades {ours}, run {letter} {theirs}")
            divergences.append(None)
        else:
            divergences.append(first_divergence(runs[0], run))
    return Comparison(
        runs=runs,
        names=[str(run.result["name"]) for run in runs],
        differences=differences(runs),
        figures=_figures(runs),
        equity=_equity(runs),
        divergences=divergences,
        remarks=remarks,
    )


def letters(count: int) -> list[str]:
    """What the runs of a comparison are called: A, B, C, ..."""
    return [chr(ord("A") + place) for place in range(count)]


def _figures(runs: Sequence[Records]) -> dict[str, list[Any]]:
    metrics = dict.fromkeys(name for run in runs for name in run.result["metrics"])
    found = {name: [run.result[name] for run in runs] for name in FIGURES}
    return found | {name: [run.result["metrics"].get(name) for run in runs] for name in metrics}


def _equity(runs: Sequence[Records]) -> dict[date, list[float | None]]:
    found: dict[date, list[float | None]] = {}
    for place, run in enumerate(runs):
        meter, hours = day_meter(run), session_table(run)
        for opened, close in zip(meter.opens, meter.days().close.tolist(), strict=True):
            day = hours.between(opened, opened)[0].date
            found.setdefault(day, [None] * len(runs))[place] = close / MICROS
    return dict(sorted(found.items()))
