"""Writing into the store: new bars are merged with those there, or refused where they differ."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from barstep.data import files
from barstep.data.store import Manifest
from barstep.domain.errors import BarstepError, ConfigError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.data.store import Store

SCHEMA = {
    "t": pl.Datetime("ns", "UTC"), "o": pl.Float64(), "h": pl.Float64(), "l": pl.Float64(), "c": pl.Float64(), "v": pl.Int64(),
}  # fmt: skip
"""Columns of a stored file."""

_GROUP_ROWS = 262_144
_STALE_S = 86_400
_WRITE: dict[str, Any] = {"compression": "zstd", "compression_level": 3, "row_group_size": _GROUP_ROWS}


@contextmanager
def working_folder(store: Store, instrument: str) -> Iterator[Path]:
    """A folder beside the series for what is not finished; it is gone afterwards, however the block ends.

    Raises:
        BarstepError: When the disk does not let us write.
    """
    home = store.folder / instrument
    try:
        home.mkdir(parents=True, exist_ok=True)
        for old in home.glob(".work-*"):  # left by a process that was killed
            if time.time() - old.stat().st_mtime > _STALE_S:
                shutil.rmtree(old, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=".work-", dir=home))
    except OSError as error:
        raise ConfigError(f"the store {store.folder} cannot be written: {error.strerror or error}") from error
    try:
        yield folder
    except OSError as error:
        raise BarstepError(f"the store {store.folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # folders that hold nothing go too
            home.rmdir()
            store.folder.rmdir()


def merge(
    store: Store, instrument: str, series: str, timeframe: str, bars: Path, folder: Path,
    entry: dict[str, Any], warnings: list[str], *, replace: bool = False,
) -> tuple[Manifest, int, int]:  # fmt: skip
    """Put bars into a series.

    Args:
        store: Where to.
        instrument, series, timeframe: Which series.
        bars: A Parquet file of SCHEMA, times strictly ascending.
        folder: The working folder.
        entry: What the manifest is to say of the source.
        warnings: What the check found.
        replace: New bars win where they differ from stored ones.

    Returns:
        The new manifest, how many bars were not there before, and how many stored ones were replaced.

    Raises:
        DataError: When bars of one time differ, the message shows the first; or the stored file is not the one written.
    """
    before = store.get(instrument, series, timeframe)
    target, changed = bars, 0
    if before is not None:
        store.verify(before)  # else new bars would give a foreign file a manifest
        target = folder / "merged.parquet"
        words = f"{entry['source']}: found bars that differ from those of {series} {timeframe} in the store"
        changed = _join(store.bars(before), bars, target, words, replace=replace)
        if changed:
            entry = {**entry, "replaced": changed}
    figures = _figures(target)
    digest = files.sha256(target)
    added = figures["rows"] - (before.rows if before else 0)
    if before is not None and not added and not changed:
        return before, 0, 0  # all of it was there
    manifest = Manifest(
        instrument, series, timeframe, f"{series}_{timeframe}-{digest[:8]}.parquet", digest, figures["rows"],
        figures["first"], figures["last"], "known" if figures["volume"] else "unknown", warnings,
        [*(before.imports if before else []), {**entry, "added": added}],
    )  # fmt: skip
    _publish(store, manifest, target, before, folder)
    return manifest, added, changed


def _join(old_path: Path, new_path: Path, target: Path, words: str, *, replace: bool) -> int:
    """Write old and new bars as one file, window by window; returns how many stored bars were replaced."""
    old, new = pl.scan_parquet(old_path, glob=False), pl.scan_parquet(new_path, glob=False)
    differs = pl.any_horizontal(pl.col(key) != pl.col(f"{key}_right") for key in "ohlcv")
    found, first = 0, None
    parts: list[Path] = []
    for low, high in _windows(old, new):
        inside = pl.col("t").is_between(low, high, closed="left")
        there, come = (frame.filter(inside).collect() for frame in (old, new))
        both = there.join(come, on="t", how="inner").filter(differs).sort("t")
        found += both.height
        first = both.row(0, named=True) if first is None and both.height else first
        if replace:
            there = there.join(come, on="t", how="anti")
        else:
            come = come.join(there, on="t", how="anti")
        parts.append(target.with_name(f"part_{len(parts):06}.parquet"))
        pl.concat([there, come]).sort("t").write_parquet(parts[-1], compression="lz4")
    if first is not None and not replace:
        stored, given = (" ".join(f"{key} {first[key + tail]:.10g}" for key in "ohlcv") for tail in ("", "_right"))
        at = first["t"].strftime("%Y-%m-%dT%H:%M:%SZ")
        raise DataError(
            f"{words} ({found:,}); the first at {at}: found {given}, stored {stored}. "
            "Nothing was changed. See that it is the same contract, zone and stamp; --replace takes the new ones"
        )
    merged = pl.scan_parquet(parts, glob=False).select(list(SCHEMA))
    merged.sink_parquet(target, maintain_order=True, **_WRITE)
    return found


def _windows(*frames: pl.LazyFrame) -> list[tuple[datetime, datetime]]:
    """Stretches of time that hold all bars of frames that ascend, at most some of each frame's."""
    every = pl.col("t").gather_every(_GROUP_ROWS)
    starts = sorted({moment for frame in frames for moment in frame.select(every).collect()["t"]})
    return list(zip(starts, [*starts[1:], datetime.max.replace(tzinfo=UTC)], strict=True))


def _figures(path: Path) -> dict[str, int]:
    t = pl.col("t").to_physical()
    asked = (pl.len().alias("rows"), t.min().alias("first"), t.max().alias("last"), pl.col("v").max().alias("volume"))
    found = pl.scan_parquet(path, glob=False).select(asked).collect(engine="streaming").row(0, named=True)
    return {key: int(value or 0) for key, value in found.items()}


def _publish(store: Store, manifest: Manifest, bars: Path, before: Manifest | None, folder: Path) -> None:
    """Put bars and manifest in place: the manifest's replacement is the moment at which the series changes."""
    path = store.path(manifest.instrument, manifest.series, manifest.timeframe)
    now = store.get(manifest.instrument, manifest.series, manifest.timeframe)
    if (now and now.sha256) != (before and before.sha256):
        raise DataError(f"{path.name}: another import changed the series meanwhile. Nothing was changed; import again")
    _synced(bars)
    os.replace(bars, path.parent / manifest.file)  # noqa: PTH105 - the atomic call, named as in the manual
    text = folder / "manifest.json"
    text.write_text(json.dumps(manifest.document(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    _synced(text)
    os.replace(text, path)  # noqa: PTH105
    if before is not None and before.file != manifest.file:
        (path.parent / before.file).unlink(missing_ok=True)


def _synced(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
