"""Lots, trades and money (R20), as in `barstep.sim.ledger` and `records`: a bar's log becomes fills, trades and a step."""

from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    AT_FILLS, AT_LOG, AT_LOTS, AT_STEPS, AT_TAPE, AT_TRADES, BAR, BAR_CLOSE, BAR_HIGH, BAR_LOW, BAR_OPEN, BIRTH, CASH,
    E_CAUSE, E_ID, E_LEVEL, E_PARENT, E_PHASE, E_PRICE, E_ROLE, E_RULE, E_SIGN, E_SIZE, E_TYPE, ENTRY, EXECUTION,
    F_AFTER, F_AMBIGUOUS, F_BAR, F_ID, F_REALISED, F_SHOWN, FAULT, FEE, FILL, FILL_ROOM, FULL, HEAD, HIGH, IN_BAR,
    L_CASH, L_FEES, L_POSITION, LOGGED, LOT, LOT_FILL, LOT_HIGH, LOT_LOW, LOT_PRICE, LOT_ROOM, LOT_SIZE, LOTS, LOW,
    N_FILLS, N_STEPS, N_TAPE, N_TRADES, NUMBERS, OFF_LEDGER, P_BAR, P_BATCH, P_ONE, P_TYPE, PATH, POINT, POSITION,
    REALISED, S_BALANCE, S_CASH, S_FEES, S_HIGH, S_LOW, S_POSITION, S_ROW, SAVES, SEEN, STEP, STEP_ROOM, STEPPED, STORY,
    T_BEST, T_ENTRY, T_EXIT, T_SIZE, T_TICKS, T_WORST, TAKEN, TAPE, TAPE_ROOM, TICK_VALUE, TOLD_BIRTH, TOLD_FILL,
    TOLD_REMOVAL, TOLD_TRADE, TRADE, TRADE_ROOM,
)  # fmt: skip


@helper
def tell(m, kind, batch):
    """A new row of the tape; 0 when none is kept, or there is no room."""
    if m[SAVES] < STORY:
        return 0
    row = m[N_TAPE]
    m[N_TAPE] = row + 1
    if row >= m[TAPE_ROOM]:
        return 0
    t = m[AT_TAPE] + row * TAPE
    m[t + P_TYPE] = kind
    m[t + P_BAR] = m[BAR]
    m[t + P_BATCH] = batch
    return t


@helper
def point_to(m, kind, batch, number):
    """A row of the tape that points to a fill or a trade."""
    t = tell(m, kind, batch)
    if t:
        m[t + P_ONE] = number


@helper
def earned_at(m, price):
    """What the contract has earned up to a price, in micro-dollars."""
    return (m[L_CASH] + m[L_POSITION] * price) * m[TICK_VALUE] - m[L_FEES]


@helper
def see(m, low, high):
    """Widen the extremes that the open lots have seen."""
    for i in range(m[HEAD], m[LOTS]):
        lot = m[AT_LOTS] + i * LOT
        m[lot + LOT_LOW] = min(m[lot + LOT_LOW], low)
        m[lot + LOT_HIGH] = max(m[lot + LOT_HIGH], high)


@helper
def catch_up(m, lows, highs, until):
    """Widen the open lots' extremes by the bars up to row `until`, which passed without a fill."""
    if m[SAVES] > NUMBERS and m[HEAD] < m[LOTS] and until > m[SEEN]:
        low, high = lows[m[SEEN]], highs[m[SEEN]]
        for row in range(m[SEEN] + 1, until):
            low, high = min(low, lows[row]), max(high, highs[row])
        see(m, low, high)
    m[SEEN] = until


@helper
def span(m, low, high):
    """The price moved between two ends: widen the extremes of worth and of the open lots."""
    one, two = earned_at(m, low), earned_at(m, high)
    m[LOW] = min(m[LOW], one, two)
    m[HIGH] = max(m[HIGH], one, two)
    see(m, low, high)


@helper
def apply_fill(m, sign, size, price, batch):
    """Book a fill: close lots first in, first out, then open the rest. Returns the ticks that the closed part earned."""
    m[L_CASH] -= sign * size * price
    m[L_FEES] += size * m[FEE]
    number = m[N_FILLS]
    m[N_FILLS] = number + 1
    point_to(m, TOLD_FILL, batch, number)
    earned, left = 0, size
    while left and m[HEAD] < m[LOTS] and (m[m[AT_LOTS] + m[HEAD] * LOT + LOT_SIZE] > 0) != (sign > 0):
        lot = m[AT_LOTS] + m[HEAD] * LOT
        held = m[lot + LOT_SIZE] * -sign
        part = min(left, held)
        ticks = (m[lot + LOT_PRICE] - price) * sign
        earned += ticks * part
        close_lot(m, lot, number, part, ticks, price, -sign, batch)
        left -= part
        if part == held:
            m[HEAD] += 1
        else:
            m[lot + LOT_SIZE] += sign * part
    if m[HEAD] == m[LOTS]:
        m[HEAD] = m[LOTS] = 0
    if left:
        open_lot(m, number, sign * left, price)
    m[REALISED] += earned
    m[L_POSITION] += sign * size
    if left and abs(m[L_POSITION]) == left:
        m[TAKEN] += 1
    return earned


@helper
def close_lot(m, lot, number, size, ticks, price, way, batch):
    """A round trip is closed: `way` is +1 for a long one."""
    trade = m[N_TRADES]
    m[N_TRADES] = trade + 1
    point_to(m, TOLD_TRADE, batch, trade)
    if m[SAVES] == NUMBERS or trade >= m[TRADE_ROOM]:
        return
    low = min(m[lot + LOT_LOW], price) - m[lot + LOT_PRICE]
    high = max(m[lot + LOT_HIGH], price) - m[lot + LOT_PRICE]
    t = m[AT_TRADES] + trade * TRADE
    m[t + T_ENTRY] = m[lot + LOT_FILL]
    m[t + T_EXIT] = number
    m[t + T_SIZE] = size
    m[t + T_TICKS] = ticks
    m[t + T_WORST] = low if way > 0 else -high
    m[t + T_BEST] = high if way > 0 else -low


@helper
def open_lot(m, number, signed, price):
    """A lot behind the others; closed ones make room where it is needed."""
    if m[LOTS] == m[LOT_ROOM]:
        if m[HEAD] == 0:
            m[FULL] = 1
            return
        start = m[AT_LOTS]
        for at in range((m[LOTS] - m[HEAD]) * LOT):
            m[start + at] = m[start + at + m[HEAD] * LOT]
        m[LOTS] -= m[HEAD]
        m[HEAD] = 0
    lot = m[AT_LOTS] + m[LOTS] * LOT
    m[lot + LOT_FILL] = number
    m[lot + LOT_SIZE] = signed
    m[lot + LOT_PRICE] = m[lot + LOT_LOW] = m[lot + LOT_HIGH] = price
    m[LOTS] += 1


@helper
def book_entry(m, e, batch, ambiguous):
    """Book what a row of the log says."""
    if m[e + E_TYPE] == EXECUTION:
        number = m[N_FILLS]
        earned = apply_fill(m, m[e + E_SIGN], m[e + E_SIZE], m[e + E_PRICE], batch)
        if m[SAVES] > NUMBERS and number < m[FILL_ROOM]:
            f = m[AT_FILLS] + number * FILL
            m[f + F_BAR] = m[BAR]
            for field in range(F_ID, F_SHOWN + 1):
                m[f + field] = m[e + field]
            m[f + F_AMBIGUOUS] = 1 if ambiguous and m[e + E_PHASE] == PATH else 0
            m[f + F_AFTER] = m[L_POSITION]
            m[f + F_REALISED] = earned
        return
    born = m[e + E_TYPE] == BIRTH
    t = tell(m, TOLD_BIRTH if born else TOLD_REMOVAL, batch)
    if t:
        m[t + P_ONE] = m[e + E_ID]
        m[t + P_ONE + 1] = m[e + E_PARENT]
        m[t + P_ONE + 2] = m[e + E_ROLE] if born else m[e + E_RULE]
        m[t + P_ONE + 3] = m[e + E_SIGN] if born else m[e + E_CAUSE]
        m[t + P_ONE + 4] = m[e + E_SIZE]
        m[t + P_ONE + 5] = m[e + E_LEVEL]


@helper
def book_bar(m, b, ambiguous):
    """Book a bar that was walked: what its log says, and the extremes of worth along the path that counts."""
    at = m[BAR_OPEN]
    m[LOW] = m[HIGH] = earned_at(m, at)
    see(m, at, at)
    low = high = at
    points, fills = 0, m[N_FILLS]
    for row in range(m[b + LOGGED]):
        e = b + m[AT_LOG] + row * ENTRY
        if m[e + E_TYPE] == POINT:
            points += 1
            at = m[e + E_PRICE]
            low, high = min(low, at), max(high, at)
            continue
        if m[e + E_TYPE] == EXECUTION:
            if points > 1:
                span(m, low, high)
            low = high = at
        book_entry(m, e, IN_BAR, ambiguous)
    if points < 2:
        low, high = m[BAR_LOW], m[BAR_HIGH]
    span(m, low, high)
    m[SEEN] = m[BAR] + 1
    if m[N_FILLS] > fills:
        mark(m, b)


@helper
def book_late(m, b, batch):
    """Book what happened after a bar's path, at its close: a flat time, orders that fill there, the end of the data."""
    if m[STEPPED] != m[BAR]:
        one, two = earned_at(m, m[BAR_LOW]), earned_at(m, m[BAR_HIGH])
        m[LOW], m[HIGH] = min(one, two), max(one, two)
    fills = m[N_FILLS]
    for row in range(m[b + LOGGED]):
        e = b + m[AT_LOG] + row * ENTRY
        if m[e + E_TYPE] != POINT:
            book_entry(m, e, batch, False)
    span(m, m[BAR_CLOSE], m[BAR_CLOSE])
    if m[N_FILLS] > fills:
        mark(m, b)


@helper
def mark(m, b):
    """Check R20 on a bar with a fill and keep what the equity curve needs; a second mark of one bar replaces the first."""
    held, by_lots = 0, m[REALISED]
    for i in range(m[HEAD], m[LOTS]):
        lot = m[AT_LOTS] + i * LOT
        held += m[lot + LOT_SIZE]
        by_lots += (m[BAR_CLOSE] - m[lot + LOT_PRICE]) * m[lot + LOT_SIZE]
    by_cash = m[b + CASH] + m[b + POSITION] * m[BAR_CLOSE]
    if held != m[b + POSITION] or m[L_POSITION] != m[b + POSITION] or by_lots != by_cash:
        m[FAULT] = OFF_LEDGER
    if m[STEPPED] == m[BAR]:
        m[N_STEPS] -= 1
    m[STEPPED] = m[BAR]
    row = m[N_STEPS]
    m[N_STEPS] = row + 1
    if m[SAVES] == NUMBERS or row >= m[STEP_ROOM]:
        return
    t = m[AT_STEPS] + row * STEP
    m[t + S_ROW] = m[BAR]
    m[t + S_POSITION] = m[L_POSITION]
    m[t + S_CASH] = m[L_CASH]
    m[t + S_FEES] = m[L_FEES]
    m[t + S_BALANCE] = m[REALISED] * m[TICK_VALUE] - m[L_FEES]
    m[t + S_LOW] = m[LOW]
    m[t + S_HIGH] = m[HIGH]
