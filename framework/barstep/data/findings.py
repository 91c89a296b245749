"""What a check of bars may find, in the user's words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

PLACES = 3
"""How many places of a kind are told."""


@dataclass(slots=True)
class Finding:
    """One kind of defect.

    Attributes:
        kind: Its short name, such as `gaps`.
        severity: A `fault` makes bars unfit for a run; a `warning` is to be looked at.
        what: What was found, after its count.
        remedy: What to do about it.
        count: How often.
        places: The first places.
    """

    kind: str
    severity: Literal["fault", "warning"]
    what: str
    remedy: str
    count: int = 0
    places: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """One line: kind, count, first places and remedy."""
        first = f"; first at {', '.join(self.places)}" if self.places else ""
        return f"{self.kind} ({self.count:,}): {self.what}{first}. {self.remedy}"

    def document(self) -> dict[str, Any]:
        """The finding for JSON."""
        return asdict(self)


_FAULTS = {
    "unreadable": ("rows whose time or numbers cannot be read", "Mend them, or import with --repair drop"),
    "volume": ("bars whose volume is negative or not whole", "Mend them, or import with --repair drop"),
    "ohlc": (
        "bars whose high and low do not enclose open and close",
        "See that the columns are named rightly; mend the bars, or import with --repair widen or drop",
    ),
    "off_grid": (
        "bars with a price off the tick grid",
        "See that it is this instrument; else import with --repair round",
    ),
    "order": ("bars that are earlier than the one before", "Import with --repair sort, then look for doubled bars"),
    "duplicates": ("bars that stand there twice, alike", "Import with --repair dedupe"),
    "conflicts": ("bars with the time of the one before and other values", "Keep the later ones with --repair last"),
    "overlaps": ("bars that begin inside the one before", "The timeframe is another, or two files are mixed"),
    "clock": ("days with bars in breaks of trading", "Declare --zone and --stamp"),
}
_WARNINGS = {
    "off_time": ("bars that do not begin at a whole multiple of the timeframe", "See that the timeframe is right"),
    "gaps": ("holes inside trading hours", "Fetch the missing bars; quiet minutes without a trade are no fault"),
    "sessions": ("trading days without any bar", "Fetch them; days that were holidays are missing from the table"),
    "outside": ("bars outside the trading hours, where no order fills", "See that zone and stamp are right"),
    "clock_changes": (
        "bars outside the trading hours, all of them in one season of the clocks",
        "The times were written in a zone with other daylight-saving rules: declare it with --zone",
    ),
    "repeated_hour": ("bars in an hour that a clock change skips or repeats", "Export the bars with UTC times"),
    "zero_volume": ("bars without volume, in which no order fills", "Nothing, if nobody traded; else volume: unknown"),
    "no_volume": ("bars and no volume in any of them", "Every bar will count as tradable (R5)"),
    "spikes": ("bars far from their neighbours", "Compare them with another source; mend what is wrong"),
    "swapped": (
        "bars that fit their neighbours better with open and close exchanged",
        "See that the columns are named rightly: --column o=... --column c=...",
    ),
    "cut": ("file that ends within a line", "It may be cut: compare its last row with the source"),
    "calendar": ("years beyond the holiday table", "Outside it every weekday counts as an ordinary session"),
}


def finding(kind: str, count: int = 0, places: list[str] | None = None) -> Finding:
    """A finding of a known kind with its words."""
    what, remedy = _FAULTS.get(kind) or _WARNINGS[kind]
    return Finding(kind, "fault" if kind in _FAULTS else "warning", what, remedy, count, places or [])
