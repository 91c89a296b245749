"""The first event in which two runs of the same contracts differ, with what each has to say about it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import ConfigError
from barstep.runs.explain import Story, explain_bar, explain_order

if TYPE_CHECKING:
    from datetime import datetime

    from barstep.runs.explain.records import Records, Row

_ASKED = ("asked_at", "plugin", "tag", "contract", "side", "kind", "asked", "opens", "limit", "stop", "trail_ticks")
_EVENTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "filled": ("fills", "bar_end", ("bar_end", "contract", "side", "size", "price_ticks", "rule", "plugin", "fees")),
    "ended": ("orders", "ended_at", ("ended_at", "plugin", "contract", "side", "kind", "status", "reason")),
    "asked": ("orders", "asked_at", (*_ASKED, "refused", "verdicts")),
    "bar": ("equity", "time", ("time", "result", "lowest", "highest")),
}
"""What can differ, in the order in which it happens at one moment: the table, the time, and what must be the same."""

KINDS = {
    "filled": "a fill differs",
    "ended": "the end of an order differs",
    "asked": "an order differs",
    "bar": "the account differs, with the same orders and fills so far",
}
"""What differs, in words."""


class Divergence(NamedTuple):
    """Where two runs part.

    Attributes:
        kind: `filled`, `ended` (cancelled or expired), `asked` (an order was sent, or refused) or `bar` (equity
            alone, at its end or inside).
        time: The end of the bar in which it happened.
        rows: The event in the first and in the other run; None where that run has none at that moment.
        stories: What each run tells: of its order, or of the bar where it has no such event; None where it has no such bar.
        same: Fills before it that are the same.
    """

    kind: str
    time: datetime
    rows: tuple[Row | None, Row | None]
    stories: tuple[Story | None, Story | None]
    same: int

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints; times are UTC."""
        stories = [None if story is None else story.as_dict() for story in self.stories]
        return {
            "kind": self.kind,
            "time": self.time,
            "events": list(self.rows),
            "stories": stories,
            "same_fills_before": self.same,
        }


def first_divergence(one: Records, other: Records) -> Divergence | None:
    """The first event that differs, or None when both runs did the same, bar for bar.

    Orders are compared by what they were sent with; their prices are those they ended with. Equity and its
    extremes inside the bars are compared as the change from the start, and only between runs of one timeframe.
    """
    found = []
    for rank, kind in enumerate(_EVENTS):
        if kind == "bar" and one.result["timeframe"] != other.result["timeframe"]:
            continue
        place, rows = _parted(_events(one, kind), _events(other, kind), _EVENTS[kind][2])
        times = [row[_EVENTS[kind][1]] for row in rows if row is not None]
        if times:
            found.append((min(times), rank, kind, place, rows))
    if not found:
        return None
    time, _, kind, _, rows = min(found, key=lambda each: each[:2])
    when = _EVENTS[kind][1]
    there = tuple(row if row is not None and row[when] == time else None for row in rows)
    ours, theirs = (_story(run, kind, row, time) for run, row in zip((one, other), there, strict=True))
    fills = one.table("fills")
    return Divergence(kind, time, (there[0], there[1]), (ours, theirs), int((fills["bar_end"] < time).sum()))


def _events(run: Records, kind: str) -> Any:
    """The events of one kind in order, as a frame."""
    frame = run.table(_EVENTS[kind][0])
    if kind == "ended":
        ended = frame.filter((frame["status"] == "cancelled") | (frame["status"] == "expired"))
        return ended.sort("ended_at", "id")
    if kind == "asked":
        return frame.with_columns((frame["id"] < 0).alias("refused")).sort("asked_at", "id")
    if kind == "bar":
        names = {"equity": "result", "low": "lowest", "high": "highest"}
        start = run.result["start_balance"]
        return frame.with_columns((frame[name] - start).round(6).alias(mine) for name, mine in names.items())
    return frame


def _parted(one: Any, other: Any, names: tuple[str, ...]) -> tuple[int, list[Row | None]]:
    """The first row in which two frames differ, and that row of each; None where a frame has ended."""
    both = min(len(one), len(other))
    first = both
    for name in names:
        differs = one[name].head(both).ne_missing(other[name].head(both)).arg_true()
        first = min(first, int(differs[0])) if len(differs) else first
    return first, [frame.row(first, named=True) if first < len(frame) else None for frame in (one, other)]


def _story(run: Records, kind: str, row: Row | None, time: datetime) -> Story | None:
    """The story of the order of an event, else of the bar."""
    try:
        if row is not None and kind != "bar":
            return explain_order(run.folder, int(row["order_id" if kind == "filled" else "id"]))
        return explain_bar(run.folder, (time - timedelta(microseconds=1)).isoformat())
    except ConfigError:
        return None
