"""Plugins that answer one question instead of implementing hooks: fees, slippage, bars, metrics.

They are named, found and configured like all others: annotated class fields are options, `use:` is a name or a path. What
one raises, or answers in another form than it should, ends the run as a PluginError that names plugin and function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from barstep.hooks.plugin import KINDS, Plugin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from barstep.domain.instrument import Contract
    from barstep.domain.order import Side
    from barstep.domain.pending_fill import PendingFill
    from barstep.domain.run_arrays import RunArrays


class Extension(Plugin):
    """Base of the four kinds below; `function` is the method that a subclass must write."""

    function: ClassVar[str]


class FeeModel(Extension):
    """Decides what a fill costs: `account: {fees: {use: NAME}}`, for every contract of the run."""

    function: ClassVar[str] = "fee"

    def fee(self, contract: Contract, side: Side, size: int) -> Decimal | float:
        """USD per contract of one fill; the fill pays `size` times as much.

        Asked once for each contract, side and size, and the answer is kept: it must not depend on anything else. It is
        rounded to the nearest micro-dollar (half to even) and must be finite and 0 or more; all sums are exact from there
        on. Since nothing else matters, guards and the choice of path (R17) see the same fees as the ledger.

        Args:
            contract: What trades; `contract.instrument.fees` has the packaged schedules in micro-dollars.
            side: `buy` or `sell`.
            size: Contracts of this fill, 1 or more; an order that fills in parts pays part by part.
        """
        raise NotImplementedError


class SlippageModel(Extension):
    """Decides how far off its level an order fills: `fills: {slippage: {use: NAME}}`."""

    function: ClassVar[str] = "ticks"

    def ticks(self, fill: PendingFill) -> int:
        """Whole ticks, 0 or more, against the order.

        Takes the place of `market_slip_ticks`, `stop_slip_ticks` and `forced_slip_ticks`, which are in `fill.usual`; all
        else of the fill model stays: limits keep their bound (R7, R9), `clamp_slippage` still clamps (R8). It may use what
        `fill` says and nothing else: the last complete bar, not the one being played, so that nothing looks ahead (P2) and
        both paths of a bar (R17) get one answer. Each question about an order is asked once between two bars and the
        answer kept. For random slippage draw from `fill.random` (R27).
        """
        raise NotImplementedError


class DataSource(Extension):
    """Brings bars from anywhere: `data: {source: {use: NAME}}`, with `start` or `contract` beside it.

    A subclass sets `stamp`, and `zone` where its times carry none.
    """

    function: ClassVar[str] = "bars"
    stamp: ClassVar[Literal["open", "close", ""]] = ""
    """Whether a time is its bar's open or its close (R2); must be set."""
    zone: ClassVar[str | None] = None
    """IANA zone of times without one, such as `America/Chicago`; without it they must carry a zone or be Unix times."""

    def bars(self, contract: Contract, timeframe: str, start: datetime | None, end: datetime | None) -> Iterator[Any]:
        """Yield the bars in time order, in chunks of any size.

        A chunk is a polars, pandas or Arrow frame, or a mapping of equally long numpy arrays or lists, with the columns
        `t` (time: text in ISO 8601, datetimes, or Unix time in s, ms, us or ns), `o`, `h`, `l`, `c` (prices in points) and
        `v` (contracts; may be left out under `data.volume: unknown`). Every row is checked as a file's rows are (R1).
        Called twice for a run, to look and to play: both times the same bars must come, which is checked too.

        Args:
            contract: Whose bars.
            timeframe: Length of a bar, `data.resample` or else `data.timeframe`, such as `1m`.
            start, end: Aware moments of the first bar's start and the last one's end as configured, None for no bound.
                Bars outside are dropped, so a source may ignore both.
        """
        raise NotImplementedError


class Metric(Extension):
    """One more figure of a run: `metrics: [{use: NAME}]` adds it to `result.metrics` under its name."""

    function: ClassVar[str] = "measure"

    def measure(self, run: RunArrays) -> float | int | None:
        """A finite number, or None where there is nothing to measure; a pure function of the finished run's arrays."""
        raise NotImplementedError


EXTENSIONS: dict[str, type[Extension]] = {
    "fees": FeeModel,
    "slippage": SlippageModel,
    "source": DataSource,
    "metrics": Metric,
}
"""The base class that each place of the configuration asks for: account.fees, fills.slippage, data.source, metrics."""

SECTIONS: dict[str, type[Plugin]] = {**KINDS, **EXTENSIONS}
"""The base class of everything that has a `use:`."""

PLACES = {"fees": "account.fees", "slippage": "fills.slippage", "source": "data.source"}
"""Where an extension is named, when that is not a list of the configuration."""
