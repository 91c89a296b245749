"""What follows from a run's fills, trades and steps: the lines of the digest as bytes, the equity curve, days, trades."""

import numpy as np

from barstep.engine.array.kernel.jit import entry_point, helper
from barstep.engine.array.kernel.layout import (
    F_AMBIGUOUS, F_BAR, F_PRICE, F_SIGN, F_SIZE, S_CASH, S_FEES, S_LOW, S_POSITION, S_ROW, START, T_BEST, T_ENTRY, T_EXIT,
    T_SIZE, T_TICKS, T_WORST, TICK_VALUE,
)  # fmt: skip
from barstep.engine.array.kernel.prices import extremes
from barstep.engine.array.kernel.takes import NUMBER, NUMBERS, PRICES, ROWS, TEXT, TEXTS, WIDTHS, out

ONE, TWO, THREE, TEN, HUNDRED, THOUSAND = (np.uint64(number) for number in (1, 2, 3, 10, 100, 1000))
SECOND = np.uint64(10**9)
MOMENT = np.uint64(19)
"""Digits of whole seconds in nanoseconds from 2001 to 2286."""


@entry_point(ROWS, NUMBERS, TEXTS, WIDTHS, TEXTS, out(TEXT))
def digest_lines(fills, moments, between, widths, digits, out):
    """Write `bar end|contract|side|size|price` for each fill into the end of `out`; returns where that begins.

    It is written from the last byte to the first, so that no digits have to be counted, and with unsigned places, of which
    numba knows that none counts from the end.

    Args:
        fills: Rows of fills.
        moments: The end of each one's bar, nanoseconds.
        between: `|contract|buy|` and `|contract|sell|` as bytes, shape (2, n), zeros behind the first.
        widths: How many bytes each of them has, uint64.
        digits: The digits of 0 to 999 as bytes, shape (1000, 3).
        out: Room for all of it.
    """
    at = np.uint64(len(out))
    for i in range(len(fills) - 1, -1, -1):
        at -= ONE
        out[at] = 10
        at = write_number(out, at, fills[i, F_PRICE], digits) - ONE
        out[at] = 124
        at = write_number(out, at, fills[i, F_SIZE], digits)
        side = 0 if fills[i, F_SIGN] > 0 else 1
        at -= widths[side]
        for j in range(widths[side]):
            out[at + np.uint64(j)] = between[side, j]
        at = write_moment(out, at, moments[i], digits)
    return at


@helper
def write_moment(out, at, ns, digits):
    """Write a moment before `at`; whole seconds, which all bars but odd ones end at, in one go."""
    start, number = np.uint64(at) - MOMENT, np.uint64(ns)
    seconds = number // SECOND
    if ns < 0 or seconds * SECOND != number or seconds // SECOND == 0 or seconds // SECOND >= TEN:
        return write_number(out, at, ns, digits)
    for j in range(TEN, MOMENT):
        out[start + j] = 48
    first, second = seconds // THOUSAND, seconds // THOUSAND // THOUSAND
    third = second // THOUSAND
    write_three(out, start + np.uint64(7), seconds - first * THOUSAND, digits)
    write_three(out, start + np.uint64(4), first - second * THOUSAND, digits)
    write_three(out, start + ONE, second - third * THOUSAND, digits)
    out[start] = np.uint64(48) + third
    return start


@helper
def write_number(out, at, number, digits):
    """Write a whole number in decimal before `at`; returns where it begins."""
    place, rest = np.uint64(at), np.uint64(abs(number))
    while rest >= THOUSAND:
        above = rest // THOUSAND
        place -= THREE
        write_three(out, place, rest - above * THOUSAND, digits)
        rest = above
    place -= ONE
    out[place] = digits[rest, TWO]
    if rest >= TEN:
        place -= ONE
        out[place] = digits[rest, ONE]
    if rest >= HUNDRED:
        place -= ONE
        out[place] = digits[rest, 0]
    if number < 0:
        place -= ONE
        out[place] = 45
    return place


@helper
def write_three(out, at, number, digits):
    """Write three digits."""
    place, row = np.uint64(at), np.uint64(number)
    out[place], out[place + ONE], out[place + TWO] = digits[row, 0], digits[row, ONE], digits[row, TWO]


@entry_point(ROWS, PRICES, NUMBERS, out(NUMBERS))
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


@entry_point(ROWS, PRICES, PRICES, PRICES, NUMBERS, NUMBERS, out(NUMBERS), out(NUMBERS))
def day_figures(steps, lows, highs, closes, lasts, options, ends, lowest):
    """Equity at the end of each day and the lowest inside it, in micro-dollars, from the steps that fills left.

    Args:
        steps: Rows of steps; each has the extremes of its own bar.
        lows, highs, closes: Of all bars, ticks.
        lasts: The last bar of each day, rising.
        options: The account's.
        ends, lowest: One place for each day.
    """
    row, step, base, slope = 0, 0, options[START], 0
    for day in range(len(lasts)):
        low = _ABOVE_ALL
        while row <= lasts[day]:
            if step < len(steps) and steps[step, S_ROW] == row:
                low = min(low, steps[step, S_LOW] + options[START])
                base = options[START] + steps[step, S_CASH] * options[TICK_VALUE] - steps[step, S_FEES]
                slope = steps[step, S_POSITION] * options[TICK_VALUE]
                step += 1
                row += 1
            until = min(lasts[day] + 1, steps[step, S_ROW] if step < len(steps) else lasts[day] + 1)
            if row < until:
                below, above = extremes(lows, highs, row, until)
                low = min(low, base + slope * (above if slope < 0 else below))
                row = until
        lowest[day] = low
        ends[day] = base + slope * closes[lasts[day]]


@entry_point(ROWS, ROWS, NUMBER, NUMBER, out(ROWS))
def trade_rows(trades, fills, tick, fee, out):
    """The first seven rows of `barstep.stats.trades.Trades`, of closed trades.

    Args:
        trades, fills: Rows of both.
        tick, fee: Value of a tick, and fee of a contract and side, micro-dollars.
        out: A column for each trade.
    """
    for i in range(len(trades)):
        entry, leave, size = trades[i, T_ENTRY], trades[i, T_EXIT], trades[i, T_SIZE]
        fees, value = 2 * size * fee, size * tick
        out[0, i] = trades[i, T_TICKS] * value - fees
        out[1, i] = fees
        out[2, i] = min(trades[i, T_WORST], 0) * value
        out[3, i] = max(trades[i, T_BEST], 0) * value
        out[4, i] = fills[leave, F_BAR] - fills[entry, F_BAR]
        out[5, i] = size
        out[6, i] = fills[entry, F_AMBIGUOUS] | fills[leave, F_AMBIGUOUS]
