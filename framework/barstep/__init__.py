"""barstep: a plugin-based strategy framework for futures traders.

The names below are what plugins and programs import; everything else is inside. They are loaded when first used, so
that importing barstep is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep._lazy import lazy_names
from barstep._version import __version__

if TYPE_CHECKING:
    from barstep.batch.result import GridResult, grid
    from barstep.domain.bar import Bar
    from barstep.domain.errors import BarstepError, BrokerError, ConfigError, DataError, PluginError
    from barstep.domain.fill import Fill, Trade
    from barstep.domain.instrument import Contract, Instrument
    from barstep.domain.option import option
    from barstep.domain.order import Order
    from barstep.domain.pending_fill import PendingFill
    from barstep.domain.risk import RiskDecision
    from barstep.domain.run_arrays import RunArrays
    from barstep.domain.session import Session
    from barstep.engine.context import Context
    from barstep.engine.read_context import ReadContext
    from barstep.engine.risk_context import RiskContext
    from barstep.hooks.extension import DataSource, FeeModel, Metric, SlippageModel
    from barstep.hooks.markers import hookimpl, only_if
    from barstep.hooks.plugin import Observer, RiskRule, Strategy
    from barstep.runs.importing import import_bars
    from barstep.runs.loading import load
    from barstep.runs.result import RunResult
    from barstep.runs.run import run

_HOMES = {
    "Bar": "domain.bar",
    "BarstepError": "domain.errors",
    "BrokerError": "domain.errors",
    "ConfigError": "domain.errors",
    "Context": "engine.context",
    "Contract": "domain.instrument",
    "DataError": "domain.errors",
    "DataSource": "hooks.extension",
    "FeeModel": "hooks.extension",
    "Fill": "domain.fill",
    "GridResult": "batch.result",
    "Instrument": "domain.instrument",
    "Metric": "hooks.extension",
    "Observer": "hooks.plugin",
    "Order": "domain.order",
    "PendingFill": "domain.pending_fill",
    "PluginError": "domain.errors",
    "ReadContext": "engine.read_context",
    "RiskContext": "engine.risk_context",
    "RiskDecision": "domain.risk",
    "RiskRule": "hooks.plugin",
    "RunArrays": "domain.run_arrays",
    "RunResult": "runs.result",
    "Session": "domain.session",
    "SlippageModel": "hooks.extension",
    "Strategy": "hooks.plugin",
    "Trade": "domain.fill",
    "grid": "batch.result",
    "hookimpl": "hooks.markers",
    "import_bars": "runs.importing",
    "load": "runs.loading",
    "only_if": "hooks.markers",
    "option": "domain.option",
    "run": "runs.run",
}

__all__ = [
    "Bar",
    "BarstepError",
    "BrokerError",
    "ConfigError",
    "Context",
    "Contract",
    "DataError",
    "DataSource",
    "FeeModel",
    "Fill",
    "GridResult",
    "Instrument",
    "Metric",
    "Observer",
    "Order",
    "PendingFill",
    "PluginError",
    "ReadContext",
    "RiskContext",
    "RiskDecision",
    "RiskRule",
    "RunArrays",
    "RunResult",
    "Session",
    "SlippageModel",
    "Strategy",
    "Trade",
    "__version__",
    "grid",
    "hookimpl",
    "import_bars",
    "load",
    "only_if",
    "option",
    "run",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
