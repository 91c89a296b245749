"""A run in the array lane: whether it can be, and the same tables, digest and figures from what the kernel leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.domain.fill import Fill, Trade
from barstep.domain.order import Order
from barstep.engine.array.account import make_account
from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.compiled import MISSING, compiling, installed
from barstep.engine.array.forms import BalanceFloor, GuardForm
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.observers import Clock, EventContext, tell
from barstep.engine.array.plugins import fault_of, forms_of, wants_from
from barstep.engine.array.points import balance_of
from barstep.engine.array.teller import Teller
from barstep.engine.array.work import Work
from barstep.engine.flat_times import straddle_warning
from barstep.engine.recorder import EQUITY_COLUMNS, Recorder
from barstep.hooks.manager import HookManager, Registered
from barstep.runs.sources import sessions_of
from barstep.sim.records import AmbiguousBar, Breach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from barstep.engine.array.account import Account, Named
    from barstep.engine.array.work import Left
    from barstep.engine.attempts import Attempt
    from barstep.engine.recorder import Sink
    from barstep.runs.assemble import RunPlan
    from barstep.sim.records import Event

ROWS = 65_536
"""Bars whose records are handed on together."""


class Ending(NamedTuple):
    """What a run came to, whichever lane played it; money in micro-dollars."""

    lane: str
    start_balance: int
    balance: int
    failed: str
    warnings: list[str]
    attempts: list[Attempt] | None = None
    adjustments: Sequence[tuple[int, int]] = ()


def why_not(plan: RunPlan) -> str:
    """Why a run cannot be played in the array lane; empty when it can."""
    config = plan.loaded.config
    if plan.script is not None:
        return "a script runs bar by bar"
    if len(plan.streams) > 1:
        return "it plays one contract, and data has several"
    if config.broker.kind != "embedded":
        return f"broker.kind is {config.broker.kind}"
    if plan.account.plan is not None or config.account.on_fail != "stop":
        return "account.plan and account.on_fail make attempts, which have no array form"
    if plan.of("fees") or plan.of("slippage"):
        return "fee and slippage models have no array form"
    if config.fills.participation is not None:
        return "fills.participation (R22) has no array form"
    if any(finer is not None for finer in plan.finer):
        return "finer bars (R21) have no array form"
    found = "; ".join(filter(None, (fault_of(p.name, p.section, p.found.cls, p.make) for p in plan.plugins)))
    if found:
        return found
    guards = sum(isinstance(each.form, GuardForm | BalanceFloor) for each in rules_of(plan))
    if guards > at.MOST_GUARDS:
        return f"the risk rules set {guards} guards, the array lane watches at most {at.MOST_GUARDS}"
    return "" if installed() else MISSING


def play_arrays(plan: RunPlan, sink: Sink, log: Any) -> Ending:
    """Play a run that `why_not` has nothing against.

    Raises:
        PluginError: A strategy's positions cannot be taken, or an observer raised.
    """
    config, stream = plan.loaded.config, plan.streams[0]
    bars, sessions, session_of, inside = ArrayBars.read(stream, sessions_of(stream).locate)
    shut = ~inside
    if stream.volume_known:
        shut |= bars.volume == 0
    start = plan.account.start_balance
    account = make_account(
        bars, sessions, session_of, shut, config.fills.options(), plan.fees[0], start, rules_of(plan)
    )
    strategy = next(plugin for plugin in plan.plugins if plugin.section == "strategies")
    made = strategy.make()
    telling = compiling()
    if telling:
        log.warning(telling)
    wants = wants_from(strategy.name, made, bars, str(strategy.found.file or ""))
    left = Work().play(account, wants, at.STORY)
    teller = Teller(account, wants, left, strategy.name)
    _hand_on(plan, account, teller, left, sink, log)
    warnings = []
    if account.straddled and account.flat_by is not None:
        session = sessions[int(session_of[int(np.searchsorted(bars.end_ns, account.straddled))])]
        warnings.append(straddle_warning(stream.feed, session, account.straddled, account.flat_by))
    return Ending("array", start, balance_of(left), teller.failed, warnings)


def rules_of(plan: RunPlan) -> list[Named]:
    """The array forms of the risk rules, in the order of the configuration."""
    made = ((p.name, p.make()) for p in plan.plugins if p.section == "risk")
    return [named for name, rule in made for named in forms_of(name, rule)]


def _hand_on(plan: RunPlan, account: Account, teller: Teller, left: Left, sink: Sink, log: Any) -> None:
    """Tell observers and the sink what happened, some bars at a time."""
    feed, recorder = account.bars.feed, Recorder(sink, per_bar=False)
    clock = Clock(feed)
    seed = plan.loaded.config.seed
    observers = [p for p in plan.plugins if p.section == "observers"]
    hooks = HookManager(
        [Registered(p.name, p.make(), EventContext(clock, p.name, seed, log)) for p in observers],
        lambda: f"{clock.now:%Y-%m-%d %H:%M:%S %Z}",
    )
    clock.notes = recorder.notes
    equity = _equity(account, left)
    bars, done = int(left.figures[at.BARS]), 0
    clock.ns = int(account.bars.start_ns[0])
    hooks.on_start()
    for bar, events in teller.batches():
        while bar >= done + ROWS:
            _flush(recorder, equity, done, done + ROWS)
            done += ROWS
        clock.ns = int(account.bars.end_ns[bar])
        _deliver(recorder, hooks, events, log)
    clock.ns = int(account.bars.end_ns[bars - 1])
    hooks.on_stop()
    for start in range(done, bars, ROWS):
        _flush(recorder, equity, start, min(bars, start + ROWS))


def _deliver(recorder: Recorder, hooks: HookManager, events: list[Event], log: Any) -> None:
    """Hand events to the recorder and to the observers, in order, as the replay does."""
    ended = set[int]()
    for event in events:
        if isinstance(event, Fill):
            recorder.fills.append(event)
        elif isinstance(event, Trade):
            recorder.trades.append(event)
        elif isinstance(event, AmbiguousBar):
            recorder.ambiguous.append(event)
        elif isinstance(event, Breach):
            recorder.breaches.append(event)
            log.info("guard", name=event.guard.name, action=event.guard.action)
        elif isinstance(event, Order) and event.status != "working" and id(event) not in ended:
            ended.add(id(event))  # an order that came and went since the last delivery is reported for both
            recorder.orders.append(event)
        tell(hooks, event)


def _flush(recorder: Recorder, equity: dict[str, NDArray[np.int64]], start: int, stop: int) -> None:
    """Hand on what was recorded, with the equity of rows [start, stop)."""
    recorder.sink.take(recorder, {name: values[start:stop] for name, values in equity.items()})
    for kept in (
        recorder.fills,
        recorder.trades,
        recorder.orders,
        recorder.ambiguous,
        recorder.breaches,
        recorder.notes,
    ):
        kept.clear()


def _equity(account: Account, left: Left) -> dict[str, NDArray[np.int64]]:
    """The equity curve of all bars played, from the steps that fills left."""
    bars, played = account.bars, int(left.figures[at.BARS])
    start, tick = int(account.options[at.START]), int(account.options[at.TICK_VALUE])
    rows = left.steps[:, at.S_ROW]
    lasts = np.diff(rows, prepend=0, append=played)  # bars until the next fill
    held = np.vstack((np.zeros((1, at.STEP), np.int64), left.steps))
    position, cash, fees, balance = (
        np.repeat(held[:, column], lasts) for column in (at.S_POSITION, at.S_CASH, at.S_FEES, at.S_BALANCE)
    )
    base, value = cash * tick - fees + start, position * tick
    close, one, two = (base + value * price[:played] for price in (bars.close_ticks, bars.low_ticks, bars.high_ticks))
    low, high = np.minimum(one, two), np.maximum(one, two)
    low[rows], high[rows] = left.steps[:, at.S_LOW] + start, left.steps[:, at.S_HIGH] + start
    values = (bars.end_ns[:played], balance + start, close, low, high, position)
    return dict(zip(EQUITY_COLUMNS, values, strict=True))
