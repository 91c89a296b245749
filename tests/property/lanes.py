"""One run in both lanes, and where what they leave differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

import barstep

TABLES = ("fills", "trades", "orders", "equity", "ambiguous", "mismatches", "notes")


def both(config: dict[str, Any], folder: Path) -> tuple[barstep.RunResult, list[str]]:
    """Play a run in both lanes; the array lane's result, and a line for each difference."""
    results = [barstep.run({**config, "lane": lane}, out=folder / lane) for lane in ("event", "array")]
    event, array = (result.as_dict() for result in results)
    assert array.pop("lane") == "array", array["warnings"]
    assert event.pop("lane") == "event"
    differences = [f"{key}: {event[key]!r} and {array[key]!r}" for key in event if event[key] != array[key]]
    for name in TABLES:
        one, two = (pl.read_parquet(folder / lane / f"{name}.parquet") for lane in ("event", "array"))
        if one.equals(two):
            continue
        differences.append(f"{name}: {one.height} and {two.height} rows")
        for row, (left, right) in enumerate(zip(one.rows(named=True), two.rows(named=True), strict=False)):
            if left != right:
                told = {key: (left[key], right[key]) for key in left if left[key] != right[key]}
                differences.append(f"{name}[{row}]: {told}")
                break
    return results[1], differences


def write_bars(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """A file of bars: time, four prices in ticks of a quarter, volume."""
    lines = ["t,o,h,l,c,v"]
    lines += [f"{time},{','.join(str(price / 4) for price in prices)},{volume}" for time, prices, volume in rows]
    path.write_text("\n".join(lines) + "\n")


def write_wishes(path: Path, positions: list[int | None], **ticks: Any) -> None:
    """What `scripted.py` is to ask for."""
    names = ("stop_loss_ticks", "take_profit_ticks", "trailing_stop_ticks")
    path.write_text(json.dumps({"positions": positions, **{name: ticks.get(name, 0) for name in names}}))
