"""What a run came to, as its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.data import ResampledStream
from barstep.domain.errors import BarstepError
from barstep.domain.instrument import MICROS
from barstep.domain.session import NS, to_datetime
from barstep.runs.array_lane import Ending
from barstep.runs.assemble import RunPlan
from barstep.runs.extent import extent, past_expiry
from barstep.runs.finer import mismatch_warning
from barstep.runs.plans import attempt_row
from barstep.runs.result import RunResult, RunStatus
from barstep.runs.spool import RunSpool

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

AMBIGUOUS_SHARE = 0.05
"""Share of trades decided in ambiguous bars above which finer bars are advised (fill model, section 5)."""


def make_result(
    plan: RunPlan, ending: Ending, spool: RunSpool, status: RunStatus, error: BarstepError | None
) -> RunResult:
    """The figures of a run that has ended.

    Args:
        plan: What was played.
        ending: The account as the lane left it.
        spool: What was recorded on the way, finished.
        status: How the run ended.
        error: What ended it, for the warnings.
    """
    config = plan.loaded.config
    zone = plan.streams[0].feed.zone
    meter = spool.meter
    first, last = (meter.first_ns or 0) - plan.streams[0].feed.timeframe.ns, meter.last_ns
    if not meter.bars or isinstance(plan.streams[0], ResampledStream):  # a script may read none; breaks cut bars short
        first = round(extent(plan.streams[0]).start.timestamp()) * NS
        last = last if meter.bars else first
    return RunResult(
        name=config.name,
        digest=spool.digest.finish(ending.balance),
        status=status,
        instrument=" ".join(dict.fromkeys(s.feed.contract.instrument.name for s in plan.streams)),
        contracts=[s.feed.contract.name for s in plan.streams],
        timeframe=" ".join(dict.fromkeys(s.feed.timeframe.text for s in plan.streams)),
        start=to_datetime(first, zone).isoformat(),
        end=to_datetime(last, zone).isoformat(),
        bars=meter.bars,
        lane=ending.lane,
        fill_profile=config.fills.profile,
        start_balance=ending.start_balance / MICROS,
        final_balance=ending.balance / MICROS,
        net_pnl=(ending.balance - ending.start_balance - sum(amount for _, amount in ending.adjustments)) / MICROS,
        fees=spool.fees / MICROS,
        fills=spool.fills,
        trades=spool.trades,
        ambiguous_bars=spool.ambiguous_bars,
        denied_orders=spool.denied,
        rejected_orders=spool.rejected,
        metrics=spool.measures(),
        risk=_risk(plan, ending, spool, zone),
        warnings=_warnings(plan, ending, spool, last, error),
        resolutions=dict(sorted(spool.resolutions.items())),
        mismatches=spool.mismatches,
    )


def _warnings(plan: RunPlan, ending: Ending, spool: RunSpool, last_ns: int, error: BarstepError | None) -> list[str]:
    """What a reader of the figures should know; the error that ended the run comes last."""
    warnings = [w for stream in plan.streams for w in stream.warnings] + plan.warnings + ending.warnings
    warnings += [f"finer bars: {w}" for finer in plan.finer if finer is not None for w in finer.warnings]
    warnings += filter(None, (past_expiry(stream, last_ns) for stream in plan.streams))
    trades = spool.trades
    if trades and spool.ambiguous_trades / trades > AMBIGUOUS_SHARE:
        share = spool.ambiguous_trades / trades
        warnings.append(f"{share:.0%} of the trades were decided in ambiguous bars (R17): finer bars would tell more")
    if spool.first_mismatch is not None:
        warnings.append(mismatch_warning(spool.mismatches, spool.first_mismatch))
    if error is not None:
        warnings.append(str(error))
    return warnings


def _risk(plan: RunPlan, ending: Ending, spool: RunSpool, zone: ZoneInfo) -> dict[str, Any]:
    """What the guards, the risk rules and the plan did."""
    return {
        "failed": ending.failed,
        "breaches": [
            {
                "guard": b.guard.name,
                "action": b.guard.action,
                "time": to_datetime(b.at_ns, zone).isoformat(),
                "basis": b.guard.basis,
                "side": b.guard.side,
                "level": b.level / MICROS,
            }
            for b in spool.breaches
        ],
        "denials": dict(sorted(spool.denials.items())),
        **_attempts(plan, ending, zone),
    }


def _attempts(plan: RunPlan, ending: Ending, zone: ZoneInfo) -> dict[str, Any]:
    """What the risk section says about the plan and the attempts, where there are such."""
    told = plan.account.told()
    found: dict[str, Any] = {"plan": told} if told is not None else {}
    if ending.attempts is not None:
        found["attempts"] = [attempt_row(attempt, zone) for attempt in ending.attempts]
        found["adjustments"] = [
            {"time": to_datetime(at_ns, zone).isoformat(), "usd": amount / MICROS}
            for at_ns, amount in ending.adjustments
        ]
    return found
