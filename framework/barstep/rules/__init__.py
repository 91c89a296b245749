"""Account rules of trading firms: dated plans, and the arithmetic of the rules as pure functions."""

from barstep.rules.adjust import PlanError, adjusted
from barstep.rules.limits import raised_floor, scaled_lots
from barstep.rules.load import load_plan, load_source, plan_names
from barstep.rules.news import read_news
from barstep.rules.passing import best_day_share, total_needed
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
    "PlanError",
    "PositionCap",
    "Source",
    "Switch",
    "TradingHours",
    "adjusted",
    "best_day_share",
    "figures",
    "load_plan",
    "load_source",
    "plan_names",
    "raised_floor",
    "read_news",
    "scaled_lots",
    "total_needed",
]
