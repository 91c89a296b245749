"""Figures and times as a page spells them."""

from __future__ import annotations

from datetime import datetime


def usd(amount: float | None, *, sign: bool = False) -> str:
    """An amount, or a dash."""
    if amount is None:
        return "–"
    return f"{amount:+,.2f}" if sign and round(amount, 2) else f"{amount:,.2f}"


def share(value: float | None) -> str:
    """A share as a percentage, or a dash."""
    return "–" if value is None else f"{value:.1%}"


def number(value: float | None) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:,.2f}"


def figure(value: float | int | None, unit: str) -> str:
    """A measure by its unit: counts whole, shares as percentages, all else with two digits, and with more near 0."""
    if isinstance(value, int):
        return f"{value:,}"
    if unit == "share":
        return share(value)
    return f"{value:,.2g}" if value and unit != "USD" and abs(value) < 0.01 else number(value)


def sentence(text: object) -> str:
    """A remark as a sentence: with a capital, and a full stop."""
    told = str(text)
    return told[:1].upper() + told[1:] + ("" if told.endswith((".", "!", "?")) else ".")


def many(count: int, what: str) -> str:
    """`1 trade`, `2 trades`."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def tone(amount: float) -> str:
    """The class that colours a gain or a loss."""
    return "up" if amount > 0 else "down" if amount < 0 else ""


def when(text: str) -> str:
    """ISO text as `3 Sep 2013 13:52`."""
    moment = datetime.fromisoformat(text)
    return f"{moment.day} {moment:%b %Y %H:%M}"
