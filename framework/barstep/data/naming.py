"""What a file's name or a row's name says of instrument and contract."""

from __future__ import annotations

import re

from barstep.data.instruments import instrument_names
from barstep.domain.instrument import MONTH_LETTERS

_VENUE = re.compile(r"^(?:CME|CBOT|NYMEX|COMEX)(?:_[A-Z]+)*?_(?:DL_)?(?=[A-Z0-9]+\d!)")


def guess(text: str) -> tuple[str, str | None] | None:
    """Instrument and contract that a name begins with, or None.

    `NQ 03-22.Last.txt` and `NQH22-CME.txt` name a contract, `CME_MINI_NQ1!, 5.csv` and `NQ_1m.csv` an instrument alone.
    """
    text = _VENUE.sub("", text)
    for name in sorted(instrument_names(), key=len, reverse=True):
        if not text.startswith(name):
            continue
        rest = text[len(name) :]
        if match := re.match(r" (\d\d)-(\d\d)\b", rest):
            if 1 <= int(match[1]) <= 12:
                return name, f"{name}{MONTH_LETTERS[int(match[1]) - 1]}{match[2]}"
        elif match := re.match(rf"([{MONTH_LETTERS}]\d{{1,2}})(?![A-Za-z0-9])(?!-[A-Z0-9]+[{MONTH_LETTERS}]\d)", rest):
            return name, f"{name}{match[1]}"
        elif re.match(r"(?:\d!|=F)?(?![A-Za-z0-9])", rest):
            return name, None
    return None
