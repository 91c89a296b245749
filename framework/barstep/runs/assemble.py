"""From a checked configuration to a replay that is ready to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.broker.direct import DirectBroker
from barstep.config import Loaded, Positions, in_order, load_mapping, load_run, validate_options
from barstep.config.positions import path_text
from barstep.data.checks import EmptyRangeError
from barstep.domain.errors import ConfigError, DataError
from barstep.domain.instrument import micros
from barstep.engine.context import context_for
from barstep.engine.desk import Desk
from barstep.engine.recorder import Recorder
from barstep.engine.replay import Replay
from barstep.engine.streams import Stream
from barstep.hooks.loader import Found, Loader, find_workspace
from barstep.hooks.manager import HookManager, Registered
from barstep.hooks.plugin import Plugin, configure, option_fields
from barstep.runs.sources import KeyedError, fee_of, make_stream, sessions_of
from barstep.sim.exchange import SimulatedExchange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from barstep.config import PluginEntry
    from barstep.domain.bar import BarStream
    from barstep.engine.recorder import Sink


@dataclass(slots=True)
class PluginPlan:
    """A plugin of a run before it is made: its name there, its class and its validated options."""

    name: str
    section: str
    path: tuple[str | int, ...]
    found: Found
    options: dict[str, Any]


@dataclass(slots=True)
class RunPlan:
    """Everything a run needs, checked: what `validate` shows and `run` plays."""

    loaded: Loaded
    workspace: Path
    base: Path
    plugins: list[PluginPlan]
    streams: list[BarStream]
    fees: list[int]
    warnings: list[str] = field(default_factory=list)


def load_plan(source: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> RunPlan:
    """Read and check a run: the file, its plugins with their options, its instruments and bars.

    Raises:
        ConfigError: With every fault of the file in one pass.
        DataError: When the bars cannot be read.
        PluginError: When a plugin's file raises while it is imported.
    """
    base = Path.cwd() if not isinstance(source, str | Path) else Path(source).resolve().parent
    workspace = find_workspace(base)
    loader = Loader(base, workspace)
    plans: list[PluginPlan] = []

    def check_plugins(entries: list[PluginEntry], positions: Positions) -> list[str]:
        return [line for entry in entries for line in _plan_plugin(entry, positions, loader, plans)]

    if isinstance(source, str | Path):
        loaded = load_run(source, overrides, check_plugins)
    else:
        loaded = load_mapping(source, overrides, check_plugins)
    streams, fees = _open_data(loaded, base)
    return RunPlan(loaded, workspace, base, plans, streams, fees)


def build(plan: RunPlan, sink: Sink, log: Any) -> Replay:
    """Make the exchange, the plugins and the replay of a plan; each call makes everything anew."""
    config = plan.loaded.config
    feeds = [stream.feed for stream in plan.streams]
    exchange = SimulatedExchange(feeds, config.fills.options(), plan.fees, micros(str(config.account.balance)))
    streams = [
        Stream(bars, market, sessions_of(bars), data.history)
        for bars, market, data in zip(plan.streams, exchange.markets, config.data, strict=True)
    ]
    desk = Desk(exchange, DirectBroker(exchange), streams, config.data[0].history, log)
    registered = [_register(plugin, plan, desk, streams) for plugin in plan.plugins]
    hooks = HookManager(registered, desk.when)
    return Replay(desk, hooks, Recorder(sink, per_bar=len(streams) > 1))


def _register(plugin: PluginPlan, plan: RunPlan, desk: Desk, streams: list[Stream]) -> Registered:
    stream = streams[0]
    config = plan.loaded.config
    follows = ""
    if plugin.section == "strategies":
        stream = streams[config.data.index(config.data_of(config.strategies[int(plugin.path[1])]))]
        follows = stream.feed.contract.id if len(streams) > 1 else ""
    context = context_for(plugin.section, desk, plugin.name, stream)
    return Registered(plugin.name, configure(plugin.found.cls, plugin.options), context, follows)


def _plan_plugin(entry: PluginEntry, positions: Positions, loader: Loader, plans: list[PluginPlan]) -> list[str]:
    """Find a plugin and check its options; appends to `plans` or returns a line for each fault."""
    at = (*entry.path, "use")
    try:
        found = loader.load(entry.use, entry.section)
    except ConfigError as error:
        return [f"{positions.where(at)} {path_text(at)}: {problem}" for problem in error.problems]
    options, lines = validate_options(
        option_fields(found.cls), entry.options, (*entry.path, "options"), positions, entry.name
    )
    if lines:
        return lines
    try:
        configure(found.cls, options)
    except ValueError as error:
        path = (*entry.path, "options")
        return [f"{positions.where(path)} {path_text(path)}: {error}"]
    same = sum(plan.name.split("#")[0] == entry.name for plan in plans)
    name = f"{entry.name}#{same + 1}" if same else entry.name
    plans.append(PluginPlan(name, entry.section, entry.path, found, options))
    return []


def _open_data(loaded: Loaded, base: Path) -> tuple[list[BarStream], list[int]]:
    """Open every data section; faults that the file can mend carry its places."""
    config, positions = loaded.config, loaded.positions
    single = not isinstance(loaded.document.get("data"), list)
    streams: list[BarStream] = []
    fees: list[int] = []
    problems: list[str] = []
    for index, data in enumerate(config.data):
        path: tuple[str | int, ...] = ("data",) if single else ("data", index)
        try:
            stream = make_stream(data, base)
            streams.append(stream)
            _check_range(stream)
        except ConfigError as error:
            at = (*path, *error.key) if isinstance(error, KeyedError) else path
            problems += [f"{positions.where(at)} {path_text(at)}: {problem}" for problem in error.problems]
            continue
        except EmptyRangeError as error:
            at = (*path, "start") if data.start is not None else (*path, "end")
            problems.append(f"{positions.where(at)} {path_text(at)}: {error}")
        except DataError as error:
            at = (*path, "source")
            raise DataError(f"{positions.where(at)} {path_text(at)}: {error}") from error
        try:
            fees.append(fee_of(stream.feed.contract.instrument, config.account.fees))
        except ConfigError as error:
            at = ("account", "fees")
            problems += [f"{positions.where(at)} {path_text(at)}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigError(in_order(problems))
    return streams, fees


def _check_range(stream: BarStream) -> None:
    span = getattr(stream, "span", None)
    if span is not None and span() is None:
        next(iter(stream.chunks()), None)  # raises, with the bars there are


__all__ = ["Plugin", "PluginPlan", "RunPlan", "build", "load_plan"]
