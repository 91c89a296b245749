"""Out of the book without a fill of one's own: removals, and the forced close that takes everything along."""

from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    ARRIVE, AT_LOG, BAR, BOOK, CASH, E_ARRIVING, E_CAUSE, E_ID, E_LEG, E_LEVEL, E_OPENED, E_PARENT, E_PHASE, E_PRICE,
    E_ROLE, E_RULE, E_SHOWN, E_SIGN, E_SIZE, E_TYPE, ENTRY, EXECUTION, FEE, FEES, FORCED, FULL, ID, LEVEL, LIVE,
    LOG_ROOM, LOGGED, NEXT_ID, ORDERS, POINT, POSITION, REMOVAL, ROLE, SHOWN, WORKING,
)  # fmt: skip


@helper
def entry(m, b, kind):
    """A new row of the bar's log; the last one again, and a note in FULL, when there is no room."""
    row = m[b + LOGGED]
    if row >= m[LOG_ROOM]:
        m[FULL] = 1
        row -= 1
    m[b + LOGGED] = row + 1
    e = b + m[AT_LOG] + row * ENTRY
    m[e + E_TYPE] = kind
    return e


@helper
def log_point(m, b, price):
    """Note a price that the path has reached, unless it was noted last."""
    last = b + m[AT_LOG] + (m[b + LOGGED] - 1) * ENTRY
    if m[b + LOGGED] == 0 or m[last + E_TYPE] != POINT or m[last + E_PRICE] != price:
        e = entry(m, b, POINT)
        m[e + E_PRICE] = price


@helper
def drop(m, b, w):
    """Take an order out of the working ones; the others keep their order."""
    m[b + LIVE] -= 1
    last = b + ORDERS + m[b + LIVE] * WORKING
    for at in range(w, last):
        m[at] = m[at + WORKING]


@helper
def shown_level(m, b, w):
    """The level that an order shows when it ends: that of the last bar's end, or for one that is new to the bar its own."""
    return m[w + LEVEL] if b == BOOK and m[w + ARRIVE] == m[BAR] else m[w + SHOWN]


@helper
def remove(m, b, w, why, cause, other):
    """Take an order out without a fill, and log it."""
    e = entry(m, b, REMOVAL)
    m[e + E_ID] = m[w + ID]
    m[e + E_RULE] = why
    m[e + E_CAUSE] = cause
    m[e + E_PARENT] = other
    m[e + E_SIZE] = m[w + ROLE]
    m[e + E_LEVEL] = shown_level(m, b, w)
    drop(m, b, w)


@helper
def log_execution(m, b, ident, sign, size, price, level, rule, phase, leg, arriving, opened, cause, role, shown):
    """Note a fill."""
    e = entry(m, b, EXECUTION)
    m[e + E_ID] = ident
    m[e + E_SIGN] = sign
    m[e + E_SIZE] = size
    m[e + E_PRICE] = price
    m[e + E_LEVEL] = level
    m[e + E_RULE] = rule
    m[e + E_PHASE] = phase
    m[e + E_LEG] = leg
    m[e + E_ARRIVING] = arriving
    m[e + E_OPENED] = opened
    m[e + E_CAUSE] = cause
    m[e + E_ROLE] = role
    m[e + E_SHOWN] = shown


@helper
def cancel_all(m, b, cause):
    """Cancel every order."""
    while m[b + LIVE]:
        remove(m, b, b + ORDERS, FORCED, cause, 0)


@helper
def liquidate(m, b, price, slip, phase, leg, rule, cause):
    """Cancel every order and close the position at `price` less the slip (R18, R19, R25)."""
    cancel_all(m, b, cause)
    position = m[b + POSITION]
    if not position:
        return
    sign = -1 if position > 0 else 1
    size = abs(position)
    paid = price + sign * slip
    m[b + CASH] -= sign * size * paid
    m[b + FEES] += size * m[FEE]
    m[b + POSITION] = 0
    log_execution(m, b, m[b + NEXT_ID], sign, size, paid, price, rule, phase, leg, 0, 0, cause, 0, 0)
    m[b + NEXT_ID] += 1
