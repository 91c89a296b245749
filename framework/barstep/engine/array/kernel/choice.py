"""Which path through a bar counts, and whether the bar is ambiguous (R17), as in `barstep.sim.choice` and `reach`."""

from barstep.engine.array.kernel.guards import guards_in_reach, worth
from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    ADVERSE, ARRIVE, AT_LOG, BAR, BAR_CLOSE, BAR_HIGH, BAR_LOW, BAR_OPEN, BOOK, BOOK_A, BOOK_B, CASH, COLOUR, E_ID,
    E_PRICE, E_TYPE, ENTRY, EVENT, EXECUTION, FAILED, FEE, FEES, FROM, GUARDS, INTRABAR, KIND, LEVEL, LIMIT, LIVE,
    LOCKED, LOGGED, OHLC, OLHC, OPTIMISTIC, ORDERS, PESSIMISTIC, POSITION, REF, SHOWN, SIGN, SIZE, STOP_SLIP, TRAIL,
    TRAIL_AT_CLOSE, WORKING,
)  # fmt: skip
from barstep.engine.array.kernel.orders import follow
from barstep.engine.array.kernel.walk import walk_open, walk_path


@helper
def walk_bar(m):
    """Phases B and C of a bar, on the book.

    Returns:
        0, or for an ambiguous bar the place of the copy that was kept.
    """
    b = BOOK
    m[b + LOGGED] = 0
    walk_open(m, b)
    only, count = in_reach(m, b)
    if not count:
        trail_through(m, b)
        return 0
    mode = m[INTRABAR]
    down_near = m[BAR_HIGH] - m[BAR_OPEN] >= m[BAR_OPEN] - m[BAR_LOW]
    if (mode != PESSIMISTIC and mode != OPTIMISTIC) or (count == 1 and only and settles_all(m, b, only)):
        walk_path(m, b, down_first(m, mode, m[b + POSITION], down_near))
        return 0
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + ARRIVE] == m[BAR]:
            m[w + SHOWN] = m[w + LEVEL]
    for twin in (m[BOOK_A], m[BOOK_B]):
        copy_book(m, b, twin)
        walk_path(m, twin, twin == m[BOOK_B])
    kept = prefer(m, mode == OPTIMISTIC, m[BOOK_B] if down_near else m[BOOK_A])
    copy_book(m, kept, b)
    return kept if differ(m) else 0


@helper
def down_first(m, mode, position, down_near):
    """Which path is walked where one is enough: True for B, open to low to high to close."""
    if mode == OHLC:
        return False
    if mode == OLHC:
        return True
    if mode == COLOUR:
        return m[BAR_CLOSE] >= m[BAR_OPEN]
    if mode == ADVERSE and position:
        return position > 0
    return down_near


@helper
def trail_through(m, b):
    """Move trailing stops by a whole bar in which nothing happens: every path visits both extremes (R10)."""
    if m[TRAIL_AT_CLOSE]:
        return
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + TRAIL] and m[w + FROM] <= m[BAR]:
            follow(m, w, m[BAR_LOW] if m[w + SIGN] > 0 else m[BAR_HIGH])


@helper
def in_reach(m, b):
    """What could act in the path: the place of the first order (0 for none), and how many, guards counted as one."""
    first, count = 0, 0
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + FROM] > m[BAR]:
            continue
        if m[w + TRAIL] and not m[TRAIL_AT_CLOSE]:
            reached = trail_in_reach(m, w)
        else:
            reached = m[BAR_LOW] <= m[w + EVENT] <= m[BAR_HIGH]
        if reached:
            count += 1
            if not first:
                first = w
    if m[GUARDS] and guards_in_reach(m, b, m[b + POSITION], m[b + CASH], m[b + FEES]):
        count += 1
    return first, count


@helper
def trail_in_reach(m, w):
    """Whether a trailing stop can be touched after the bar has moved it as far as it can."""
    if m[w + SIGN] < 0:
        return m[BAR_LOW] <= max(m[w + REF], m[BAR_HIGH]) - m[w + TRAIL]
    return m[BAR_HIGH] >= min(m[w + REF], m[BAR_LOW]) + m[w + TRAIL]


@helper
def settles_all(m, b, w):
    """Whether both paths must end alike: only this exit can act, and nothing follows from that."""
    if m[w + TRAIL]:
        return False
    if not m[GUARDS]:
        return True
    sign, size = m[w + SIGN], m[w + SIZE]
    paid = m[w + LEVEL] if m[w + KIND] == LIMIT else m[w + LEVEL] + sign * m[STOP_SLIP]
    position, cash = m[b + POSITION] + sign * size, m[b + CASH] - sign * size * paid
    return not guards_in_reach(m, b, position, cash, m[b + FEES] + size * m[FEE])


@helper
def copy_book(m, source, target):
    """A book in the place of another."""
    for at in range(ORDERS + m[source + LIVE] * WORKING):
        m[target + at] = m[source + at]
    for at in range(m[AT_LOG], m[AT_LOG] + m[source + LOGGED] * ENTRY):
        m[target + at] = m[source + at]


@helper
def prefer(m, optimistic, near):
    """The outcome to keep by the order of R17: failed, locked, lower equity, nearest extreme."""
    a, b = m[BOOK_A], m[BOOK_B]
    for field in (FAILED, LOCKED):
        if (m[a + field] != 0) != (m[b + field] != 0):
            return a if (m[a + field] != 0) != optimistic else b
    one, two = worth(m, a, m[BAR_CLOSE]), worth(m, b, m[BAR_CLOSE])
    if one != two:
        return a if (one < two) != optimistic else b
    return near


@helper
def next_execution(m, b, row):
    """The next fill in a book's log from a row on; LOGGED when there is none."""
    while row < m[b + LOGGED] and m[b + m[AT_LOG] + row * ENTRY + E_TYPE] != EXECUTION:
        row += 1
    return row


@helper
def differ(m):
    """Whether the ledgers of A and B differ: their fills, or what guards did to the account."""
    a, b = m[BOOK_A], m[BOOK_B]
    if m[a + FAILED] != m[b + FAILED] or m[a + LOCKED] != m[b + LOCKED]:
        return True
    i, j = next_execution(m, a, 0), next_execution(m, b, 0)
    while i < m[a + LOGGED] and j < m[b + LOGGED]:
        one, two = a + m[AT_LOG] + i * ENTRY, b + m[AT_LOG] + j * ENTRY
        for f in range(E_ID, E_PRICE + 1):  # id, sign, size, price
            if m[one + f] != m[two + f]:
                return True
        i, j = next_execution(m, a, i + 1), next_execution(m, b, j + 1)
    return (i < m[a + LOGGED]) != (j < m[b + LOGGED])
