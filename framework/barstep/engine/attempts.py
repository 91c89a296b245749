"""The attempts of an account in one run: when one ends, by which rule, and what the next one starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from barstep.rules.passing import Terms, passes, total_needed

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from barstep.sim.exchange import SimulatedExchange
    from barstep.sim.guards import ArmedGuard
    from barstep.sim.records import Breach

Verdict = Literal["open", "passed", "failed"]
OnFail = Literal["stop", "reset"]
OnPass = Literal["stop", "continue"]


@dataclass(slots=True)
class Attempt:
    """One attempt; money in micro-dollars.

    Attributes:
        number: From 1.
        start, end: Its first and its last trading day.
        days, traded_days: Trading days, and those with a fill.
        verdict: `open` while neither passed nor failed.
        rule: The rule that failed it (`max_days` when it lasted too long), or `profit_target`.
        at_ns: When it was decided: the end of the bar that failed it, the last bar's of the day that passed it.
        margin: By how much: equity less the floor that was breached, or the result less what was needed.
        headroom: The smallest distance of equity to a floor that fails, None without such a floor.
        net, best_day, needed: Result, best day's result, and the result that passes as things stand (0: nothing to pass).
    """

    number: int
    start: date
    end: date
    days: int = 0
    traded_days: int = 0
    verdict: Verdict = "open"
    rule: str = ""
    at_ns: int | None = None
    margin: int | None = None
    headroom: int | None = None
    net: int = 0
    best_day: int = 0
    needed: int = 0


class _Span(NamedTuple):
    """From when on a floor held, for which attempt, and how it trails."""

    begin_ns: int
    attempt: Attempt
    level: int
    trail: int | None
    until: int | None


class Attempts:
    """Follows the trading days of an account.

    Args:
        exchange: The account.
        terms: What passes.
        on_fail: `stop` the run, or `reset` to a new attempt at the next trading day.
        on_pass: `stop` the run, or `continue` with a new attempt at the next trading day.

    Attributes:
        made: All attempts so far; the last one is under way unless it has a verdict.
        traded: Set it on a fill: the present day counts as traded.
        over: Whether what was decided at the end of a day ends the run.
    """

    def __init__(self, exchange: SimulatedExchange, terms: Terms, on_fail: OnFail, on_pass: OnPass) -> None:
        self.exchange = exchange
        self.terms = terms
        self.on_fail, self.on_pass = on_fail, on_pass
        self.made: list[Attempt] = []
        self.traded = False
        self.over = False
        self._balance = exchange.start_balance
        self._spans: list[_Span] = []

    @property
    def number(self) -> int:
        """Number of the present attempt, from 1."""
        return len(self.made) or 1

    @property
    def ends_on_failure(self) -> bool:
        """Whether a failed account ends the run."""
        return self.on_fail == "stop"

    def begin_day(self, day: date) -> None:
        """Phase A of a new trading day, before guards are reset: where the last attempt is decided, another begins."""
        self.end_day()
        if self.over:
            return
        last = self.made[-1] if self.made else None
        if last is None or last.verdict != "open":
            if last is not None:
                self.exchange.restart()
            self.made.append(Attempt(self.number if last is None else last.number + 1, day, day))
        self.made[-1].end = day
        self.made[-1].days += 1
        self.traded = False
        self._balance = self.exchange.balance

    def end_day(self) -> None:
        """A trading day is over: book its result, and see whether the attempt is passed."""
        attempt = self.made[-1] if self.made else None
        if attempt is None or self.over:
            return
        flat = not any(market.ledger.position for market in self.exchange.markets)
        most = self.terms.max_days
        late = attempt.verdict == "open" and most is not None and (attempt.end - attempt.start).days >= most - 1
        if late and not flat:
            self.exchange.flatten("max_days", "R19", "hooks")
        result = self.exchange.balance - self._balance
        self._balance = self.exchange.balance
        attempt.net += result
        attempt.best_day = max(attempt.best_day, result)
        attempt.traded_days += self.traded
        self.traded = False
        target = self.terms.target
        attempt.needed = 0 if target is None else round(total_needed(attempt.best_day, self.terms.share, target))
        if attempt.verdict == "open" and flat and self._passes(attempt):
            self._decide(attempt, "passed", "profit_target")
            self.over = self.on_pass == "stop"  # noqa: S105
        elif late:
            self._decide(attempt, "failed", "max_days")
            self.exchange.failed = "max_days"
            self.over = self.ends_on_failure

    def finish(self, *, interrupted: bool) -> None:
        """The run is over; one that was interrupted inside a day does not count that day."""
        if self.made and not (interrupted and self.made[-1].verdict == "open"):
            self.end_day()

    def note(self, breach: Breach) -> None:
        """A guard acted; one that fails the account ends the attempt."""
        attempt = self.made[-1] if self.made else None
        if breach.guard.action != "fail" or attempt is None or attempt.verdict != "open":
            return
        attempt.verdict, attempt.rule, attempt.at_ns = "failed", breach.guard.name, breach.at_ns
        from_day = self.exchange.equity - self.exchange.day_result if breach.guard.basis == "day" else 0
        attempt.margin = self.exchange.equity - from_day - breach.level
        attempt.headroom = min(attempt.margin, attempt.margin if attempt.headroom is None else attempt.headroom)

    def watch(self) -> None:
        """The guards have changed, or a day has begun: note the floor that fails the account from here on."""
        if not self.made:
            return
        floors = self._floors()
        if floors:
            highest = max(floors, key=_level)
            guard = highest.guard
            span = _Span(self.exchange.clock_ns, self.made[-1], _level(highest), guard.trail, guard.trail_until)
            if not self._spans or self._spans[-1][1:] != span[1:]:
                self._spans.append(span)

    def measure(self, equity: dict[str, NDArray[np.int64]]) -> None:
        """Bring the smallest headroom up to date with some bars; the order of one bar's extremes is not known.

        A bar's own high raises a trailing floor for its close and for the bars after it, not for its own low.
        """
        ends = equity["end_ns"]
        begins = [span.begin_ns for span in self._spans]
        for index, span in enumerate(self._spans):
            first = np.searchsorted(ends, begins[index], side="right")
            last = np.searchsorted(ends, begins[index + 1], side="right") if index + 1 < len(begins) else len(ends)
            if first < last:
                rows = slice(int(first), int(last))
                self._measure(span, *(equity[name][rows] for name in ("low", "high", "equity")))
        self._spans = self._spans[-1:]
        floors = {each.guard.trail: each for each in self._floors()}
        if self._spans and self._spans[0].trail in floors and len(ends):
            span = self._spans[0]
            self._spans = [span._replace(begin_ns=int(ends[-1]), level=max(span.level, _level(floors[span.trail])))]

    @staticmethod
    def _measure(span: _Span, low: NDArray[np.int64], high: NDArray[np.int64], close: NDArray[np.int64]) -> None:
        floor = np.full(len(low) + 1, span.level, np.int64)
        if span.trail is not None:
            raised = np.maximum.accumulate(high) - span.trail
            floor[1:] = np.maximum(span.level, raised if span.until is None else np.minimum(raised, span.until))
        smallest = int(min((low - floor[:-1]).min(), (close - floor[1:]).min()))
        attempt = span.attempt
        attempt.headroom = smallest if attempt.headroom is None else min(attempt.headroom, smallest)

    def _decide(self, attempt: Attempt, verdict: Verdict, rule: str) -> None:
        """At the end of a day."""
        attempt.verdict, attempt.rule = verdict, rule
        attempt.at_ns = self.exchange.current.stamps[1]
        attempt.margin = attempt.net - attempt.needed

    def _passes(self, attempt: Attempt) -> bool:
        return passes(self.terms, attempt.net, attempt.best_day, attempt.traded_days)

    def _floors(self) -> list[ArmedGuard]:
        return [
            armed
            for armed in self.exchange.markets[0].book.guards
            if armed.guard.action == "fail" and armed.guard.side == "floor" and armed.guard.basis != "position"
        ]


def _level(armed: ArmedGuard) -> int:
    """The equity at which a floor is breached."""
    return armed.level + (armed.day_start if armed.guard.basis == "day" else 0)
