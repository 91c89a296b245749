"""What stands where: the kernel keeps all it changes in one array of int64, the arena, and these are places in it.

It begins with options, the account and the bar being walked, at fixed places. Then come three books (the book itself and the
copies walked along A and B), each with its state, its guards, its working orders and the log of the bar; then lots, fills,
trades, steps and the tape, at places that the arena itself names. One array in place of a dozen makes the kernel five
times smaller, and so five times faster to compile. numba takes the names below as constants.

In the functions `m` is the arena, `b` the place of a book, `w` of a working order, `g` of a guard and `e` of a row of the log.
"""

from itertools import count

NEVER = 1 << 62
FAR = (1 << 30) - 1
KEEP = -(1 << 63)

MARKET, STOP, LIMIT = 0, 1, 3
"""Kinds of orders; the number is the rank of R13 and R15."""

NO_ROLE, STOP_ROLE, TARGET_ROLE, TRAIL_ROLE = range(4)
OPEN, PATH, SETTLE, HOOKS, END = range(5)
"""Phases of a fill."""

FLAT_TIME, END_OF_DATA = -1, -2
"""Causes of a forced close; a guard's number plus one where a guard is the cause, 0 where an order is."""

FINE, OFF_LEDGER = range(2)
"""What a run ends with: R20 held, or it did not (a bug)."""

NUMBERS, TABLES, STORY = range(3)
"""What a run keeps: figures only; fills, trades and steps too; the tape too."""

_places = count()
_next = _places.__next__

# -- options and account: one each -----------------------------------------------------------------------------
AT_CLOSE, MARKET_SLIP, STOP_SLIP, FORCED_SLIP, THROUGH, GAP, INTRABAR = (_next() for _ in range(7))
NEXT_BAR, TRAIL_AT_CLOSE, CLAMP, LATENCY, CLOSE_AT_END, TICK_VALUE, FEE = (_next() for _ in range(7))
START, CAP, MOST_TRADES, GUARDS, SAVES = (_next() for _ in range(5))
OPTIONS = _next()
GAP_LIMIT, GAP_OPEN, GAP_AUCTION = range(3)
PESSIMISTIC, NEAREST, OHLC, OLHC, COLOUR, ADVERSE, OPTIMISTIC = range(7)

# -- places and rooms of what has no fixed place ---------------------------------------------------------------
BOOK_A, BOOK_B, AT_LOG, AT_LOTS, AT_FILLS, AT_TRADES, AT_STEPS, AT_TAPE = (_next() for _ in range(8))
ORDER_ROOM, LOG_ROOM, LOT_ROOM, FILL_ROOM, TRADE_ROOM, STEP_ROOM, TAPE_ROOM = (_next() for _ in range(7))
FULL = _next()
"""Non-zero when there was no room for something that the run itself needs: an order, a row of the log, a lot."""

# -- the bar being walked --------------------------------------------------------------------------------------
BAR, BAR_OPEN, BAR_HIGH, BAR_LOW, BAR_CLOSE, FIRST = (_next() for _ in range(6))

# -- the ledger and the figures of a run -----------------------------------------------------------------------
LEDGER = _next()
L_POSITION, L_CASH, L_FEES, REALISED, LOW, HIGH, SEEN, LOTS, HEAD, STEPPED, TAKEN = (_next() for _ in range(11))
N_FILLS, N_TRADES, N_STEPS, N_TAPE, AMBIGUOUS, DENIED, REJECTED = (_next() for _ in range(7))
PEAK, DRAWDOWN, IN_MARKET, BARS, FAULT = (_next() for _ in range(5))
BOOK = _next()
"""Where the first book begins."""

# -- a book: state, guards, working orders, log of the bar -----------------------------------------------------
POSITION, CASH, FEES, FILLS, NEXT_ID, LIVE, LOGGED, FAILED, LOCKED, STATE = range(10)
(
    G_CAP, G_DAY, G_LEVEL, G_BASE, G_ACTION, G_TRAIL, G_START, G_ACTED, G_BREACHES, G_BEFORE, G_BELOW, G_STOP, G_TURN, GUARD,
) = range(14)  # fmt: skip
FAIL, LOCK, FLATTEN = range(3)
MOST_GUARDS = 8
ORDERS = STATE + MOST_GUARDS * GUARD
"""Where the working orders begin, from the book's place on. SHOWN is the level that a trailing stop's order shows."""
(
    ID, SIGN, KIND, SIZE, LEVEL, EVENT, NEEDS, TRAIL, REF, FROM, ARRIVE, REDUCE, OCO, ROLE, PARENT, STOP_TICKS,
    TARGET_TICKS, TRAIL_TICKS, REACHED, NEWBORN, SHOWN, WORKING,
) = range(22)  # fmt: skip
(
    E_TYPE, E_ID, E_SIGN, E_SIZE, E_PRICE, E_LEVEL, E_RULE, E_PHASE, E_LEG, E_ARRIVING, E_OPENED, E_CAUSE, E_ROLE,
    E_SHOWN, E_PARENT, ENTRY,
) = range(16)  # fmt: skip
POINT, EXECUTION, REMOVAL, BIRTH = range(4)
NOTHING_TO_REDUCE, OCO_FILLED, POSITION_CLOSED, FORCED = range(1, 5)
"""Why an order left the book without a fill, in E_RULE; E_PARENT is the order that filled under OCO."""
LOT_FILL, LOT_SIZE, LOT_PRICE, LOT_LOW, LOT_HIGH, LOT = range(6)

# -- what a run leaves -----------------------------------------------------------------------------------------
(
    F_BAR, F_ID, F_SIGN, F_SIZE, F_PRICE, F_LEVEL, F_RULE, F_PHASE, F_LEG, F_ARRIVING, F_OPENED, F_CAUSE, F_ROLE,
    F_SHOWN, F_AMBIGUOUS, F_AFTER, F_REALISED, FILL,
) = range(18)  # fmt: skip
"""A fill; from F_ID to F_SHOWN as E_ID to E_SHOWN."""
T_ENTRY, T_EXIT, T_SIZE, T_TICKS, T_WORST, T_BEST, TRADE = range(7)
S_ROW, S_POSITION, S_CASH, S_FEES, S_BALANCE, S_LOW, S_HIGH, STEP = range(8)
P_TYPE, P_BAR, P_BATCH, P_ONE, TAPE = 0, 1, 2, 3, 12
"""The tape: all events in order, with pointers to fills and trades; up to nine figures from P_ONE on."""
TOLD_FILL, TOLD_TRADE, TOLD_REMOVAL, TOLD_BIRTH, TOLD_ASK, TOLD_OUTCOME, TOLD_EXECUTION, TOLD_BREACH = range(8)
ACCEPTED, REFUSED_BY_RISK, REFUSED_BY_VENUE = range(3)
IN_BAR, AFTER_HOOKS, AT_THE_END = range(3)
"""Batches: events of one bar and batch are told to plugins together."""
