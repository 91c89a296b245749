"""Which plugins the array lane plays, and what it says of the others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from barstep import Bar, Context, Fill, Observer, RiskRule, Strategy, hookimpl
from barstep.arrays import ArrayBars, PositionCap
from barstep.domain.errors import PluginError
from barstep.engine.array.plugins import fault_of, wants_from


class Flat(Strategy):
    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        ctx.set_position(0)

    def positions(self, bars: ArrayBars) -> np.ndarray:
        return np.zeros(len(bars), np.int64)


class Other(Flat):
    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        ctx.set_position(1)


class Busy(Flat):
    @hookimpl
    def on_fill(self, fill: Fill, ctx: Context) -> None: ...

    def positions(self, bars: ArrayBars) -> np.ndarray:
        return np.zeros(len(bars), np.int64)


class Named(Flat):
    """A subclass that changes no hook."""


class Rule(RiskRule):
    sizes: int = 1

    @hookimpl
    def on_risk(self, order, ctx): ...

    def array_form(self) -> PositionCap | None:
        return PositionCap(self.sizes, "no more") if self.sizes else None


class Watcher(Observer):
    @hookimpl
    def on_fill(self, fill, ctx): ...


class Listener(Watcher):
    events_only: ClassVar[bool] = True


class BarListener(Listener):
    events_only: ClassVar[bool] = True

    @hookimpl
    def on_bar(self, bar, ctx): ...


@pytest.mark.parametrize(
    ("section", "made", "told"),
    [
        ("strategies", Flat(), ""),
        ("strategies", Named(), ""),
        ("strategies", Other(), "x overrides on_bar of a class whose positions does not know of it"),
        ("strategies", Busy(), "x has on_fill, which the array lane does not call"),
        ("risk", Rule(), ""),
        ("risk", Rule(sizes=0), "x has no array form with these options"),
        ("observers", Watcher(), "the observer x may look at the account or at bars: events_only = True says that"),
        ("observers", Listener(), ""),
        ("observers", BarListener(), "x has on_bar, which the array lane does not call"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_claim_holds_for_the_class_that_makes_it(section: str, made: object, told: str) -> None:
    fault = fault_of("x", section, type(made), lambda: made)  # type: ignore[arg-type]
    assert fault.startswith(told)
    assert bool(fault) == bool(told)


class Tomorrow(Strategy):
    def positions(self, bars: ArrayBars) -> np.ndarray:
        return np.sign(np.diff(bars.close_ticks, append=0))


class Centred(Strategy):
    def positions(self, bars: ArrayBars) -> np.ndarray:
        return np.where(bars.close > bars.close.mean(), 1, -1)


class Peak(Strategy):
    def positions(self, bars: ArrayBars) -> np.ndarray:
        wanted = np.zeros(len(bars), np.int64)
        wanted[int(bars.high.argmax())] = 1
        return wanted


@pytest.mark.parametrize("made", [Tomorrow(), Centred(), Peak()], ids=lambda made: type(made).__name__)
def test_positions_that_know_later_bars_are_refused(bars: ArrayBars, made: Strategy) -> None:
    with pytest.raises(PluginError, match=r"it looks ahead: of the bar ending 20.* when all 3,000 bars are known"):
        wants_from("x", made, bars, "")


def test_positions_that_need_later_bars_are_refused(bars: ArrayBars) -> None:
    class Needy(Strategy):
        def positions(self, bars: ArrayBars) -> np.ndarray:
            return np.where(bars.close > bars.close[2_900], 1, -1)

    with pytest.raises(PluginError, match=r"with the first [\d,]+ bars alone it fails: IndexError"):
        wants_from("x", Needy(), bars, "")


def test_positions_that_raise_are_told_with_their_line(bars: ArrayBars) -> None:
    class Broken(Strategy):
        def positions(self, bars: ArrayBars) -> np.ndarray:
            raise KeyError("nothing")

    with pytest.raises(PluginError, match=rf"plugin x.*{__name__.split('.')[-1]}.py:\d+.*KeyError"):
        wants_from("x", Broken(), bars, __file__)


def test_an_answer_that_cannot_be_taken_is_told_where_positions_stands_without_a_traceback(bars: ArrayBars) -> None:
    class Half(Strategy):
        def positions(self, bars: ArrayBars) -> np.ndarray:
            return np.full(len(bars), 0.5)

    told = r"function positions at .*test_plugins\.py:\d+, all bars at once: ValueError: positions: got float64 values"
    with pytest.raises(PluginError, match=told) as raised:
        wants_from("x", Half(), bars, "")
    assert raised.value.__cause__ is None


def test_an_answer_for_all_bars_whatever_is_asked_is_refused(bars: ArrayBars) -> None:
    class Kept(Strategy):
        def positions(self, _: ArrayBars) -> np.ndarray:
            return np.zeros(len(bars), np.int64)

    with pytest.raises(PluginError, match=r"with the first 1,500 bars alone it fails: .*got the shape \(3000,\)"):
        wants_from("x", Kept(), bars, "")
