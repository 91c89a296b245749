"""Account guards inside the bar (R19), as in `barstep.sim.guards`: of equity and of the day's result."""

from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    BAR_HIGH, BAR_LOW, CASH, FAIL, FAILED, FEES, FORCED_SLIP, G_ACTED, G_ACTION, G_BREACHES, G_CAP, G_DAY, G_LEVEL,
    G_START, G_STOP, G_TRAIL, G_TURN, GUARD, GUARDS, LIVE, LOCK, LOCKED, LOGGED, POSITION, START, STATE, TICK_VALUE,
)  # fmt: skip
from barstep.engine.array.kernel.removal import liquidate


@helper
def worth(m, b, price):
    """Equity in micro-dollars at a price in ticks, fees included."""
    return m[START] + (m[b + CASH] + m[b + POSITION] * price) * m[TICK_VALUE] - m[b + FEES]


@helper
def value(m, b, g, price):
    """What a guard watches, at a price."""
    return worth(m, b, price) - (m[g + G_START] if m[g + G_DAY] else 0)


@helper
def follow_guards(m, b, price):
    """Raise trailing floors after the value seen at a price."""
    for i in range(m[GUARDS]):
        follow_one(m, b, b + STATE + i * GUARD, price)


@helper
def follow_one(m, b, g, price):
    """Raise one guard's trailing floor, up to where it stops for good."""
    if m[g + G_TRAIL] >= 0:
        m[g + G_LEVEL] = max(m[g + G_LEVEL], min(value(m, b, g, price) - m[g + G_TRAIL], m[g + G_STOP]))


@helper
def idle(m, b, g):
    """Whether it has acted and there is nothing left for it to do."""
    return m[g + G_ACTED] != 0 and m[b + POSITION] == 0 and m[b + LIVE] == 0


@helper
def breach(m, b, g, price, direction):
    """How far it is from `price`, going in `direction`, to the first one at which it is breached (R15); -1 for never."""
    slope = m[b + POSITION] * m[TICK_VALUE]
    cap = m[g + G_CAP] != 0
    gap = value(m, b, g, price) - m[g + G_LEVEL]
    if (gap >= 0) if cap else (gap <= 0):
        return 0
    if slope * direction == 0 or (slope * direction < 0) == cap:
        return -1
    return -(-abs(gap) // abs(slope))


@helper
def beyond(m, b, g, price):
    """By how much a guard is breached at a price: the smaller, the more."""
    gap = value(m, b, g, price) - m[g + G_LEVEL]
    return -gap if m[g + G_CAP] else gap


@helper
def goes_before(m, b, g, other, price):
    """Whether of two guards breached at a price the first one acts: the harder one, then the one breached by more."""
    if m[g + G_ACTION] != m[other + G_ACTION]:
        return m[g + G_ACTION] < m[other + G_ACTION]
    return beyond(m, b, g, price) < beyond(m, b, other, price)  # rows stand by name


@helper
def act(m, b, g, price, phase, leg):
    """Carry a breach out: cancel all orders, close at the breach price with the forced slip, apply the action."""
    number = (g - b - STATE) // GUARD + 1
    m[g + G_ACTED] = 1
    m[g + G_TURN] = m[b + LOGGED]
    m[g + G_BREACHES] += 1
    liquidate(m, b, price, m[FORCED_SLIP], phase, leg, 19, number)
    if m[g + G_ACTION] == FAIL and not m[b + FAILED]:
        m[b + FAILED] = number
    elif m[g + G_ACTION] == LOCK and not m[b + LOCKED]:
        m[b + LOCKED] = number


@helper
def test_guards(m, b, price, phase, leg):
    """Test all guards at a price and let the breached ones act, until none has anything to do."""
    acting = m[GUARDS] > 0
    while acting:
        follow_guards(m, b, price)
        first = 0
        for i in range(m[GUARDS]):
            g = b + STATE + i * GUARD
            if idle(m, b, g) or breach(m, b, g, price, 0) != 0:
                continue
            if first == 0 or goes_before(m, b, g, first, price):
                first = g
        acting = first > 0
        if acting:
            act(m, b, first, price, phase, leg)


@helper
def guards_in_reach(m, b, position, cash, fees):
    """Whether a guard is breached at either end of the bar, for a given position and cash flow."""
    slope = position * m[TICK_VALUE]
    start = m[START] + cash * m[TICK_VALUE] - fees
    for i in range(m[GUARDS]):
        g = b + STATE + i * GUARD
        if m[g + G_TRAIL] >= 0:
            if position or m[b + POSITION]:
                return True
            continue
        if idle(m, b, g) and not position:
            continue
        offset = start - m[g + G_START] if m[g + G_DAY] else start
        one, two = offset + slope * m[BAR_LOW], offset + slope * m[BAR_HIGH]
        if (max(one, two) >= m[g + G_LEVEL]) if m[g + G_CAP] else (min(one, two) <= m[g + G_LEVEL]):
            return True
    return False
