"""What a wanted position asks for, and what the risk rules leave of it: `ctx.set_position` and the order gate."""

from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    ACCEPTED, AFTER_HOOKS, ARRIVE, BAR, CAP, DENIED, EVENT, FAILED, FROM, KIND, LATENCY, LIVE, LOCKED, MARKET,
    MOST_TRADES, NEEDS, NEVER, NEXT_ID, ORDERS, P_ONE, POSITION, REDUCE, REFUSED_BY_RISK, REFUSED_BY_VENUE, REJECTED,
    SIGN, SIZE, STOP_TICKS, TAKEN, TARGET_TICKS, TOLD_ASK, TRAIL_TICKS, WORKING,
)  # fmt: skip
from barstep.engine.array.kernel.ledger import tell
from barstep.engine.array.kernel.orders import place


@helper
def missing_for(m, b, want):
    """Signed contracts that are neither held nor on their way yet."""
    position = m[b + POSITION]
    free = reducing = 0
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + KIND] != MARKET:
            continue
        if not m[w + REDUCE]:
            free += m[w + SIGN] * m[w + SIZE]
        elif m[w + SIGN] * position < 0:
            reducing += m[w + SIZE]
    closing = min(reducing, position) if position > 0 else -min(reducing, -position)
    return want - position - (free - closing)


@helper
def ask(m, b, want, stop, target, trail, denied):
    """Ask for the order that brings the position to `want`. Returns its place when it is accepted, else 0."""
    missing = missing_for(m, b, want)
    if not missing:
        return 0
    sign, asked = (1 if missing > 0 else -1), abs(missing)
    worst = sign * m[b + POSITION]
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + SIGN] == sign and not m[w + REDUCE]:
            worst += m[w + SIZE]
    opens = asked if worst >= 0 else max(0, worst + asked)
    allowed = 0 if denied or m[b + LOCKED] or m[TAKEN] >= m[MOST_TRADES] else opens
    allowed = min(allowed, max(0, m[CAP] - max(0, worst)))
    size, reduce_only = asked, 0
    if allowed < opens:
        closes = min(asked, max(0, -sign * m[b + POSITION]))
        size = max(closes, asked - (opens - allowed))
        reduce_only = 1 if size == closes else 0
    outcome = REFUSED_BY_RISK if size == 0 else REFUSED_BY_VENUE if m[b + FAILED] else ACCEPTED
    if outcome == REFUSED_BY_RISK:
        m[DENIED] += 1
    elif outcome == REFUSED_BY_VENUE:
        m[REJECTED] += 1
    t = tell(m, TOLD_ASK, AFTER_HOOKS)
    if t:
        m[t + P_ONE] = m[b + NEXT_ID] if outcome == ACCEPTED else -(m[DENIED] + m[REJECTED])
        m[t + P_ONE + 1] = sign
        m[t + P_ONE + 2] = asked
        m[t + P_ONE + 3] = asked if outcome == REFUSED_BY_RISK else size
        m[t + P_ONE + 4] = opens
        m[t + P_ONE + 5] = worst
        m[t + P_ONE + 6] = outcome
        m[t + P_ONE + 7] = reduce_only
        m[t + P_ONE + 8] = m[TAKEN]
    w = place(m, b, sign, MARKET, size, 0) if outcome == ACCEPTED else 0
    if w:
        m[w + EVENT] = -sign * NEVER
        m[w + NEEDS] = sign
        m[w + FROM] = m[w + ARRIVE] = m[BAR] + 1 + m[LATENCY]
        m[w + REDUCE] = reduce_only
        if not reduce_only:
            m[w + STOP_TICKS] = stop
            m[w + TARGET_TICKS] = target
            m[w + TRAIL_TICKS] = trail
    return w
