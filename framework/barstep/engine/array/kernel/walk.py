"""The walk through a bar: the open (R13) and the legs of a path (R14-R16), as in `barstep.sim.walk`."""

from barstep.engine.array.kernel.guards import act, breach, follow_guards, goes_before, idle, test_guards
from barstep.engine.array.kernel.jit import helper
from barstep.engine.array.kernel.layout import (
    ARRIVE, BAR, BAR_CLOSE, BAR_HIGH, BAR_LOW, BAR_OPEN, EVENT, FILLS, FROM, G_CAP, GUARD, GUARDS, KIND, LIVE, NEEDS,
    NEVER, OPEN, ORDERS, PATH, REACHED, STATE, TRAIL, TRAIL_AT_CLOSE, WORKING,
)  # fmt: skip
from barstep.engine.array.kernel.orders import fire, fires, follow, try_at, try_newborn
from barstep.engine.array.kernel.removal import log_point


@helper
def walk_open(m, b):
    """Phase B: guards at the open, then each eligible order by rank and id, then the orders these created."""
    price = m[BAR_OPEN]
    log_point(m, b, price)
    test_guards(m, b, price, OPEN, 0)
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        m[w + REACHED] = 1 if m[w + FROM] <= m[BAR] and fires(m, w, price) else 0
    w = first_reached(m, b)
    while w:
        m[w + REACHED] = 0
        before = m[b + FILLS]
        try_at(m, b, w, price, OPEN, 1 if m[w + ARRIVE] == m[BAR] else 0)
        if m[b + FILLS] > before:
            test_guards(m, b, price, OPEN, 0)
        w = first_reached(m, b)
    try_newborn(m, b, price, OPEN)
    if not m[TRAIL_AT_CLOSE]:
        for i in range(m[b + LIVE]):
            w = b + ORDERS + i * WORKING
            if m[w + TRAIL] and m[w + FROM] <= m[BAR]:
                follow(m, w, price)


@helper
def first_reached(m, b):
    """The order that comes first by rank and id among those noted as reached; 0 when none is left."""
    best = 0
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + REACHED] and (best == 0 or m[w + KIND] < m[best + KIND]):
            best = w  # rows stand by id
    return best


@helper
def walk_path(m, b, down_first):
    """Phase C along one path, from the open to the close (R14)."""
    price = m[BAR_OPEN]
    for leg in range(1, 4):
        target = m[BAR_CLOSE] if leg == 3 else m[BAR_LOW] if (leg == 1) == down_first else m[BAR_HIGH]
        if target != price:
            walk_leg(m, b, price, target, leg)
            price = target


@helper
def walk_leg(m, b, price, target, leg):
    """One leg: events in the order in which the price meets them."""
    direction = 1 if target > price else -1
    while True:
        order, guard, distance = next_event(m, b, price, target, direction)
        if order + guard == 0:
            break
        price += distance * direction
        log_point(m, b, price)
        move_along(m, b, price, direction)
        before = m[b + FILLS]
        if order:
            fire(m, b, order, leg)
        else:
            act(m, b, guard, price, PATH, leg)
        if m[b + FILLS] > before:
            test_guards(m, b, price, PATH, leg)
    move_along(m, b, target, direction)
    log_point(m, b, target)


@helper
def next_event(m, b, price, target, direction):
    """The event with the smallest (distance, rank, id) on the way to `target`, both ends included (R15).

    Returns the place of an order and that of a guard, one of them 0, both when there is none, and the distance.
    """
    reach = (target - price) * direction
    order, guard, best, best_rank = 0, 0, NEVER, 0
    for i in range(m[b + LIVE]):
        w = b + ORDERS + i * WORKING
        if m[w + NEEDS] != direction or m[w + FROM] > m[BAR]:
            continue
        distance = (m[w + EVENT] - price) * direction
        if distance < 0 or distance > reach:
            continue
        if distance < best or (distance == best and m[w + KIND] < best_rank):  # rows stand by id
            order, best, best_rank = w, distance, m[w + KIND]
    for i in range(m[GUARDS]):
        g = b + STATE + i * GUARD
        if idle(m, b, g):
            continue
        distance = breach(m, b, g, price, direction)
        rank = 4 if m[g + G_CAP] else 0
        if distance < 0 or distance > reach:
            continue
        tie = distance == best and rank == best_rank and guard > 0
        if distance < best or (distance == best and rank < best_rank):
            order, guard, best, best_rank = 0, g, distance, rank
        elif tie and goes_before(m, b, g, guard, price + distance * direction):
            guard = g
    return order, guard, best


@helper
def move_along(m, b, price, direction):
    """Move what follows the best price: trailing stops favoured by the direction (R10, R16), trailing floors (R19)."""
    if not m[TRAIL_AT_CLOSE]:
        for i in range(m[b + LIVE]):
            w = b + ORDERS + i * WORKING
            if m[w + TRAIL] and m[w + NEEDS] != direction and m[w + FROM] <= m[BAR]:
                follow(m, w, price)
    follow_guards(m, b, price)
