"""An evaluation as one document for JSON: money in USD, times in ISO 8601, shares 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.domain.instrument import MICROS
from barstep.evaluate.bootstrap import PROVISIONAL_DAYS
from barstep.rules.walk import open_floor

if TYPE_CHECKING:
    from barstep.evaluate.evaluation import Evaluation
    from barstep.evaluate.odds import Draw, Odds
    from barstep.evaluate.record import Record
    from barstep.evaluate.verdict import Attempt
    from barstep.rules.walk import DayEnd

Document = dict[str, Any]


def document(found: Evaluation) -> Document:
    """Everything an evaluation found."""
    record = found.record
    told: Document = {
        "plan": _plan_document(found),
        "record": _record_document(found),
        "verdict": {**attempt_document(record, found.attempts[0]), "certain": found.certain},
        "by_day": [_day_document(day) for day in found.attempts[0].account.days],
        "attempts": [attempt_document(record, attempt) for attempt in found.attempts],
        "attempts_at_best": [] if found.certain else [attempt_document(record, one) for one in found.kindest],
        "every_start": _starts_document(found),
        "payouts": None if found.payouts is None else {**found.payouts._asdict(), "paid": found.payouts.paid / MICROS},
        "what_if": [
            {"change": variant.label, "passes": _passes(attempts), **attempt_document(record, attempts[0])}
            for variant, attempts in found.what_if
        ],
        "remarks": remarks(found),
    }
    if found.request.draw is not None:
        told["odds"] = _draw_document(found, found.request.draw)
    return told


def _plan_document(found: Evaluation) -> Document:
    plan = found.request.plan
    return {
        "name": plan.name,
        "title": plan.title,
        "as_of": plan.as_of.isoformat(),
        "changed": found.request.changed,
        "not_modelled": list(plan.not_modelled),
    }


def _record_document(found: Evaluation) -> Document:
    record = found.record
    return {
        "label": record.label,
        "kind": record.kind,
        "contracts": record.contracts,
        "days": found.days,
        "bars": found.bars,
        "certainty": record.certainty,
        "why": record.why,
        "most_lots": found.most_lots,
        "zone": record.sessions.zone.key,
    }


def _starts_document(found: Evaluation) -> Document:
    starts, took = found.starts, found.starts.days_to_pass
    spread = {"least": took[0], "median": took[len(took) // 2], "most": took[-1]} if took else None
    return {"starts": starts.days, "ended": starts.causes, "paid": starts.paid, "days_to_pass": spread}


def _draw_document(found: Evaluation, draw: Draw) -> Document:
    return {
        "attempts": draw.attempts,
        "days": draw.days,
        "funded_plan": found.request.funded.name if found.request.funded is not None else None,
        "funded_days": draw.funded_days,
        "seed": draw.seed,
        "block": draw.block_of(found.days),
        "source_days": found.days,
        "provisional": found.provisional,
        "target": None if (target := found.attempts[0].account.limits.target) is None else target / MICROS,
        "sizes": [_odds_document(found, odds) for odds in found.odds],
    }


def _day_document(day: DayEnd) -> Document:
    return {
        "date": day.date.isoformat(),
        "net": day.net / MICROS,
        "balance": day.balance / MICROS,
        "floor": None if open_floor(day.floor) is None else day.floor / MICROS,
        "headroom": None if day.room is None else day.room / MICROS,
        "traded": day.traded,
        "stopped": bool(day.stopped_ns),
    }


def attempt_document(record: Record, attempt: Attempt) -> Document:
    """How one attempt went."""
    account = attempt.account
    limits, nearest, failure = account.limits, account.nearest, account.failure
    told: Document = {
        "number": attempt.number,
        "status": account.status,
        "first_day": attempt.first_day.isoformat(),
        "last_day": attempt.last_day.isoformat(),
        "days": len(account.days),
        "traded_days": account.traded_days,
        "stopped_days": sum(bool(day.stopped_ns) for day in account.days),
        "profit": account.profit / MICROS,
        "best_day": account.best_day / MICROS,
        "best_day_share": account.best_day / account.profit if account.profit > 0 else None,
        "total_needed": None if limits.target is None else cents_up(account.needed),
        "floor": None if open_floor(account.floor) is None else account.floor / MICROS,
        "smallest_headroom": None,
        "failure": None,
    }
    if nearest is not None:
        told["smallest_headroom"] = {
            "usd": nearest.room / MICROS,
            "time": record.moment(nearest.end_ns).isoformat(),
            "equity": nearest.equity / MICROS,
            "floor": nearest.floor / MICROS,
        }
    if failure is not None:
        told["failure"] = {
            "rule": failure.rule,
            "day": failure.day.isoformat(),
            "time": record.moment(failure.end_ns).isoformat(),
            "equity": failure.equity / MICROS,
            "level": failure.level / MICROS,
            "margin": (failure.equity - failure.level) / MICROS,
        }
    return told


def cents_up(amount: int) -> float:
    """Micro-dollars in USD, rounded up to whole cents: a total that is needed."""
    return -(-amount // 10_000) / 100


def remarks(found: Evaluation) -> list[str]:
    """What a reader should know before believing the figures."""
    record, request = found.record, found.request
    told = list(record.remarks)
    if record.certainty != "exact":
        told.insert(0, record.why)
    if not found.certain:
        told.append(
            "the order of high and low inside a bar, or of fills and extremes, decides: the worse reading is told"
        )
    told += found.conduct
    if request.draw is not None and found.conduct:
        told.append(
            "the odds draw days as they were traded: what the plan's cap and hours would have changed is not in them"
        )
    if request.draw is not None and found.provisional:
        told.append(f"PROVISIONAL: fewer than {PROVISIONAL_DAYS} days are behind the odds")
    if request.draw is not None and found.missing:
        told.append(found.missing)
    if request.draw is not None and record.certainty == "at_best":
        told.append("the odds are too good: losses between fills are not in the days they are drawn from")
    return told


def _passes(attempts: list[Attempt]) -> int:
    return sum(attempt.account.status == "passed" for attempt in attempts)


def _odds_document(found: Evaluation, odds: Odds) -> Document:
    told = odds._asdict()
    told["pass_interval"] = list(odds.pass_interval) if odds.pass_interval is not None else None
    told["value_interval"] = list(odds.value_interval) if odds.value_interval is not None else None
    told["funded"] = odds.funded._asdict() if odds.funded is not None else None
    told["over_cap"] = over_cap(found, odds.size)
    return told


def over_cap(found: Evaluation, size: int) -> bool:
    """Whether the largest position at a size is more than the plan ever allows."""
    cap = found.request.plan.position_cap
    return cap is not None and found.most_lots * size > cap.lots
