"""Account rules of trading firms: dated plans, and the arithmetic of the rules as pure functions."""

from barstep.rules.adjust import adjusted
from barstep.rules.load import load_plan, load_source, plan_names
from barstep.rules.plan import (
    Consistency,
    DailyLossLimit,
    Fees,
    MaxLossLimit,
    Payout,
    PayoutPath,
    Plan,
    PositionCap,
    Source,
    Switch,
    TradingHours,
    figures,
)

__all__ = [
    "Consistency",
    "DailyLossLimit",
    "Fees",
    "MaxLossLimit",
    "Payout",
    "PayoutPath",
    "Plan",
    "PositionCap",
    "Source",
    "Switch",
    "TradingHours",
    "adjusted",
    "figures",
    "load_plan",
    "load_source",
    "plan_names",
]
