"""A run in the array lane: whether it can be, and the same tables, digest and figures from what the kernel leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from barstep.engine.array.account import make_account
from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.compiled import MISSING, compiling, installed
from barstep.engine.array.forms import BalanceFloor, GuardForm
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.plugins import fault_of, forms_of, wants_from
from barstep.engine.array.teller import Teller
from barstep.engine.array.work import Work
from barstep.engine.flat_times import straddle_warning
from barstep.engine.recorder import Recorder
from barstep.runs.array_delivery import Delivery
from barstep.runs.interrupts import stop_on_interrupt
from barstep.runs.sources import sessions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from barstep.domain.errors import PluginError
    from barstep.engine.array.account import Named
    from barstep.engine.attempts import Attempt
    from barstep.engine.recorder import Sink
    from barstep.runs.assemble import RunPlan


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


def play_arrays(plan: RunPlan, sink: Sink, log: Any) -> tuple[Ending, bool, PluginError | None]:
    """Play a run that `why_not` has nothing against.

    Returns:
        What it came to, whether Ctrl-C ended it early, and what an observer raised, which ends it too.

    Raises:
        PluginError: A strategy's positions cannot be taken.
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
    notice = compiling()
    if notice:
        log.warning(notice)
    wants = wants_from(strategy.name, made, bars, str(strategy.found.file or ""))
    left = Work().play(account, wants, at.STORY)
    teller = Teller(account, wants, left, strategy.name)
    telling = Delivery(plan, account, teller, left, Recorder(sink, per_bar=False), log)
    with stop_on_interrupt(telling):
        error = telling.run()
    warnings = []
    if account.straddled and account.flat_by is not None:
        session = sessions[int(session_of[int(np.searchsorted(bars.end_ns, account.straddled))])]
        warnings.append(straddle_warning(stream.feed, session, account.straddled, account.flat_by[1].clock))
    ended = telling.played == int(left.figures[at.BARS])
    failed = teller.failed if ended else ""
    return Ending("array", start, telling.balance, failed, warnings), not ended, error


def rules_of(plan: RunPlan) -> list[Named]:
    """The array forms of the risk rules, in the order of the configuration."""
    made = ((p.name, p.make()) for p in plan.plugins if p.section == "risk")
    return [named for name, rule in made for named in forms_of(name, rule)]
