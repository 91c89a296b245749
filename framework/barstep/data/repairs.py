"""Repairs of bars, made only on request; each is counted and stands in the manifest.

They act on frames with ROW, `t` (UTC nanoseconds), `o h l c` and perhaps `v`, in this order whatever order they are asked in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from barstep.data.csv_source import ROW
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from fractions import Fraction
    from pathlib import Path

_PRICES = ("o", "h", "l", "c")


def parse(texts: str | Iterable[str]) -> tuple[str, ...]:
    """Names of repairs from `sort,dedupe`, in the order they are made.

    Raises:
        ConfigError: For an unknown one.
    """
    texts = [texts] if isinstance(texts, str) else texts
    asked = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    unknown = [name for name in asked if name not in REPAIRS]
    if unknown:
        told = "; ".join(f"{name}: {what}" for name, (what, _) in REPAIRS.items())
        raise ConfigError(f"--repair: found {unknown[0]!r}, expected one or more of: {told}")
    return tuple(name for name in REPAIRS if name in asked)


def apply(source: Path, names: Iterable[str], tick: Fraction, folder: Path) -> tuple[Path, dict[str, int]]:
    """Repair a Parquet file of rows.

    Args:
        source: The file; it stays as it is.
        names: From `parse`.
        tick: Tick size.
        folder: Where to write.

    Returns:
        The last file, and how many rows each repair changed or dropped.
    """
    counts: dict[str, int] = {}
    for name in names:
        before = pl.scan_parquet(source, glob=False)
        after, changed = REPAIRS[name][1](before, tick)
        target = folder / f"{name}.parquet"
        after.sink_parquet(target, compression="zstd", compression_level=1, maintain_order=True)
        if changed is None:
            counts[name] = _length(source) - _length(target)
        else:
            counts[name] = int(before.select(changed).collect(engine="streaming").item() or 0)
        source = target
    return source, counts


_Done = tuple[pl.LazyFrame, "pl.Expr | None"]


def _round(frame: pl.LazyFrame, tick: Fraction) -> _Done:
    to_grid = [((pl.col(key) * tick.denominator / tick.numerator).round() * tick.numerator / tick.denominator).alias(key)
               for key in _PRICES]  # fmt: skip
    step = tick.numerator / tick.denominator * 1e-6
    moved = pl.any_horizontal(
        (rounded - pl.col(key)).abs() > step for key, rounded in zip(_PRICES, to_grid, strict=True)
    )
    return frame.with_columns(to_grid), moved.sum()


def _widen(frame: pl.LazyFrame, _tick: Fraction) -> _Done:
    high, low = pl.max_horizontal(_PRICES), pl.min_horizontal(_PRICES)
    bad = (pl.col("h") < high) | (pl.col("l") > low)
    return frame.with_columns(high.alias("h"), low.alias("l")), bad.sum()


def _drop(frame: pl.LazyFrame, _tick: Fraction) -> _Done:
    names = frame.collect_schema().names()
    sound = pl.all_horizontal(pl.col(name).is_not_null() for name in names)
    sound &= pl.all_horizontal(pl.col(key).is_finite() for key in _PRICES)
    sound &= (pl.col("h") >= pl.max_horizontal("o", "c")) & (pl.col("l") <= pl.min_horizontal("o", "c"))
    if "v" in names:
        sound &= pl.col("v").is_finite() & (pl.col("v") >= 0) & (pl.col("v") == pl.col("v").round())
    return frame.filter(sound), None


def _sort(frame: pl.LazyFrame, _tick: Fraction) -> _Done:
    return frame.sort("t", maintain_order=True), (pl.col("t").diff() < 0).sum()


def _dedupe(frame: pl.LazyFrame, _tick: Fraction) -> _Done:
    values = [name for name in frame.collect_schema().names() if name != ROW]
    return frame.unique(subset=values, keep="first", maintain_order=True), None


def _last(frame: pl.LazyFrame, _tick: Fraction) -> _Done:
    return frame.unique(subset="t", keep="last", maintain_order=True), None


def _length(path: Path) -> int:
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


REPAIRS: dict[str, tuple[str, Callable[[pl.LazyFrame, Fraction], _Done]]] = {
    "round": ("prices to the nearest tick", _round),
    "widen": ("high and low to enclose open and close", _widen),
    "drop": ("leave out rows that cannot be read or make no bar", _drop),
    "sort": ("by time", _sort),
    "dedupe": ("keep one of bars that are alike", _dedupe),
    "last": ("of bars with one time keep the last", _last),
}
"""Repairs by name: what each does, and how."""
