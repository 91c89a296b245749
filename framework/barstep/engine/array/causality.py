"""A look for positions that know the future: on a shorter history they must be the beginning of those on the whole one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.domain.session import to_datetime
from barstep.engine.array.kernel.layout import KEEP
from barstep.engine.array.signals import wants_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.engine.array.bars import ArrayBars
    from barstep.engine.array.work import Wants


LOOKS = 3
"""Changes of the position that is wanted at which shorter histories are tried."""


class LookAheadError(ValueError):
    """Positions that know later bars."""


def looks_ahead(positions: Callable[[ArrayBars], Any], bars: ArrayBars, wants: Wants, looks: int = LOOKS) -> str:
    """Where positions differ once later bars are not known, in words; empty when they do not.

    The histories tried end with bars after which the position that is wanted changes, where a look at the next bar shows,
    and just before such bars, where it shows that the change was known to be the only one.
    """
    wanted = wants.positions
    changes = np.flatnonzero(wanted[1:] != wanted[:-1]) + 1
    if not len(changes):
        changes = np.array([len(bars) // 2])
    chosen = changes[np.linspace(0, len(changes) - 1, looks).astype(np.int64)]
    rows = np.unique(np.append(chosen, chosen[1:] - 1))
    for row in rows.tolist():
        known = bars.head(row + 1)
        try:
            found = wants_of(positions(known), row + 1)
        except Exception as error:
            return f"with the first {row + 1:,} bars alone it fails: {type(error).__name__}: {error}"
        for name, whole, part in zip(wants._fields, wants, found, strict=True):
            whole = whole[: row + 1] if len(whole) > 1 else whole
            differ = np.flatnonzero(np.broadcast_to(whole, part.shape if len(part) > 1 else whole.shape) != part)
            if len(differ):
                at = int(differ[0])
                when = to_datetime(int(bars.end_ns[min(at, len(bars) - 1)]), bars.feed.zone)
                return (
                    f"it looks ahead: of the bar ending {when:%Y-%m-%d %H:%M:%S %Z} it says {name} {_word(whole, at)} "
                    f"when all {len(bars):,} bars are known and {_word(part, at)} when the first {row + 1:,} are; "
                    "use only bars up to each row"
                )
    return ""


def _word(values: Any, at: int) -> str:
    value = int(values[at if len(values) > 1 else 0])
    return "KEEP" if value == KEEP else str(value)
