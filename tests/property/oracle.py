"""An independent, slow and plain oracle for the fill model (rules R1-R28 of the reference).

One contract, whole ticks, integer money. Written from the document alone; nothing of the framework is
imported. Forced closes (R19, R25) carry order id 0, because no order was accepted for them.

Readings chosen where the document leaves room (N = note):

* N1 (R17 optimistic) "mirror of pessimistic": not failed, not locked, higher equity, and then the
  nearest-extreme path as before (the tie rule is not mirrored). Bars are marked ambiguous there if A and
  B differ.
* N2 (R17 adverse) the "open position" is the one at the start of phase C, i.e. after phase B.
* N3 (R10 bar_close) in phase D the reference moves to c, not to the bar's extreme (an extreme could break
  R28). References of orders that are not eligible yet do not move at all.
* N4 (R17b) a trailing sibling counts as the sibling stop; its level is the one after references moved to
  p (R16).
* N5 (R12) a reduce-only stop-limit whose stop is reached with nothing to reduce is cancelled at the
  trigger. A cancel of this sort is no fill, so its OCO partners stay.
* N6 (R13) a stop-limit triggered in an earlier bar has the rank of a limit in phase B also.
* N7 (R19) a guard fires if it is breached and still has something to do: an order to cancel, a position
  to close, or a flag to set. Guards that tie in distance and rank go in the order given. A position guard
  needs an open position, and leaves fees out.
* N8 (R19 lock) once locked, later asks are not accepted and take no id.
* N9 (R4) an ask of bar b is accepted before bar b and arrives in bar b + latency_bars.
* N10 (R6 current_close) fills in phase E of bar b - 1, latency does not apply; asks for bar 1 are an
  error there.
* N11 (R25) guards are tested after the closing fill at the end of data, as after every fill.
* N12 (R17) A and B may give one ledger and still leave different working orders (a reference, a trigger,
  a reduce-only cancel); the bar is then certain, and the state kept is that of the preferred path.
* N13 (R12) bracket children are "earlier" if they exist when the fill happens; plain orders, reduce-only
  ones too, survive a flat position. (R8) Only stop and trailing fills and the stop of R17b are clamped.
* N14 (R21) k stays the number of the whole bar: eligibility, `children: next_bar`, latency and phase D count whole bars.
  An order arrives in the first finer bar of its arriving bar, a child in the finer bar that bears it; later on it rests.
  R17, R17b and clamping look at one finer bar at a time, and `auction` at a session's first finer bar.
"""

from __future__ import annotations

import copy
import itertools

from oracle_words import Ask, Bar, Fill, Guard, Options, OracleError, Order, Result


class Sim:
    """The account, the book and one bar's phases."""

    def __init__(self, opt: Options, guards: list[Guard], fee: int, tick_value: int, start: int) -> None:
        self.opt, self.guards, self.fee, self.tv, self.start = opt, guards, fee, tick_value, start
        self.cash, self.pos, self.realised, self.fees = start, 0, 0, 0
        self.lots: list[list[int]] = []  # FIFO: [signed size, price]
        self.orders: dict[int, Order] = {}
        self.next_id = 1
        self.new: list[int] = []  # children created and not tested yet
        self.fills: list[Fill] = []
        self.part, self.parts = 0, []  # R21: which finer bar of bar k, and that of each fill
        self.failed = self.locked = False
        self.k, self.bar, self.phase = 0, (0, 0, 0, 0), "close"
        self.act = self.seen = False  # R17b acts in this walk; R17b would have acted

    # money (R19, R20)

    def equity(self, x: int) -> int:
        """R19: start + cash flow of all fills + position at x, fees included."""
        return self.cash + self.pos * x * self.tv

    def open_result(self, x: int) -> int:
        """R19: the position's open result over FIFO lots."""
        return sum((x - price) * size * self.tv for size, price in self.lots)

    def book(self, oid: int, side: int, size: int, price: int, rule: str) -> int:
        """R20: write one fill; return the part that opens or adds."""
        self.fills.append((self.k, oid, side, size, price, rule, self.phase))
        self.parts.append(self.part)
        self.cash -= side * size * price * self.tv + self.fee * size
        self.fees += self.fee * size
        self.pos += side * size
        left = size
        while left and self.lots and self.lots[0][0] * side < 0:
            lot = self.lots[0]
            part = min(left, abs(lot[0]))
            self.realised += -side * part * (price - lot[1]) * self.tv
            lot[0] += side * part
            left -= part
            if lot[0] == 0:
                self.lots.pop(0)
        if left:
            self.lots.append([side * left, price])
        return left

    # guards (R19)

    def due(self, guard: Guard, x: int) -> bool:
        """R19: breached at x, and something left to do (N7)."""
        if guard.basis == "position":
            if self.pos == 0:
                return False
            value = self.open_result(x)
        else:
            value = self.equity(x)
        if not (value <= guard.level if guard.side == "floor" else value >= guard.level):
            return False
        unset = (guard.action == "fail" and not self.failed) or (guard.action == "lock" and not self.locked)
        return unset or self.pos != 0 or bool(self.orders)

    def fire(self, guard: Guard, p: int) -> None:
        """R19: cancel all orders, close at p -/+ forced_slip, apply the action."""
        self.orders.clear()
        self.new.clear()
        if self.pos:
            side = -1 if self.pos > 0 else 1
            self.book(0, side, abs(self.pos), p + side * self.opt.forced_slip_ticks, "R19")
        self.failed |= guard.action == "fail"
        self.locked |= guard.action == "lock"

    def test_guards(self, p: int) -> None:
        """Guards at p, floors before caps (R15 ranks), until none has anything to do."""
        while True:
            due = [g for g in sorted(self.guards, key=lambda g: g.side == "cap") if self.due(g, p)]
            if not due:
                return
            self.fire(due[0], p)

    # filling

    def reducible(self, order: Order) -> int:
        """How much of the order would fill: reduce-only orders are cut to the position (R12)."""
        if not order.ask.reduce_only:
            return order.ask.size
        return min(order.ask.size, max(0, -order.ask.side * self.pos))

    def fill(self, order: Order, price: int, rule: str, p: int) -> None:
        """R12, R16: take the order out, book it, OCO, flat or reversal, children, then guards at p."""
        size = self.reducible(order)
        del self.orders[order.id]
        if size == 0:
            return  # R12: level reached with nothing to reduce
        before = self.pos
        opened = self.book(order.id, order.ask.side, size, price, rule)
        for other in list(self.orders.values()):
            linked = order.oco is not None and other.oco == order.oco
            ended = other.role is not None and before != 0 and self.pos * before <= 0
            if linked or ended:
                del self.orders[other.id]
        if opened:
            self.make_children(order, price, opened)
        self.test_guards(p)

    def make_children(self, parent: Order, price: int, size: int) -> None:
        """R12: stop before target, reduce-only, OCO, sized to the opening part (R4: delayed ones rest)."""
        ask, s = parent.ask, parent.ask.side
        wanted: list[tuple[str, Ask]] = []
        if ask.trailing_sl is not None:
            wanted.append(("stop", Ask("trailing_stop", -s, size, trail=ask.trailing_sl, reduce_only=True)))
        elif ask.sl is not None:
            wanted.append(("stop", Ask("stop", -s, size, stop=price - s * ask.sl, reduce_only=True)))
        if ask.tp is not None:
            wanted.append(("target", Ask("limit", -s, size, limit=price + s * ask.tp, reduce_only=True)))
        delayed = self.opt.children == "next_bar" or self.phase == "close"
        for role, child in wanted:
            order = Order(
                self.next_id,
                child,
                self.k + 1 if delayed else self.k,
                None if delayed else self.k,
                ("children", parent.id),
                role,
                (self.k, self.part, self.phase),
                self.part,
                ref=price,
            )
            self.orders[order.id] = order
            self.next_id += 1
            if not delayed:
                self.new.append(order.id)

    def clamp(self, price: int) -> int:
        """R8: clamp_slippage keeps stop fills inside the bar."""
        if not self.opt.clamp_slippage:
            return price
        return max(self.bar[2], min(self.bar[1], price))

    def trigger(self, order: Order, p: int) -> None:
        """R8, R9, R10: a stop's level is reached at price p (the open, or the level itself)."""
        s, t = order.ask.side, self.opt.stop_slip_ticks
        if order.ask.kind != "stop_limit":
            rule = "R10" if order.ask.kind == "trailing_stop" else "R8"
            self.fill(order, self.clamp(p + s * t), rule, p)
        elif self.reducible(order) == 0:
            del self.orders[order.id]  # N5
        elif s * (p - order.ask.limit) <= 0:
            self.fill(order, s * min(s * order.ask.limit, s * p + t), "R9", p)
        else:
            order.triggered = True

    def fill_limit(self, order: Order, price: int, p: int) -> None:
        """R7 fill, unless R17b puts the sibling stop in its place."""
        stop = self.same_bar_stop(order)
        if stop is not None:
            self.seen = True
            if self.act:
                level = stop.level(self.opt.limit_through_ticks)
                self.fill(stop, self.clamp(level + stop.ask.side * self.opt.stop_slip_ticks), "R17b", p)
                return
        self.fill(order, price, "R9" if order.ask.kind == "stop_limit" else "R7", p)

    def same_bar_stop(self, target: Order) -> Order | None:
        """R17b: the sibling stop that would be filled instead of this target, if any."""
        if target.role != "target" or target.born != (self.k, self.part, "path") or self.reducible(target) == 0:
            return None
        for other in self.orders.values():
            if other.role == "stop" and other.oco == target.oco:
                inside = self.bar[2] <= other.level(self.opt.limit_through_ticks) <= self.bar[1]
                return other if inside else None
        return None

    # phase B and tests at a price (R13)

    def reached(self, order: Order, p: int) -> bool:
        """Fill condition of a live order at price p (R7 marketable, R8 and R9 and R10 touched)."""
        if order.ask.kind == "market":
            return True
        # A limit is marketable if s(p - L) <= -q, i.e. s(p - E) <= 0: the same form as a stop with `needs`.
        return order.needs * (p - order.level(self.opt.limit_through_ticks)) >= 0

    def test(self, oid: int, p: int) -> None:
        """R13: one order, if still live, at price p, as in phase B."""
        order = self.orders.get(oid)
        if order is None:
            return
        s, m = order.ask.side, self.opt.market_slip_ticks
        if self.reached(order, p):
            if order.ask.kind == "market":
                self.fill(order, p + s * m, "R6", p)
            elif order.is_limit:
                limit = order.ask.limit
                at_open = self.opt.gap_price == "open" or (
                    self.opt.gap_price == "auction" and self.k in self.opt.session_first and self.part == 0
                )
                if (order.arrives, order.part) == (self.k, self.part):
                    price = s * min(s * limit, s * p + m)
                else:
                    price = p if at_open else limit
                self.fill_limit(order, price, p)
            else:
                self.trigger(order, p)
        if oid in self.orders:
            self.follow(order, p)

    def test_new(self, p: int) -> None:
        """R13, R16: orders created just now, once, in id order, as arriving."""
        while self.new:
            self.test(self.new.pop(0), p)

    def follow(self, order: Order, p: int) -> None:
        """R10: the reference follows a better price (a sell trails the highest, a buy the lowest)."""
        if self.opt.trail_update == "path" and order.ask.kind == "trailing_stop":
            order.ref = max(order.ref, p) if order.ask.side < 0 else min(order.ref, p)

    def live(self) -> list[Order]:
        """Live eligible orders by rank, then id."""
        return sorted((o for o in self.orders.values() if o.eligible <= self.k), key=lambda o: (o.rank, o.id))

    def phase_b(self, k: int, bar: Bar) -> None:
        """R13."""
        self.k, self.bar, self.phase = k, bar, "open"
        self.test_guards(bar[0])
        for order in self.live():
            self.test(order.id, bar[0])
        self.test_new(bar[0])

    # phase C (R14-R16)

    def walk(self, path: str, act: bool = False) -> Sim:
        """R14: phase C on a copy, along A = o,h,l,c or B = o,l,h,c."""
        sim = copy.deepcopy(self)
        sim.phase, sim.act, sim.seen = "path", act, False
        o, h, low, c = sim.bar
        points = (o, h, low, c) if path == "A" else (o, low, h, c)
        for p, r in itertools.pairwise(points):
            if p != r:
                sim.leg(p, r, 1 if r > p else -1)
        return sim

    def leg(self, p: int, r: int, u: int) -> None:
        """R15, R16: serve the events of one leg from p to r, direction u."""
        while True:
            events: list[tuple[tuple[int, int, int], int, Order | Guard]] = []
            for order in self.live():
                e = order.level(self.opt.limit_through_ticks)
                if order.needs == u and (e - p) * u >= 0 and (r - e) * u >= 0:
                    events.append(((abs(e - p), order.rank, order.id), e, order))
            for i, guard in enumerate(self.guards):
                for x in range(p, r + u, u):
                    if self.due(guard, x):
                        events.append(((abs(x - p), 0 if guard.side == "floor" else 4, i), x, guard))
                        break
            if not events:
                break
            _, p, what = min(events, key=lambda event: event[0])
            self.follow_all(p, u)
            if isinstance(what, Guard):
                self.fire(what, p)
                self.test_guards(p)
            elif what.is_limit:
                self.fill_limit(what, what.ask.limit, p)
            else:
                self.trigger(what, p)
            self.test_new(p)
        self.follow_all(r, u)

    def follow_all(self, p: int, u: int) -> None:
        """R16: move references of trailing orders favoured by u up to p."""
        for order in self.live():
            if order.ask.side == -u:
                self.follow(order, p)

    # R17

    def phase_c(self) -> tuple[Sim, bool]:
        """R17: the outcome kept, and whether the bar is ambiguous."""
        o, h, low, c = self.bar
        nearest = "A" if h - o < o - low else "B"
        mode = self.opt.intrabar
        single = {"nearest_extreme": nearest, "ohlc": "A", "olhc": "B"}
        single["candle_colour"] = "B" if c >= o else "A"
        single["adverse"] = nearest if self.pos == 0 else ("B" if self.pos > 0 else "A")  # N2
        if mode in single:
            return self.walk(single[mode]), False
        if mode not in ("pessimistic", "optimistic"):
            raise ValueError(f"intrabar {mode} is not part of the oracle")

        plain = {path: self.walk(path) for path in "AB"}
        ambiguous = plain["A"].outcome() != plain["B"].outcome()
        outcomes = [(path, 0, sim) for path, sim in plain.items()]
        if mode == "pessimistic":
            for path, sim in plain.items():
                if sim.seen:
                    ambiguous = True
                    outcomes.append((path, 1, self.walk(path, act=True)))
        sign = 1 if mode == "pessimistic" else -1  # N1

        def preference(item: tuple[str, int, Sim]) -> tuple[int, int, int, bool, int]:
            path, guarded, sim = item
            return -sign * sim.failed, -sign * sim.locked, sign * sim.equity(c), path != nearest, guarded

        return min(outcomes, key=preference)[2], ambiguous

    def outcome(self) -> tuple[list[tuple[int, int, int, int]], bool, bool]:
        """What makes two ledgers differ. (Earlier bars are common to both walks.)"""
        return [fill[1:5] for fill in self.fills], self.failed, self.locked

    # phases D and E, end of data

    def phase_d(self) -> int:
        """R10 bar_close, R20 identities, R28; the equity at c."""
        c = self.bar[3]
        for order in self.live():
            if self.opt.trail_update == "bar_close" and order.ask.kind == "trailing_stop":
                order.ref = max(order.ref, c) if order.ask.side < 0 else min(order.ref, c)  # N3
            if self.reached(order, c):
                raise OracleError(f"R28: {order} is true at {c} in bar {self.k}")
        self.check_money(c)
        return self.equity(c)

    def check_money(self, c: int) -> None:
        """R20: both identities, and the position of the lots against that of the fills."""
        flow = sum(-side * size * price * self.tv for _, _, side, size, price, _, _ in self.fills)
        position = sum(side * size for _, _, side, size, _, _, _ in self.fills)
        balance = self.start + self.realised - self.fees
        by_fills = self.start + flow + position * c * self.tv - self.fees
        same = {by_fills, balance + self.open_result(c), self.equity(c)}
        if len(same) != 1 or position != self.pos or position != sum(size for size, _ in self.lots):
            raise OracleError(f"R20: {same} position {self.pos} in bar {self.k}")

    def accept(self, asks: list[Ask], before: int) -> None:
        """R3 phase E of bar before-1: accept the asks of bar `before`, in list order (R4 ids)."""
        self.phase = "close"
        for ask in asks:
            if ask.bar != before or self.failed or self.locked:  # N8
                continue
            now = ask.kind == "market" and self.opt.market_fill == "current_close"
            ref = self.bar[3] if ask.ref is None else ask.ref
            if before == 1 and (now or (ask.kind == "trailing_stop" and ask.ref is None)):
                raise ValueError("no close before bar 1")
            arrives = before + self.opt.latency_bars  # N9
            oco = None if ask.oco is None else ("asks", ask.oco)
            order = Order(self.next_id, ask, arrives, arrives, oco, ref=ref)
            self.orders[order.id] = order
            self.next_id += 1
            if now:
                price = self.bar[3] + ask.side * self.opt.market_slip_ticks
                self.fill(order, price, "R6", self.bar[3])  # N10

    def end(self) -> None:
        """R25 at_end: close."""
        self.phase = "end"
        self.orders.clear()
        if self.pos:
            side = -1 if self.pos > 0 else 1
            c = self.bar[3]
            self.book(0, side, abs(self.pos), c + side * self.opt.market_slip_ticks, "R25")
            self.test_guards(c)  # N11


def covers(parts: list[Bar], bar: Bar) -> bool:
    """R21: finer bars cover the bar exactly."""
    whole = parts and (parts[0][0], max(p[1] for p in parts), min(p[2] for p in parts), parts[-1][3])
    return whole == bar


def run(
    bars: list[Bar],
    asks: list[Ask],
    options: Options | None = None,
    guards: tuple[Guard, ...] | list[Guard] = (),
    fee: int = 0,
    tick_value: int = 1,
    start: int = 0,
    finer: dict[int, list[Bar]] | None = None,
) -> Result:
    """R3: the bars in turn, phases B, C, D, E; `finer` are those inside a bar. After `fail` the run stops with its bar."""
    mismatched: set[int] = set()
    sim = Sim(options or Options(), list(guards), fee, tick_value, start)
    ambiguous: set[int] = set()
    equity: list[int] = []
    for k, bar in enumerate(bars, 1):
        if not bar[2] <= min(bar[0], bar[3]) <= max(bar[0], bar[3]) <= bar[1]:
            raise ValueError(f"R1: {bar}")
        sim.accept(asks, before=k)
        if sim.failed:
            break
        inside = [bar] if finer is None else finer.get(k, [])
        if not covers(inside, bar):
            mismatched.add(k)
            inside = [bar]
        for number, part in enumerate(inside):
            sim.part = number
            sim.phase_b(k, part)
            sim, unsure = sim.phase_c()
            if unsure:
                ambiguous.add(k)
        sim.part = 0
        equity.append(sim.phase_d())
        if sim.failed:
            break
    else:
        sim.accept(asks, before=len(bars) + 1)
        if sim.opt.at_end == "close":
            sim.end()
    close = sim.bar[3]
    sim.check_money(close)
    return Result(
        sim.fills,
        ambiguous,
        sim.failed,
        sim.locked,
        equity,
        sim.pos,
        sorted(sim.orders),
        sim.equity(close),
        [sim.orders[oid] for oid in sorted(sim.orders)],
        sim.parts,
        mismatched,
    )
