"""Building days of an account by hand, in USD."""

from datetime import date, timedelta

import numpy as np

from barstep.domain.instrument import micros
from barstep.rules.day import DayBars

FIRST = date(2026, 3, 2)
NS = 1_000_000_000


def day_of(number, rows, before=(0, 0, 0), traded=True):
    """A day from rows of (low, high, close, balance, position) in USD; `before` is (close, balance, position)."""
    low, high, close, balance = (np.array([micros(str(row[k])) for row in rows], np.int64) for k in range(4))
    position = np.array([row[4] for row in rows], np.int64)
    ends = np.arange(1, len(rows) + 1, dtype=np.int64) * 60 * NS + number * 86_400 * NS
    opened = (micros(str(before[0])), micros(str(before[1])), before[2])
    return DayBars(FIRST + timedelta(days=number), ends, low, high, close, balance, position, *opened, traded)


def days_of(table):
    """Days from lists of rows, each beginning where the one before ended."""
    found, before = [], (0, 0, 0)
    for number, rows in enumerate(table):
        found.append(day_of(number, rows, before))
        last = rows[-1]
        before = (last[2], last[3], last[4])
    return found


def marks(values, start=0):
    """Rows of a flat account whose equity is seen at single values."""
    return [(v - start, v - start, v - start, v - start, 0) for v in values]
