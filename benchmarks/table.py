"""The figures as a document (JSON) and as tables (Markdown)."""

from __future__ import annotations

import platform
import statistics
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.peers import PEERS
from benchmarks.rounds import faster, seconds
from benchmarks.work import WORKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.rounds import Runs


def document(bars: int, rounds: int, found: Mapping[str, tuple[str, Runs]]) -> dict[str, Any]:
    """Everything the tables and the picture are made of."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "bars": bars,
        "rounds": rounds,
        "works": {work: {"checked": told, "engines": _engines(bars, runs)} for work, (told, runs) in found.items()},
    }


def _engines(bars: int, runs: Runs) -> dict[str, dict[str, Any]]:
    return {
        key: {
            "name": PEERS[key].name,
            "version": PEERS[key].version if key != "loop" else platform.python_version(),
            "seconds": [round(answer.seconds, 6) for answer in answers],
            "bars_per_second": round(bars / seconds(runs, key)),
            "times_as_fast": {other: round(faster(runs, key, other), 4) for other in runs if other != key},
            "peak_mb": round(max(answer.mb for answer in answers)),
            "contracts": answers[0].contracts,
            "net": round(answers[0].net, 2),
        }
        for key, answers in runs.items()
    }


def markdown(told: Mapping[str, Any]) -> str:
    """A table for each work: rates, and how many times as fast each row is as the peers and as the plain loop."""
    lines = [
        f"{told['bars']:,} one-minute bars, {of_rounds(told['rounds'])}, Python {told['python']}, {told['system']}, "
        f"{told['date']}.",
    ]
    for work, each in told["works"].items():
        engines = each["engines"]
        against = [key for key in engines if not key.startswith("barstep")]
        lines += ["", f"**{work}**: {WORKS[work]}. All came to {each['checked']}.", ""]
        heads = [f"times {engines[key]['name']}" for key in against]
        lines += ["| engine | version | bars/s | seconds | " + " | ".join([*heads, "peak MB"]) + " |"]
        lines += ["|---|---|" + "---:|" * (3 + len(heads))]
        for key, row in engines.items():
            ratios = ["1" if key == other else _short(row["times_as_fast"][other]) for other in against]
            middle = statistics.median(row["seconds"])
            cells = [row["name"], row["version"], f"{row['bars_per_second']:,}", f"{_short(middle)}", *ratios]
            lines.append("| " + " | ".join([*cells, f"{row['peak_mb']:,}"]) + " |")
    return "\n".join(lines) + "\n"


def of_rounds(rounds: int) -> str:
    """What a figure is, by how many rounds there were."""
    return "one round" if rounds == 1 else f"medians of {rounds} rounds"


def _short(ratio: float) -> str:
    """Two digits that count."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"
