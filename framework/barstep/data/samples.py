"""The bars that come with barstep; their origin stands in samples/NOTICE.md."""

from __future__ import annotations

from pathlib import Path

from barstep.domain.bar import Timeframe
from barstep.domain.errors import DataError

_FOLDER = Path(__file__).with_name("samples")


def sample_names() -> list[tuple[str, str]]:
    """Instrument and timeframe of each sample, such as `("ES", "1m")`."""
    return [(name[0], name[1]) for name in (path.name.split("_") for path in _files())]


def sample_path(instrument: str, timeframe: str) -> Path:
    """The packaged sample of an instrument and a timeframe.

    Raises:
        DataError: When there is none; the message names those that exist.
    """
    for path in _files():
        if path.name.startswith(f"{instrument}_{timeframe}_"):
            return path
    have = ", ".join(" ".join(name) for name in sample_names())
    raise DataError(
        f"no sample bars of {instrument} {timeframe}; there are {have}. Give your own file as data.source, "
        "or {kind: synthetic, seed: 1}"
    )


def sample_length(instrument: str, wanted: Timeframe) -> Timeframe:
    """The timeframe of the packaged sample that bars of another are read from: the same, or the longest that makes them."""
    own = [Timeframe.parse(text) for name, text in sample_names() if name == instrument]
    fits = [base for base in own if base == wanted or base.makes(wanted)]
    return max(fits, key=lambda base: base.seconds, default=wanted)


def _files() -> list[Path]:
    return sorted(_FOLDER.glob("*.csv.gz"))
