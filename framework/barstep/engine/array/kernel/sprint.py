"""The commonest run in short: market orders at the next open, no brackets, no rules, at most one lot.

What is done here is what `play` does bar by bar, with all that changes held in registers; as soon as anything else is asked
for, the arena is brought up to date and `play` goes on. A grid of positions without exits spends its time here.
"""

import numpy as np

from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    ARRIVE, AT_CLOSE, AT_FILLS, AT_LOTS, AT_STEPS, AT_TRADES, BOOK, CAP, CASH, DRAWDOWN, EVENT, F_AFTER, F_ARRIVING,
    F_BAR, F_ID, F_LEVEL, F_OPENED, F_PRICE, F_REALISED, F_RULE, F_SIGN, F_SIZE, FAR, FAULT, FEE, FEES, FILL, FILL_ROOM,
    FILLS, FROM, GUARDS, HEAD, HIGH, IN_MARKET, KEEP, L_CASH, L_FEES, L_POSITION, LATENCY, LOT, LOT_FILL, LOT_HIGH,
    LOT_LOW, LOT_PRICE, LOT_SIZE, LOTS, LOW, MARKET, MARKET_SLIP, MOST_TRADES, N_FILLS, N_STEPS, N_TRADES, NEEDS, NEVER,
    NEXT_ID, NUMBERS, OFF_LEDGER, PEAK, POSITION, REALISED, S_BALANCE, S_CASH, S_FEES, S_HIGH, S_LOW, S_POSITION, S_ROW,
    SAVES, SEEN, START, STEP, STEP_ROOM, STEPPED, STORY, T_BEST, T_ENTRY, T_EXIT, T_SIZE, T_TICKS, T_WORST, TICK_VALUE,
    TRADE, TRADE_ROOM,
)  # fmt: skip
from barstep.engine.array.kernel.orders import place
from barstep.engine.array.kernel.prices import extremes

ONE, BLOCK = np.uint64(1), np.uint64(16)


@helper
def may_sprint(m, stops, targets, trails, denied):
    """Whether a run has nothing but market orders at the next open, and leaves no story."""
    plain = len(stops) == 1 and len(targets) == 1 and len(trails) == 1 and stops[0] + targets[0] + trails[0] == 0
    free = m[GUARDS] == 0 and m[CAP] >= FAR and m[MOST_TRADES] >= FAR and len(denied) == 0
    return plain and free and m[SAVES] < STORY and m[AT_CLOSE] == 0 and m[LATENCY] == 0


@helper
def sprint(m, k, edge, opens, highs, lows, shut, want):  # noqa: C901 - in one piece, so that all stays in registers
    """Play bars up to `edge` while each wish opens, closes or turns the position.

    Returns the first bar that is not played whole, and whether only its wish is left: it is measured then already.
    """
    b, start, tick = BOOK, m[START], m[TICK_VALUE]
    size, cash, fees, realised = m[b + POSITION], m[L_CASH], m[L_FEES], m[REALISED]
    lot = m[AT_LOTS] + m[HEAD] * LOT
    paid, floor, top, entry = m[lot + LOT_PRICE], m[lot + LOT_LOW], m[lot + LOT_HIGH], m[lot + LOT_FILL]
    peak, drawdown, ident = m[PEAK], m[DRAWDOWN], m[b + NEXT_ID]
    fills, trades, saves = m[N_FILLS], m[N_TRADES], m[SAVES] > NUMBERS
    if saves and size and m[SEEN] < k:
        low, high = extremes(lows, highs, m[SEEN], k)
        floor, top = min(floor, low), max(top, high)
    missing = held = arrives = 0
    off, asking = False, False
    base, slope = start + cash * tick - fees, size * tick
    while k < edge:
        filled, before, first = False, base, k
        if missing == 0:  # nothing can happen up to the next wish, or to the edge
            k = min(next_wish(want, k, edge, size), edge - 1)
        elif not (len(shut) and shut[k]):
            at, filled = opens[k], True
            before += slope * at
            price = at + (m[MARKET_SLIP] if missing > 0 else -m[MARKET_SLIP])
            fees += abs(missing) * m[FEE]
            cash -= missing * price
            earned = (price - paid) * size
            realised += earned
            if saves:
                save_fill(m, fills, k, ident - 1, missing, price, at, size, earned, arrives)
            if size:
                if saves:
                    save_trade(m, trades, entry, fills, size, paid, price, min(floor, at), max(top, at))
                trades += 1
            size += missing
            paid, missing, entry = price, 0, fills
            floor = top = price
            fills += 1
            off |= realised - paid * size != cash
            base, slope = start + cash * tick - fees, size * tick
        low, high = extremes(lows, highs, first, k + 1)
        floor, top = min(floor, low), max(top, high)
        worst, best = base + slope * low, base + slope * high
        if slope < 0:
            worst, best = best, worst
        if filled:
            worst, best = min(worst, before), max(best, before)
            if saves:
                save_step(m, k, size, cash, fees, realised * tick - fees, worst - start, best - start)
        if best <= peak or first == k:
            drawdown = max(drawdown, peak - worst)
        elif best - worst > drawdown:
            drawdown = fall(lows, highs, first, k + 1, base, slope, peak, drawdown)
        peak = max(peak, best)
        if size:
            held += k + 1 - first
        wish = want[k]
        if wish != KEEP and wish != size + missing:
            if missing or wish * size > 0:
                asking = True
                break
            missing, arrives = wish - size, k + 1
            ident += 1
        k += 1
    m[b + POSITION] = m[L_POSITION] = size
    m[b + CASH] = m[L_CASH] = cash
    m[b + FEES] = m[L_FEES] = fees
    m[REALISED], m[PEAK], m[DRAWDOWN] = realised, peak, drawdown
    m[b + FILLS] += fills - m[N_FILLS]
    m[N_FILLS], m[N_TRADES], m[b + NEXT_ID] = fills, trades, ident
    m[IN_MARKET] += held
    m[SEEN] = k + 1 if asking else k
    m[HEAD], m[LOTS] = 0, 1 if size else 0
    lot = m[AT_LOTS]
    m[lot + LOT_SIZE], m[lot + LOT_PRICE], m[lot + LOT_FILL] = size, paid, entry
    m[lot + LOT_LOW], m[lot + LOT_HIGH] = floor, top
    if off:
        m[FAULT] = OFF_LEDGER
    if missing:
        put_back(m, b, missing, arrives)
    return k, asking


@helper
def put_back(m, b, missing, arrives):
    """Make the order that still waits a working one."""
    m[b + NEXT_ID] -= 1
    sign = 1 if missing > 0 else -1
    w = place(m, b, sign, MARKET, abs(missing), 0)
    m[w + EVENT] = -sign * NEVER
    m[w + NEEDS] = sign
    m[w + FROM] = m[w + ARRIVE] = arrives


@helper
def next_wish(want, k, edge, size):
    """The first row of [k, edge) whose wish is another position than `size`; `edge` when there is none."""
    row, end = np.uint64(k), np.uint64(edge)
    while row + BLOCK <= end:
        others = 0
        for i in range(row, row + BLOCK):
            others += (want[i] != size) & (want[i] != KEEP)
        if others:
            break
        row += BLOCK
    while row < end and (want[row] == size or want[row] == KEEP):
        row += ONE
    return np.int64(row)


@helper
def fall(lows, highs, first, until, base, slope, peak, drawdown):
    """The largest fall from a peak of equity, after the bars [first, until) with one position."""
    for row in range(first, until):
        worst, best = base + slope * lows[row], base + slope * highs[row]
        if slope < 0:
            worst, best = best, worst
        drawdown = max(drawdown, peak - worst)
        peak = max(peak, best)
    return drawdown


@helper
def save_fill(m, number, k, ident, signed, price, at, before, earned, arrives):
    """A row of the fills."""
    if number >= m[FILL_ROOM]:
        return
    f = m[AT_FILLS] + number * FILL
    for field in range(FILL):
        m[f + field] = 0
    m[f + F_BAR], m[f + F_ID], m[f + F_SIGN] = k, ident, 1 if signed > 0 else -1
    m[f + F_SIZE], m[f + F_PRICE], m[f + F_LEVEL], m[f + F_RULE] = abs(signed), price, at, 6
    m[f + F_ARRIVING] = 1 if arrives == k else 0
    m[f + F_OPENED] = abs(before + signed) if before * (before + signed) <= 0 else 0
    m[f + F_AFTER], m[f + F_REALISED] = before + signed, earned


@helper
def save_trade(m, number, entry, leave, size, paid, price, low, high):
    """A row of the trades."""
    if number >= m[TRADE_ROOM]:
        return
    t, way = m[AT_TRADES] + number * TRADE, 1 if size > 0 else -1
    low, high = min(low, price) - paid, max(high, price) - paid
    m[t + T_ENTRY], m[t + T_EXIT], m[t + T_SIZE], m[t + T_TICKS] = entry, leave, abs(size), (price - paid) * way
    m[t + T_WORST], m[t + T_BEST] = (low, high) if way > 0 else (-high, -low)


@helper
def save_step(m, k, size, cash, fees, balance, low, high):
    """A row of the steps."""
    row = m[N_STEPS]
    m[N_STEPS] = row + 1
    m[STEPPED] = k
    m[LOW], m[HIGH] = low, high
    if row >= m[STEP_ROOM]:
        return
    t = m[AT_STEPS] + row * STEP
    m[t + S_ROW], m[t + S_POSITION], m[t + S_CASH], m[t + S_FEES] = k, size, cash, fees
    m[t + S_BALANCE], m[t + S_LOW], m[t + S_HIGH] = balance, low, high
