"""An order against a price, and what its fill brings (R6-R12), as in `barstep.sim.matching`.

Entries are market orders, so they fill at a bar's open or at its close; only exits and guards act inside the path. A target
whose parent filled in the path of the same bar (R17b) can therefore not be.
"""

from barstep.engine.array.kernel.guards import test_guards
from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    ARRIVE, BAR, BAR_HIGH, BAR_LOW, BIRTH, CASH, CLAMP, E_ID, E_LEVEL, E_PARENT, E_ROLE, E_SIGN, E_SIZE, EVENT, FEE,
    FEES, FILLS, FIRST, FROM, FULL, GAP, GAP_AUCTION, GAP_OPEN, HOOKS, ID, KIND, LEVEL, LIMIT, LIVE, MARKET,
    MARKET_SLIP, NEEDS, NEWBORN, NEXT_BAR, NEXT_ID, NOTHING_TO_REDUCE, OCO, OCO_FILLED, ORDER_ROOM, ORDERS, PARENT,
    PATH, POSITION, POSITION_CLOSED, REDUCE, REF, ROLE, SHOWN, SIGN, SIZE, STOP, STOP_ROLE, STOP_SLIP, STOP_TICKS,
    TARGET_ROLE, TARGET_TICKS, THROUGH, TRAIL, TRAIL_ROLE, TRAIL_TICKS, WORKING,
)  # fmt: skip
from barstep.engine.array.kernel.removal import drop, entry, log_execution, remove, shown_level


@helper
def fires(m, w, price):
    """Whether a price has reached an order's event or lies beyond."""
    return price >= m[w + EVENT] if m[w + NEEDS] > 0 else price <= m[w + EVENT]


@helper
def follow(m, w, price):
    """Move a trailing stop's reference to a better price (R10)."""
    sign = m[w + SIGN]
    if (price - m[w + REF]) * sign < 0:
        m[w + REF] = price
        m[w + LEVEL] = m[w + EVENT] = price + sign * m[w + TRAIL]


@helper
def stop_price(m, price, sign):
    """What a stop pays from the price that triggered it (R8)."""
    paid = price + sign * m[STOP_SLIP]
    return min(max(paid, m[BAR_LOW]), m[BAR_HIGH]) if m[CLAMP] else paid


@helper
def try_at(m, b, w, price, phase, arriving):
    """Test an order at a price as phase B does (R13), and fill it if its condition is true there."""
    if not fires(m, w, price):
        return
    sign, kind, level = m[w + SIGN], m[w + KIND], m[w + LEVEL]
    if kind == MARKET:
        paid, level = price + sign * m[MARKET_SLIP], price
    elif kind == STOP:
        paid = stop_price(m, price, sign)
    elif arriving:
        better = price + sign * m[MARKET_SLIP]
        paid = min(level, better) if sign > 0 else max(level, better)
    elif m[GAP] == GAP_OPEN or (m[GAP] == GAP_AUCTION and m[FIRST]):
        paid = price
    else:
        paid = level
    execute(m, b, w, paid, level, phase, 0, arriving)


@helper
def fire(m, b, w, leg):
    """Carry out an exit whose event the path has reached (R15, R16)."""
    level = m[w + LEVEL]
    paid = stop_price(m, level, m[w + SIGN]) if m[w + KIND] == STOP else level
    execute(m, b, w, paid, level, PATH, leg, 1 if m[w + ARRIVE] == m[BAR] else 0)


@helper
def execute(m, b, w, price, level, phase, leg, arriving):
    """Fill an order at a price, with all that follows at that instant (R12)."""
    sign, size, before = m[w + SIGN], m[w + SIZE], m[b + POSITION]
    ident, oco, role, kind = m[w + ID], m[w + OCO], m[w + ROLE], m[w + KIND]
    stop, target, trail = m[w + STOP_TICKS], m[w + TARGET_TICKS], m[w + TRAIL_TICKS]
    shown = shown_level(m, b, w)
    closable = -sign * before if sign * before < 0 else 0
    if m[w + REDUCE]:
        if not closable:
            remove(m, b, w, NOTHING_TO_REDUCE, 0, 0)
            return
        size = min(size, closable)
    after = before + sign * size
    opened = max(0, size - closable)
    m[b + POSITION] = after
    m[b + FILLS] += 1
    m[b + CASH] -= sign * size * price
    m[b + FEES] += size * m[FEE]
    drop(m, b, w)  # an order is filled whole, or is cut to the position and with that done
    rule = 6 if kind == MARKET else 7 if kind == LIMIT else 10 if role == TRAIL_ROLE else 8
    log_execution(m, b, ident, sign, size, price, level, rule, phase, leg, arriving, opened, 0, role, shown)
    closed = before != 0 and (after == 0 or (after > 0) != (before > 0))
    if m[b + LIVE] and (oco or closed):
        take_along(m, b, oco, ident, closed)
    if opened and stop + target + trail:
        bear_children(m, b, ident, -sign, stop, target, trail, price, opened, phase)


@helper
def take_along(m, b, oco, ident, closed):
    """Cancel what an exit's fill takes along: its sibling, then all exits when the position is closed."""
    for why in (OCO_FILLED, POSITION_CLOSED):
        i = 0
        while i < m[b + LIVE]:
            w = b + ORDERS + i * WORKING
            if why == OCO_FILLED and oco and m[w + OCO] == oco:
                remove(m, b, w, OCO_FILLED, 0, ident)
            elif why == POSITION_CLOSED and closed and m[w + ROLE]:
                remove(m, b, w, POSITION_CLOSED, 0, 0)
            else:
                i += 1


@helper
def bear_children(m, b, parent, sign, stop, target, trail, price, size, phase):
    """Create stop and target for the part of a fill that opened (R12); `sign` is theirs."""
    if trail or stop:
        role = TRAIL_ROLE if trail else STOP_ROLE
        bear(m, b, parent, sign, role, price + sign * (trail or stop), trail, price, size, phase)
    if target:
        bear(m, b, parent, sign, TARGET_ROLE, price - sign * target, 0, price, size, phase)


@helper
def place(m, b, sign, kind, size, level):
    """A new working order with the next id; 0, and a note in FULL, when there is no room."""
    if m[b + LIVE] >= m[ORDER_ROOM]:
        m[FULL] = 1
        return 0
    w = b + ORDERS + m[b + LIVE] * WORKING
    for f in range(WORKING):
        m[w + f] = 0
    m[w + ID] = m[b + NEXT_ID]
    m[w + SIGN] = sign
    m[w + KIND] = kind
    m[w + SIZE] = size
    m[w + LEVEL] = level
    m[b + LIVE] += 1
    m[b + NEXT_ID] += 1
    return w


@helper
def bear(m, b, parent, sign, role, level, trail, ref, size, phase):
    """Create one child: it can act at once, as arriving, unless it has to wait for the next bar (R12)."""
    delayed = phase == HOOKS or m[NEXT_BAR] != 0
    w = place(m, b, sign, LIMIT if role == TARGET_ROLE else STOP, size, level)
    if not w:
        return
    m[w + EVENT] = level - sign * m[THROUGH] if role == TARGET_ROLE else level
    m[w + NEEDS] = -sign if role == TARGET_ROLE else sign
    m[w + SHOWN] = level
    m[w + TRAIL] = trail
    m[w + REF] = ref
    m[w + FROM] = m[BAR] + 1 if delayed else m[BAR]
    m[w + ARRIVE] = -1 if delayed else m[BAR]
    m[w + REDUCE] = 1
    m[w + OCO] = parent
    m[w + ROLE] = role
    m[w + PARENT] = parent
    m[w + NEWBORN] = 0 if delayed else 1
    e = entry(m, b, BIRTH)
    m[e + E_ID] = m[w + ID]
    m[e + E_SIGN] = sign
    m[e + E_SIZE] = size
    m[e + E_LEVEL] = level
    m[e + E_ROLE] = role
    m[e + E_PARENT] = parent


@helper
def try_newborn(m, b, price, phase):
    """Test newly created children at the price they were created at, once, in id order, as arriving (R13, R16)."""
    i = 0
    while i < m[b + LIVE]:
        w = b + ORDERS + i * WORKING
        i += 1
        if not m[w + NEWBORN]:
            continue
        m[w + NEWBORN] = 0
        if fires(m, w, price):
            before = m[b + FILLS]
            try_at(m, b, w, price, phase, 1)
            if m[b + FILLS] > before:
                test_guards(m, b, price, phase, 0)
            i = 0  # rows have moved
