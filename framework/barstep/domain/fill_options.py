"""The options of the fill model by their YAML names, and the named profiles of them (fill model, first table)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

MarketFill = Literal["next_open", "current_close"]
GapPrice = Literal["limit", "open", "auction"]
WrongSideStop = Literal["refuse", "trigger"]
OffGrid = Literal["refuse", "conservative"]
Intrabar = Literal["pessimistic", "nearest_extreme", "ohlc", "olhc", "candle_colour", "adverse", "optimistic"]
Children = Literal["path", "next_bar"]
TrailUpdate = Literal["path", "bar_close"]
AtEnd = Literal["close", "mark"]


@dataclass(frozen=True, slots=True)
class FillOptions:
    """How orders fill on bars; the defaults are the `strict` profile. Ticks are whole ticks of the contract.

    Attributes:
        market_fill: Where a market order fills (R6).
        market_slip_ticks: Ticks a market order pays (R6), m.
        stop_slip_ticks: Ticks a stop pays (R8), t.
        forced_slip_ticks: Ticks a forced close pays (R18, R19).
        limit_through_ticks: Ticks the price must trade through a limit (R7), q.
        gap_price: What a resting limit gets when the bar opens beyond it (R7).
        wrong_side_stop: A stop the last close has already reached (R8).
        off_grid: A price between two ticks (R24).
        intrabar: The path inside a bar (R17).
        children: When bracket children become active (R12).
        trail_update: When a trailing stop moves (R10).
        clamp_slippage: Keep a stop's price inside the bar (R8).
        latency_bars: Bars between acceptance and eligibility (R4).
        participation: Share of a bar's volume all orders together may take, None for any size (R22).
        at_end: What happens to positions at the end of the data (R25).
    """

    market_fill: MarketFill = "next_open"
    market_slip_ticks: int = 1
    stop_slip_ticks: int = 1
    forced_slip_ticks: int = 2
    limit_through_ticks: int = 1
    gap_price: GapPrice = "limit"
    wrong_side_stop: WrongSideStop = "refuse"
    off_grid: OffGrid = "refuse"
    intrabar: Intrabar = "pessimistic"
    children: Children = "path"
    trail_update: TrailUpdate = "path"
    clamp_slippage: bool = False
    latency_bars: int = 0
    participation: float | None = None
    at_end: AtEnd = "close"

    @classmethod
    def of(cls, profile: str = "strict", **changes: Any) -> FillOptions:
        """A profile with some options changed; KeyError for an unknown profile."""
        return replace(PROFILES[profile], **changes)


PROFILES: dict[str, FillOptions] = {
    "strict": FillOptions(),
    "playground": FillOptions(
        market_fill="current_close",
        market_slip_ticks=0,
        stop_slip_ticks=0,
        forced_slip_ticks=0,
        limit_through_ticks=0,
        gap_price="open",
        wrong_side_stop="trigger",
        off_grid="conservative",
    ),
    "backtrader": FillOptions(
        market_slip_ticks=0,
        stop_slip_ticks=0,
        limit_through_ticks=0,
        gap_price="open",
        wrong_side_stop="trigger",
        children="next_bar",
        intrabar="adverse",
    ),
}
