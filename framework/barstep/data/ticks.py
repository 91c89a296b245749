"""Trades made into bars, for sources that hold trades; in chunks, so that memory does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from barstep.data.csv_source import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.domain.bar import Timeframe

_BATCH = 1_000_000


def to_bars(source: Path, target: Path, timeframe: Timeframe) -> Path:
    """Bars of the seconds in which something traded.

    Args:
        source: A Parquet file of ROW, `t` (nanoseconds), `p` and `v`, in the order of the trades.
        target: The file to write: ROW (of a bar's first trade), `t` (start of the bar), `o h l c v`.
        timeframe: Length of a bar.

    Returns:
        `target`.
    """
    parts: list[pl.DataFrame] = []
    rest: pl.DataFrame | None = None
    for batch in pl.scan_parquet(source, glob=False).collect_batches(chunk_size=_BATCH, maintain_order=True):
        joined = batch if rest is None else pl.concat([rest, batch])
        slot = pl.col("t") // timeframe.ns
        last = joined.select(slot.last() == slot)["t"]
        rest = joined.filter(last.fill_null(value=False))
        parts.append(_bars(joined.filter(~last.fill_null(value=False)), timeframe))
    if rest is not None:
        parts.append(_bars(rest, timeframe))
    pl.concat(parts).write_parquet(target, compression="zstd", compression_level=1)
    return target


def _bars(ticks: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    price, run = pl.col("p"), (pl.col("t") // timeframe.ns).rle_id().alias("run")
    return (
        ticks.group_by(run, maintain_order=True)
        .agg(
            pl.col(ROW).first(), (pl.col("t").first() // timeframe.ns) * timeframe.ns,
            price.first().alias("o"), price.max().alias("h"), price.min().alias("l"), price.last().alias("c"),
            pl.col("v").sum(),
            (price.is_null() | ~price.is_finite() | pl.col("v").is_null()).any().alias("bad"),
        )
        .with_columns(pl.when(~pl.col("bad")).then(pl.col(key)).alias(key) for key in "ohlc")
        .drop("run", "bad")
    )  # fmt: skip
