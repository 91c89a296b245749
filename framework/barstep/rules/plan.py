"""What an account of a firm asks for: the figures of its rules, each with its source and date.

A section that a rule plugin enforces has the plugin's name and the plugin's options as its fields, so that a plan is
assembled from the plugins of `plugins/` and nothing else. Money is in USD.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Trail = Literal["static", "end_of_day", "balance", "equity"]
Above = Annotated[float, Meta(gt=0)]
Amount = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(gt=0, le=1)]
Clock = Annotated[str, Meta(pattern="^([01]?[0-9]|2[0-3]):[0-5][0-9]$")]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a plan; unknown figures are refused."""


class MaxLossLimit(Section, frozen=True, kw_only=True):
    """The maximum loss limit; a breach fails the account.

    Attributes:
        usd: Distance from what is trailed down to the floor.
        trail: What moves the floor: nothing, the end-of-day balance, the realised balance, or equity with open profit.
        lock: USD above the start balance at which the floor stops for good; None when it never stops.
        checked: `live` inside the bar, or only at the `close` of the trading day.
        touch: Whether equity that equals the floor is a breach already.
    """

    usd: Above
    trail: Trail = "end_of_day"
    lock: float | None = 0.0
    checked: Literal["live", "close"] = "live"
    touch: bool = True


class DailyLossLimit(Section, frozen=True, kw_only=True):
    """The daily loss limit: `lock` stops the day (soft), `fail` fails the account (hard)."""

    usd: Above
    action: Literal["lock", "fail"] = "lock"


class PositionCap(Section, frozen=True, kw_only=True):
    """The most that may be held at once, over all contracts, in mini lots.

    Attributes:
        lots: Mini lots; a contract counts by its instrument's weight.
        scaling: Rows of [USD above the start balance, lots], ascending; the last that was reached at the close of the day
            before holds, the first also below its balance.
        scaling_tie: Whether a balance exactly on a row from the third on has reached it (`upper`) or not (`lower`); the
            second row it has in any case.
        weights: `lots` counts by the instruments' weights (ten micros are one mini), `contracts` counts each as one.
        contracts: Further caps in contracts by instrument, such as {CL: 3}.
    """

    lots: Amount
    scaling: tuple[tuple[float, float], ...] = ()
    scaling_tie: Literal["upper", "lower"] = "upper"
    weights: Literal["lots", "contracts"] = "lots"
    contracts: dict[str, int] = {}


class TradingHours(Section, frozen=True, kw_only=True):
    """The hours in which positions may be held, in the exchange's zone.

    Attributes:
        flat_by: Time of day by which all must be closed.
        before_early_close: Minutes before an early close of the exchange by which all must be closed.
    """

    flat_by: Clock | None = None
    before_early_close: Annotated[int, Meta(ge=0)] | None = None


class Consistency(Section, frozen=True, kw_only=True):
    """The largest share of the net profit that one day may have; more raises the profit that is needed.

    Attributes:
        share: Best day over total net profit, 0.55 for 55 %.
        inclusive: Whether exactly the share is good enough.
    """

    share: Share
    inclusive: bool = True


class Fees(Section, frozen=True, kw_only=True):
    """What attempts cost in USD; None where no source tells it."""

    once: Amount | None = None
    monthly: Amount | None = None
    reset: Amount | None = None
    activation: Amount | None = None
    api_monthly: Amount | None = None


class PayoutPath(Section, frozen=True, kw_only=True):
    """One way to become eligible for a payout.

    Attributes:
        days: Days that must qualify since the last request, not in a row.
        day_min: Net USD that makes a day qualify; None for any day with a trade.
        share: Largest share of the best day in the net profit of the window, or None.
        cap: Most USD of a request, None for no cap.
    """

    days: Annotated[int, Meta(ge=0)]
    day_min: Amount | None = None
    share: Share | None = None
    cap: Amount | None = None


class Payout(Section, frozen=True, kw_only=True):
    """How money leaves a funded account; in an evaluation without `funded`, the account that follows a pass.

    Attributes:
        paths: Ways to become eligible, by name.
        balance_share: Largest share of the balance above the start balance in a request.
        minimum: Smallest request in USD.
        split: The trader's share.
        full_first: USD of the trader's first requests that are paid in full.
        transfer_fee: USD for a transfer.
        floor_after: USD above the start balance where the floor stands after a payout, None where it stays.
        most: Most payouts of one account, or None.
    """

    paths: dict[str, PayoutPath]
    split: Share
    balance_share: Share = 1.0
    minimum: Amount = 0.0
    full_first: Amount = 0.0
    transfer_fee: Amount = 0.0
    floor_after: float | None = None
    most: Annotated[int, Meta(ge=1)] | None = None


class Source(Section, frozen=True, kw_only=True):
    """Where figures come from: keys of sources.json, the date they held, how sure they are, and remarks."""

    ids: tuple[str, ...]
    as_of: date
    confidence: Literal["high", "medium", "low"] = "high"
    note: str = ""


class Switch(Section, frozen=True, kw_only=True):
    """A reading on which sources disagree, or a choice that the buyer has.

    Attributes:
        kind: `reading` or `choice`.
        default: The value that the plan's figures stand for.
        values: For each value the sections that it changes; None takes a section away.
        note: What it is about.
        sources: Keys of sources.json.
    """

    kind: Literal["reading", "choice"]
    default: str
    values: dict[str, dict[str, Any]]
    note: str
    sources: tuple[str, ...]


class Plan(Section, frozen=True, kw_only=True):
    """An account type of a firm, as of a date.

    Attributes:
        name: `topstep-combine-50k`.
        title, firm: For people.
        stage: `evaluation` is passed or failed, `funded` and `live` pay out.
        as_of: The day for which the figures were put together.
        start_balance: USD.
        profit_target: USD above the start balance that pass an evaluation, None where there is nothing to pass.
        min_days: Trading days with a trade before an evaluation can be passed.
        max_days: Calendar days that an attempt may last, None without a limit.
        funded: Name of the plan that follows a pass.
        sources: Where each figure comes from, by its path (`max_loss_limit.lock`) or its section (`max_loss_limit`).
        switches: Readings and choices by name.
        not_modelled: Rules of the firm that a simulation leaves out, in words.
    """

    name: str
    title: str
    firm: str
    stage: Literal["evaluation", "funded", "live"]
    as_of: date
    start_balance: Amount
    profit_target: Above | None = None
    min_days: Annotated[int, Meta(ge=0)] | None = None
    max_days: Annotated[int, Meta(ge=1)] | None = None
    max_loss_limit: MaxLossLimit | None = None
    daily_loss_limit: DailyLossLimit | None = None
    position_cap: PositionCap | None = None
    trading_hours: TradingHours | None = None
    consistency: Consistency | None = None
    fees: Fees = Fees()
    payout: Payout | None = None
    funded: str | None = None
    sources: dict[str, Source]
    switches: dict[str, Switch] = {}
    not_modelled: tuple[str, ...] = ()

    def source_of(self, figure: str) -> Source | None:
        """The source of a figure given by its path: its own, or that of the nearest section around it."""
        while figure:
            if figure in self.sources:
                return self.sources[figure]
            figure = figure.rpartition(".")[0]
        return None


WORDS = frozenset({"name", "title", "firm", "stage", "as_of", "funded", "sources", "switches", "not_modelled"})
"""Fields of a plan that are no figures."""

SECTIONS = tuple(name for name in Plan.__struct_fields__ if name not in WORDS)
"""Figures and groups of figures that may be replaced."""


def figures(plan: Plan) -> dict[str, Any]:
    """The figures of a plan by path, `max_loss_limit.usd`; tables and None stay whole."""
    found: dict[str, Any] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, Struct):
            for name in value.__struct_fields__:
                walk(f"{path}.{name}", getattr(value, name))
        elif isinstance(value, dict) and any(isinstance(each, Struct) for each in value.values()):
            for name, each in value.items():
                walk(f"{path}.{name}", each)
        else:
            found[path] = value

    for name in plan.__struct_fields__:
        if name not in WORDS and getattr(plan, name) is not None:
            walk(name, getattr(plan, name))
    return found
