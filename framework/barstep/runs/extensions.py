"""Fee models, slippage models, data sources and metrics of a run: from its configuration to where each is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from barstep.config import Positions, validate_options
from barstep.config.source_schema import PluginSource
from barstep.data import SessionTable, SourceStream, bounds_ns, read_column
from barstep.domain.errors import ConfigError
from barstep.domain.run_arrays import RunArrays
from barstep.domain.session import to_datetime
from barstep.hooks.asking import Asked, bars_of, fee_of, measure_of, slip_of
from barstep.hooks.extension import DataSource, Extension
from barstep.hooks.loader import Loader, find_workspace
from barstep.hooks.plugin import configure, option_fields
from barstep.runs import tables
from barstep.sim.models import Models
from barstep.stats.days import DAYS
from barstep.stats.equity import EQUITY
from barstep.stats.trades import TRADES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from barstep.config.data_schema import DataConfig
    from barstep.domain.bar import Timeframe
    from barstep.domain.instrument import Contract
    from barstep.runs.assemble import PluginPlan, RunPlan
    from barstep.sim.exchange import SimulatedExchange
    from barstep.stats.measures import Measures

TABLES = {"trades": tables.TRADES, "fills": tables.FILLS, "orders": tables.ORDERS, "equity": tables.EQUITY}
"""What metrics can read."""


def made(plan: PluginPlan, when: Callable[[], str]) -> Asked:
    """An extension with its options."""
    return Asked(plan.name, cast("Extension", plan.make()), when)


def use_models(plan: RunPlan, exchange: SimulatedExchange, when: Callable[[], str]) -> None:
    """Let the run's fee and slippage model price the fills of every market; nothing happens without them."""
    asked = {each.section: made(each, when) for each in (*plan.of("fees"), *plan.of("slippage"))}
    if not asked:
        return
    fee = partial(fee_of, asked["fees"]) if "fees" in asked else None
    slip = partial(slip_of, asked["slippage"]) if "slippage" in asked else None
    for market in exchange.markets:
        market.use(Models(market, fee, slip, plan.loaded.config.seed))


def source_of(config: DataConfig, base: Path) -> Asked:
    """The data source that a section names, for readers that have no plan of the run.

    Raises:
        ConfigError: There is none, or its options are wrong.
    """
    given = cast("PluginSource", config.source)
    found = Loader(base, find_workspace(base)).load(given.use, "source")
    options, lines = validate_options(option_fields(found.cls), given.options, ("options",), Positions(), given.use)
    if lines:
        raise ConfigError(lines)
    return Asked(given.use, cast("Extension", configure(found.cls, options, base)), lambda: "while its bars are read")


def plugin_bars(config: DataConfig, contract: Contract, timeframe: Timeframe, asked: Asked) -> SourceStream:
    """The bars of a data source."""
    source, hours = cast("DataSource", asked.plugin), contract.instrument.session
    bounds = bounds_ns(SessionTable(hours), config.start, config.end)
    start, end = (None if bound is None else to_datetime(bound, ZoneInfo(hours.zone)) for bound in bounds)
    produce = partial(bars_of, asked, contract, timeframe.text, start, end)
    assert source.stamp  # noqa: S101 - the loader has seen to it
    return SourceStream(
        asked.name, produce, contract, timeframe, stamp=source.stamp, zone=source.zone, volume=config.volume,
        start=config.start, end=config.end,
    )  # fmt: skip


def own_measures() -> frozenset[str]:
    """Names of the measures that every run has: no metric of one's own may take them."""
    groups = (TRADES.measures, EQUITY.measures, DAYS.measures)
    return frozenset(name for group in groups for name, measure in group.items() if measure.headline)


def measured(plans: Sequence[PluginPlan], folder: Path, start_balance: float) -> Measures:
    """The figures of a run's own metrics, by name.

    Args:
        plans: The metrics.
        folder: Where the run's finished tables lie.
        start_balance: USD.

    Raises:
        PluginError: One of them raised, or gave no number.
    """
    if not plans:
        return {}
    run = RunArrays(start_balance, TABLES, lambda table, column: read_column(folder / f"{table}.parquet", column))
    return {plan.name: measure_of(made(plan, lambda: "after the last bar"), run) for plan in plans}
