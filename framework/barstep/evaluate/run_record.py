"""The record of a stored run: the equity of every bar, read slice by slice."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from barstep.data import SessionTable, column_chunks
from barstep.domain.errors import DataError
from barstep.domain.instrument import MICROS, micros
from barstep.evaluate.record import Held, Record
from barstep.evaluate.split import Marks, split_days
from barstep.runs.explain.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from barstep.rules.day import DayBars

    Ints = NDArray[np.int64]

_MONEY = ("low", "high", "equity", "balance")


def run_record(folder: Path) -> Record:
    """The record of a run.

    Args:
        folder: The run's.

    Raises:
        DataError: When its tables cannot be read, or it played no bar.
    """
    run = Records(folder)
    if not run.contracts:
        raise DataError(f"{folder}: the stored configuration no longer says what was traded; run it again")
    if not run.result["bars"]:
        raise DataError(f"{folder}: the run played no bar, there is nothing to evaluate")
    sessions = SessionTable(run.contracts[0].instrument.session)
    start, equity = micros(run.result["start_balance"]), folder / "equity.parquet"
    held = _held(run, folder)

    resets = _resets(run)

    def days() -> Iterator[DayBars]:
        return split_days(_marks(equity, start, held, resets), sessions, held.since_ns)

    tick = max(contract.instrument.tick_value for contract in run.contracts)
    return Record(
        label=str(folder),
        kind="run",
        contracts=list(run.result["contracts"]),
        certainty="exact",
        why="equity inside every bar is the run's own",
        cost=run.options.fills.options().forced_slip_ticks * tick + _fee(folder),
        sessions=sessions,
        days=days,
        held=held,
        remarks=_remarks(run),
    )


def _remarks(run: Records) -> list[str]:
    """What of the run itself bears on a judgement of its days."""
    result, remarks = run.result, []
    if result["status"] != "done":
        remarks.append(f"the run was {result['status']}: its days end early")
    resets = any(attempt["verdict"] == "failed" for attempt in result["risk"].get("attempts", [])[:-1])
    if result["risk"].get("failed") and not resets:
        remarks.append(
            f"the run ended when its own {result['risk']['failed']} failed the account: the days after it are missing. "
            "Run it without that rule to see all days"
        )
    acted = sorted({breach["guard"] for breach in result["risk"].get("breaches", [])} - {result["risk"].get("failed")})
    if acted:
        remarks.append(f"the run's own {', '.join(acted)} acted: at another size it would have acted elsewhere")
    return remarks


def _resets(run: Records) -> tuple[Ints, Ints]:
    """When the run's own new attempts put the balance back, and by how much in all: not results of trading."""
    adjustments = run.result["risk"].get("adjustments", [])
    moments = [round(datetime.fromisoformat(each["time"]).timestamp() * 1_000_000) * 1000 for each in adjustments]
    total = np.cumsum([0, *(micros(each["usd"]) for each in adjustments)])
    return np.array(moments, np.int64), total.astype(np.int64)


def _marks(path: Path, start: int, held: Held, resets: tuple[Ints, Ints]) -> Iterator[Marks]:
    for columns in column_chunks(path, ("time", *_MONEY)):
        end_ns = columns["time"].astype(np.int64)
        begins = start + resets[1][np.searchsorted(resets[0], end_ns, "left")]
        low, high, close, balance = (
            np.rint(columns[name].astype(np.float64) * MICROS).astype(np.int64) - begins for name in _MONEY
        )
        yield Marks(end_ns, low, high, close, balance, held.at(end_ns))


def _held(run: Records, folder: Path) -> Held:
    """What was held after each fill."""
    parts = list(column_chunks(folder / "fills.parquet", ("bar_end", "contract", "position_after")))
    if not parts:
        return Held.of(np.empty(0, np.int64), ())
    ends, names, after = (
        np.concatenate([part[key] for part in parts]) for key in ("bar_end", "contract", "position_after")
    )
    positions = []
    for contract in run.contracts:
        mine = np.flatnonzero(names == contract.id)
        latest = np.searchsorted(mine, np.arange(len(ends)), "right")
        held = np.concatenate(([0], after[mine].astype(np.int64)))[latest]
        positions.append((held, contract.instrument.lot_weight_tenths))
    return Held.of(ends.astype(np.int64), positions)


def _fee(folder: Path) -> int:
    """Micro-dollars per contract and side, the dearest of the run's fills; 0 without fills."""
    dearest = 0.0
    for part in column_chunks(folder / "fills.parquet", ("size", "fees")):
        dearest = max(dearest, float((part["fees"].astype(np.float64) / part["size"].astype(np.float64)).max()))
    return micros(str(round(dearest, 6)))
