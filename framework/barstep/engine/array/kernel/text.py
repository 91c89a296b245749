"""What follows from a run's fills and steps: the lines of the digest as bytes, the equity curve, the lows of days."""

from barstep.engine.array.kernel.jit import entry_point, helper
from barstep.engine.array.kernel.layout import (
    F_BAR, F_PRICE, F_SIGN, F_SIZE, S_CASH, S_FEES, S_LOW, S_POSITION, S_ROW, START, TICK_VALUE,
)  # fmt: skip


@entry_point
def digest_lines(fills, ends, between, out):
    """Write `bar end|contract|side|size|price` for each fill, and return how many bytes that makes.

    Args:
        fills: Rows of fills.
        ends: Ends of all bars, nanoseconds.
        between: `|contract|buy|` and `|contract|sell|` as bytes, shape (2, n), the first padded with zeros.
        out: Room for all of it.
    """
    at = 0
    for i in range(len(fills)):
        at = write_number(out, at, ends[fills[i, F_BAR]])
        side = between[0 if fills[i, F_SIGN] > 0 else 1]
        for byte in side:
            if byte:
                out[at] = byte
                at += 1
        at = write_number(out, at, fills[i, F_SIZE])
        out[at] = 124
        at = write_number(out, at + 1, fills[i, F_PRICE])
        out[at] = 10
        at += 1
    return at


@helper
def write_number(out, at, number):
    """Write a whole number in decimal; returns where it ends."""
    if number < 0:
        out[at] = 45
        at += 1
        number = -number
    digits, power = 1, 10
    while number >= power and digits < 19:
        digits += 1
        power *= 10
    for place in range(at + digits - 1, at - 1, -1):
        rest = number // 10
        out[place] = 48 + number - 10 * rest
        number = rest
    return at + digits


@entry_point
def equity_curve(steps, closes, options, out):
    """Equity at each bar's close in micro-dollars, from the steps that fills left."""
    row, base, slope = 0, options[START], 0
    for i in range(len(steps) + 1):
        until = steps[i, S_ROW] if i < len(steps) else len(out)
        while row < until:
            out[row] = base + slope * closes[row]
            row += 1
        if i < len(steps):
            base = options[START] + steps[i, S_CASH] * options[TICK_VALUE] - steps[i, S_FEES]
            slope = steps[i, S_POSITION] * options[TICK_VALUE]


_ABOVE_ALL = 2**62


@entry_point
def day_lows(steps, lows, highs, lasts, options, out):
    """Lowest equity inside each day in micro-dollars, from the steps that fills left.

    Args:
        steps: Rows of steps; each has the extremes of its own bar.
        lows, highs: Of all bars, ticks.
        lasts: The last bar of each day, rising.
        options: The account's.
        out: One place for each day.
    """
    row, step, base, slope = 0, 0, options[START], 0
    for day in range(len(lasts)):
        lowest = _ABOVE_ALL
        while row <= lasts[day]:
            if step < len(steps) and steps[step, S_ROW] == row:
                lowest = min(lowest, steps[step, S_LOW] + options[START])
                base = options[START] + steps[step, S_CASH] * options[TICK_VALUE] - steps[step, S_FEES]
                slope = steps[step, S_POSITION] * options[TICK_VALUE]
                step += 1
                row += 1
            until = min(lasts[day] + 1, steps[step, S_ROW] if step < len(steps) else lasts[day] + 1)
            if row < until:
                lowest = min(lowest, base + slope * furthest(lows, highs, row, until, slope))
                row = until
        out[day] = lowest


@helper
def furthest(lows, highs, row, until, slope):
    """The price of some bars that is worst for a position of the slope's sign."""
    if slope > 0:
        worst = lows[row]
        for i in range(row + 1, until):
            worst = lows[i] if lows[i] < worst else worst
        return worst
    worst = highs[row]
    if slope < 0:
        for i in range(row + 1, until):
            worst = highs[i] if highs[i] > worst else worst
    return worst
