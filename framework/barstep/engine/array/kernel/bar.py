"""What can happen at one bar: its session, its open, its path, its close."""

from barstep.engine.array.kernel.choice import trail_in_reach, trail_through, walk_bar
from barstep.engine.array.kernel.guards import guards_in_reach, test_guards, worth
from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    AFTER_HOOKS, AMBIGUOUS, ARRIVE, AT_FILLS, AT_LOG, BAR, BAR_CLOSE, BAR_HIGH, BAR_LOW, BAR_OPEN, BOOK_A, BOOK_B, CASH,
    E_PRICE, E_RULE, E_SIGN, E_SIZE, E_TYPE, ENTRY, EVENT, EXECUTION, F_AFTER, F_ARRIVING, F_BAR, F_ID, F_LEVEL,
    F_OPENED, F_PRICE, F_REALISED, F_RULE, F_SIGN, F_SIZE, FAILED, FEE, FEES, FILL, FILL_ROOM, FILLS, FIRST, FROM,
    G_ACTED, G_ACTION, G_BASE, G_BEFORE, G_BELOW, G_BREACHES, G_CAP, G_DAY, G_LEVEL, G_START, G_STOP, G_TURN, GUARD,
    GUARDS, HIGH, HOOKS, ID, IN_BAR, KIND, L_FEES, LEVEL, LIVE, LOCKED, LOGGED, LOW, MARKET, MARKET_SLIP, N_FILLS,
    NEEDS, NUMBERS, ORDERS, P_ONE, POSITION, REALISED, REDUCE, SAVES, SEEN, SHOWN, SIGN, SIZE, START, STATE, STOP_TICKS,
    TAKEN, TARGET_TICKS, TICK_VALUE, TOLD_BREACH, TOLD_EXECUTION, TOLD_OUTCOME, TRAIL, TRAIL_AT_CLOSE, TRAIL_TICKS,
    WORKING,
)  # fmt: skip
from barstep.engine.array.kernel.ledger import apply_fill, book_bar, book_late, earned_at, mark, see, span, tell
from barstep.engine.array.kernel.orders import follow, try_at
from barstep.engine.array.kernel.removal import liquidate


@helper
def begin_session(m, b, last_close):
    """Phase A: guards start the day, and the floors that follow the balance move (R19)."""
    m[b + LOCKED] = 0
    m[TAKEN] = 0
    balance = m[START] + m[REALISED] * m[TICK_VALUE] - m[L_FEES]
    for i in range(m[GUARDS]):
        g = b + STATE + i * GUARD
        m[g + G_ACTED] = 0
        m[g + G_START] = m[START] + earned_at(m, last_close)
        if m[g + G_DAY]:
            m[g + G_LEVEL] = m[g + G_BASE]
        if m[g + G_BELOW] >= 0:
            m[g + G_LEVEL] = max(m[g + G_LEVEL], min(balance - m[g + G_BELOW], m[g + G_STOP]))


@helper
def play_bar(m, b):
    """Phases B and C of a bar in which something may happen, and what they leave."""
    if quiet(m, b):
        trail_through(m, b)
    else:
        note_guards(m, b)
        kept = walk_bar(m)
        book_bar(m, b, kept != 0)
        if kept:
            m[AMBIGUOUS] += 1
            tell_outcomes(m, kept)
        tell_breaches(m, b, IN_BAR)
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[TRAIL_AT_CLOSE] and m[w + TRAIL] and m[w + FROM] <= m[BAR]:
            follow(m, w, m[BAR_CLOSE])
        m[w + SHOWN] = m[w + LEVEL]


@helper
def quiet(m, b):
    """Whether nothing can happen in the bar; every test errs towards "it can"."""
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + FROM] > m[BAR]:
            continue
        if m[w + TRAIL] and not m[TRAIL_AT_CLOSE]:
            if trail_in_reach(m, w):
                return False
        elif m[BAR_HIGH] >= m[w + EVENT] if m[w + NEEDS] > 0 else m[BAR_LOW] <= m[w + EVENT]:
            return False
    return m[GUARDS] == 0 or not guards_in_reach(m, b, m[b + POSITION], m[b + CASH], m[b + FEES])


@helper
def tell_outcomes(m, kept):
    """Both outcomes of an ambiguous bar, each with its fills."""
    for side in (1, 2):
        b = m[BOOK_A] if side == 1 else m[BOOK_B]
        t = tell(m, TOLD_OUTCOME, IN_BAR)
        if t:
            m[t + P_ONE] = side
            m[t + P_ONE + 1] = 1 if b == kept else 0
            m[t + P_ONE + 2] = worth(m, b, m[BAR_CLOSE])
            m[t + P_ONE + 3] = m[b + FAILED]
            m[t + P_ONE + 4] = m[b + LOCKED]
        for row in range(m[b + LOGGED]):
            e = b + m[AT_LOG] + row * ENTRY
            t = tell(m, TOLD_EXECUTION, IN_BAR) if m[e + E_TYPE] == EXECUTION else 0
            if t:
                m[t + P_ONE] = m[e + E_SIGN]
                m[t + P_ONE + 1] = m[e + E_SIZE]
                m[t + P_ONE + 2] = m[e + E_PRICE]
                m[t + P_ONE + 3] = m[e + E_RULE]


@helper
def note_guards(m, b):
    """Note how often each guard has acted, for `tell_breaches`."""
    for i in range(m[GUARDS]):
        g = b + STATE + i * GUARD
        m[g + G_BEFORE] = m[g + G_BREACHES]


@helper
def tell_breaches(m, b, batch):
    """The guards that have acted since `note_guards`, in the order in which they did."""
    while True:
        first = 0
        for i in range(m[GUARDS]):
            g = b + STATE + i * GUARD
            if m[g + G_BREACHES] != m[g + G_BEFORE] and (first == 0 or acted_before(m, g, first)):
                first = g
        if first == 0:
            return
        m[first + G_BEFORE] = m[first + G_BREACHES]
        t = tell(m, TOLD_BREACH, batch)
        if t:
            m[t + P_ONE] = (first - b - STATE) // GUARD
            m[t + P_ONE + 1] = m[first + G_LEVEL]


@helper
def acted_before(m, g, other):
    """Whether a guard acted before another: by its place in the walk, then as guards go that are breached at one price."""
    if m[g + G_TURN] != m[other + G_TURN]:
        return m[g + G_TURN] < m[other + G_TURN]
    if m[g + G_ACTION] != m[other + G_ACTION]:
        return m[g + G_ACTION] < m[other + G_ACTION]
    return strict_level(m, g) < strict_level(m, other)  # rows stand by name


@helper
def strict_level(m, g):
    """A guard's level of equity, the smaller the stricter."""
    level = m[g + G_LEVEL] + (m[g + G_START] if m[g + G_DAY] else 0)
    return level if m[g + G_CAP] else -level


@helper
def plain_market(m, b):
    """Whether all that works is one market order, due now and without a bracket, and there are no guards."""
    w = b + ORDERS
    return (
        m[b + LIVE] == 1
        and m[GUARDS] == 0
        and m[w + KIND] == MARKET
        and m[w + FROM] <= m[BAR]
        and m[w + REDUCE] + m[w + STOP_TICKS] + m[w + TARGET_TICKS] + m[w + TRAIL_TICKS] == 0
    )


@helper
def fill_at_open(m, b):
    """The commonest bar in short: one market order fills at the open and nothing else can happen."""
    w, price = b + ORDERS, m[BAR_OPEN]
    sign, size, before = m[w + SIGN], m[w + SIZE], m[b + POSITION]
    paid = price + sign * m[MARKET_SLIP]
    m[b + POSITION] = before + sign * size
    m[b + CASH] -= sign * size * paid
    m[b + FEES] += size * m[FEE]
    m[b + FILLS] += 1
    m[b + LIVE] = 0
    m[LOW] = m[HIGH] = earned_at(m, price)
    see(m, price, price)
    number = m[N_FILLS]
    earned = apply_fill(m, sign, size, paid, IN_BAR)
    if m[SAVES] > NUMBERS and number < m[FILL_ROOM]:
        f = m[AT_FILLS] + number * FILL
        for field in range(FILL):
            m[f + field] = 0
        m[f + F_BAR], m[f + F_ID], m[f + F_SIGN], m[f + F_SIZE], m[f + F_PRICE] = m[BAR], m[w + ID], sign, size, paid
        m[f + F_LEVEL], m[f + F_RULE], m[f + F_ARRIVING] = price, 6, 1 if m[w + ARRIVE] == m[BAR] else 0
        m[f + F_OPENED] = max(0, size - max(0, -sign * before))
        m[f + F_AFTER], m[f + F_REALISED] = m[b + POSITION], earned
    span(m, m[BAR_LOW], m[BAR_HIGH])
    m[SEEN] = m[BAR] + 1
    mark(m, b)


@helper
def fill_at_close(m, b, order):
    """Phase E under `market_fill: current_close` (R6): the new order is tested at the close as arriving."""
    high, low = m[BAR_HIGH], m[BAR_LOW]
    m[BAR_HIGH] = m[BAR_LOW] = m[BAR_CLOSE]
    m[FIRST] = 0
    m[b + LOGGED] = 0
    note_guards(m, b)
    try_at(m, b, order, m[BAR_CLOSE], HOOKS, 1)
    if m[b + LOGGED]:
        test_guards(m, b, m[BAR_CLOSE], HOOKS, 0)
    m[BAR_HIGH], m[BAR_LOW] = high, low
    book_late(m, b, AFTER_HOOKS)
    tell_breaches(m, b, AFTER_HOOKS)


@helper
def flatten(m, b, slip, phase, rule, cause, batch):
    """Cancel all orders and close the position at the close less a slip (R18, R25)."""
    m[b + LOGGED] = 0
    liquidate(m, b, m[BAR_CLOSE], slip, phase, 0, rule, cause)
    book_late(m, b, batch)
