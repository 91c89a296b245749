"""Units of the figures of a run by their names, for axes and cells."""

from __future__ import annotations

from barstep.runs.statistics import GROUPS

_UNITS = {each.name: each.unit for group in GROUPS for each in group.measures.values()} | {
    "net_pnl": "USD", "final_balance": "USD", "fees": "USD", "daily_sharpe": "ratio",
}  # fmt: skip
_FORMS = {"USD": ",.0f", "share": ".0%"}


def unit(name: str) -> str:
    """The unit of a figure of a run, `USD` or `share`; empty where it has none, or is not known."""
    return _UNITS.get(name, "")


def titled(name: str) -> str:
    """A figure's name with its unit: `net_pnl, USD`."""
    return f"{name}, {unit(name)}" if unit(name) == "USD" else name


def tick_form(name: str) -> str:
    """How an axis spells a figure's values."""
    return _FORMS.get(unit(name), ",.4~g")
