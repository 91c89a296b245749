"""The plan in a run's account section: which rule plugins it stands for, and what was changed about it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from barstep.config import Positions, validate_options
from barstep.config.instrument_schema import InlineInstrument
from barstep.config.positions import path_text
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS, micros
from barstep.domain.session import to_datetime
from barstep.engine.attempts import Attempts
from barstep.hooks.loader import bundled
from barstep.hooks.plugin import option_fields
from barstep.rules import PlanError, adjusted, load_plan
from barstep.rules.load import plan_bytes
from barstep.rules.passing import Terms

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from barstep.config import Draft
    from barstep.config.account_schema import AccountConfig
    from barstep.engine.attempts import Attempt
    from barstep.hooks.loader import Found
    from barstep.rules import Plan
    from barstep.sim.exchange import SimulatedExchange

RULES = ("max_loss_limit", "daily_loss_limit", "position_cap", "trading_hours")
"""Sections of a plan that are rule plugins with the section's fields as options."""

_AT = ("account", "plan")


class AccountPlan:
    """The account section as a run needs it.

    Attributes:
        plan: The plan with its switches and overrides, or None.
        changes: The figures that overrides have replaced, by path.
    """

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.changes: dict[str, Any] = {}
        self._account: AccountConfig | None = None

    def read(self, draft: Draft) -> list[str]:
        """Find the plan that a file names; returns a line for each fault."""
        self._account = account = draft.account
        given = account.plan if account is not None else None
        if given is None:
            return []
        try:
            stored = load_plan(given.name, given.as_of)
            switches = {name: str(value) for name, value in given.switches.items()}
            self.plan, _ = adjusted(stored, switches, given.overrides)
            _, self.changes = adjusted(adjusted(stored, switches)[0], overrides=given.overrides)
        except PlanError as error:
            places = [((*_AT, *fault.path), fault.text) for fault in error.faults]
            return [f"{draft.positions.where(at)} {path_text(at)}: {text}" for at, text in places]
        except ConfigError as error:
            return [f"{draft.positions.where(_AT)} {path_text(_AT)}: {problem}" for problem in error.problems]
        return self._weights(draft)

    def rules(self) -> list[tuple[str, Found, dict[str, Any]]]:
        """The rule plugins of the plan: those that barstep brings, whatever a workspace calls by the same names."""
        found = []
        for rule in RULES:
            section = getattr(self.plan, rule, None)
            if section is not None:
                plugin = bundled(rule, "risk")
                raw = msgspec.to_builtins(section)
                options, lines = validate_options(option_fields(plugin.cls), raw, (*_AT, rule), Positions(), rule)
                if lines:
                    raise ConfigError(lines)
                found.append((f"plan.{rule}", replace(plugin, origin="plan"), options))
        return found

    @property
    def start_balance(self) -> int:
        """Micro-dollars."""
        if self.plan is not None:
            return micros(str(self.plan.start_balance))
        return micros(str(self._account.balance)) if self._account is not None else 0

    def attempts(self, exchange: SimulatedExchange) -> Attempts | None:
        """Who follows the attempts; None where there is one and nothing to pass."""
        account = self._account
        if account is None or (self.plan is None and account.on_fail == "stop"):
            return None
        terms = Terms() if self.plan is None else Terms.of(self.plan)
        return Attempts(exchange, terms, account.on_fail, account.on_pass)

    def told(self) -> dict[str, Any] | None:
        """The plan as result.json and the manifest tell it, None without one."""
        plan = self.plan
        if plan is None or self._account is None or self._account.plan is None:
            return None
        return {
            "name": plan.name,
            "as_of": plan.as_of.isoformat(),
            "switches": {name: str(value) for name, value in self._account.plan.switches.items()},
            "changes": self.changes,
        }

    def sha256(self) -> str:
        """Hash of the plan's file."""
        return hashlib.sha256(plan_bytes(self.plan.name)).hexdigest() if self.plan is not None else ""

    def _weights(self, draft: Draft) -> list[str]:
        cap = self.plan.position_cap if self.plan is not None else None
        if cap is None or cap.weights != "lots":
            return []
        lines = []
        for path, data in draft.data:
            instrument = data.instrument
            if isinstance(instrument, InlineInstrument) and instrument.lot_weight_tenths is None:
                at = (*path, "instrument")
                lines.append(
                    f"{draft.positions.where(at)} {path_text(at)}: the plan caps mini lots, and {instrument.name} has no lot "
                    "weight: write lot_weight_tenths (10 for a mini, 1 for a micro), or set "
                    "account.plan.overrides.position_cap.weights to contracts"
                )
        return lines


def attempt_row(attempt: Attempt, zone: ZoneInfo) -> dict[str, Any]:
    """An attempt as result.json tells it; money in USD."""

    def usd(amount: int | None) -> float | None:
        return None if amount is None else amount / MICROS

    return {
        "number": attempt.number,
        "start": attempt.start.isoformat(),
        "end": attempt.end.isoformat(),
        "days": attempt.days,
        "traded_days": attempt.traded_days,
        "verdict": attempt.verdict,
        "rule": attempt.rule,
        "time": None if attempt.at_ns is None else to_datetime(attempt.at_ns, zone).isoformat(),
        "bar": attempt.bar,
        "margin": usd(attempt.margin),
        "headroom": usd(attempt.headroom),
        "net_pnl": usd(attempt.net),
        "best_day": usd(attempt.best_day),
        "needed": usd(attempt.needed) if attempt.needed else None,
    }
