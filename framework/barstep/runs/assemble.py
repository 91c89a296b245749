"""From a checked configuration to a replay that is ready to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.broker.direct import DirectBroker
from barstep.config import Document, Loaded, Positions, load_document, load_mapping, load_run, validate_options
from barstep.config.positions import path_text
from barstep.config.source_schema import PluginSource
from barstep.data.checks import EmptyRangeError
from barstep.domain.errors import ConfigError, DataError, PluginError
from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.follower import Follower
from barstep.engine.array.plugins import wants_from
from barstep.engine.context import context_for
from barstep.engine.desk import Desk
from barstep.engine.recorder import Recorder
from barstep.engine.replay import Replay
from barstep.engine.streams import Stream
from barstep.hooks.checks import hooks_of
from barstep.hooks.extension import EXTENSIONS
from barstep.hooks.loader import Found, Loader, find_workspace
from barstep.hooks.manager import HookManager, Registered
from barstep.hooks.plugin import KINDS, configure, option_fields
from barstep.runs.extensions import made, own_measures, use_models
from barstep.runs.finer import magnifier, open_finer
from barstep.runs.instruments import fee_of, make_instrument
from barstep.runs.keyed import KeyedError
from barstep.runs.plans import AccountPlan
from barstep.runs.script_plan import ScriptPlan, find_scripts
from barstep.runs.sources import Opener, also_of, make_stream, sessions_of
from barstep.sim.exchange import SimulatedExchange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from barstep.config import Draft, PluginEntry
    from barstep.config.data_schema import DataConfig
    from barstep.domain.bar import BarStream
    from barstep.engine.array.work import Wants
    from barstep.engine.recorder import Sink
    from barstep.hooks.plugin import Plugin


@dataclass(slots=True)
class PluginPlan:
    """A plugin of a run before it is made: its name there, its class, its validated options and the run's folder."""

    name: str
    section: str
    path: tuple[str | int, ...]
    found: Found
    options: dict[str, Any]
    base: Path

    @property
    def files(self) -> dict[str, Path]:
        """Files that options name, such as a list of news."""
        return {name: self.base / value for name, value in self.options.items() if isinstance(value, Path)}

    def make(self) -> Plugin:
        """The plugin itself, a new one each time."""
        return self.found.made or configure(self.found.cls, self.options, self.base)


@dataclass(slots=True)
class RunPlan:
    """Everything a run needs, checked: what `validate` shows and `run` plays.

    `allow_remote` lets a script with a header of its own run although it holds addresses on other machines.
    """

    loaded: Loaded
    workspace: Path
    base: Path
    plugins: list[PluginPlan]
    streams: list[BarStream]
    fees: list[int]
    finer: list[BarStream | None]
    account: AccountPlan
    extensions: list[PluginPlan] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    script: ScriptPlan | None = None
    allow_remote: bool = False

    @property
    def named(self) -> list[PluginPlan]:
        """Everything that has a `use:` in the configuration: the plugins, then what fills, bars and metrics name."""
        return [*self.plugins, *self.extensions]

    def of(self, section: str) -> list[PluginPlan]:
        """What one section names: `metrics`, `fees`, `slippage` or `source`."""
        return [each for each in self.extensions if each.section == section]


def load_plan(
    source: str | Path | Mapping[str, Any] | Document,
    overrides: Sequence[str] = (),
    folder: Path | None = None,
    loader: Loader | None = None,
    opener: Opener = make_stream,
) -> RunPlan:
    """Read and check a run: the file, its plugins with their options, its instruments and bars.

    Args:
        source: A run file, or the same as a mapping or as a document that was read already.
        overrides: `key=value` texts as for `--set`.
        folder: Where a mapping's relative paths and its workspace start; by default the current folder.
        loader: What resolves each `use:`, where that is not the usual.
        opener: What opens the bars of a data section, where they are not read from its source.

    Raises:
        ConfigError: With every fault of the file in one pass.
        DataError: When the bars cannot be read.
        PluginError: When a plugin's file raises while it is imported.
    """
    base = Path(source).resolve().parent if isinstance(source, str | Path) else folder or Path.cwd()
    workspace = find_workspace(base)
    resolver = loader or Loader(base, workspace)
    plans: list[PluginPlan] = []
    extensions: list[PluginPlan] = []
    account = AccountPlan()
    scripts: list[ScriptPlan] = []
    bars = _Bars(base, extensions, opener)

    def check(draft: Draft) -> list[str]:
        lines = account.read(draft)
        rules = account.rules()
        plans.extend(PluginPlan(name, "risk", (), found, options, base) for name, found, options in rules)
        for entry in draft.plugins:
            if entry.section in EXTENSIONS:
                lines += _plan_plugin(entry, draft.positions, resolver, extensions)
                continue
            told = find_scripts(entry, draft, resolver, scripts)
            lines += _plan_plugin(entry, draft.positions, resolver, plans) if told is None else told
        return lines + bars.open(draft)

    if isinstance(source, str | Path):
        loaded = load_run(source, overrides, check)
    elif isinstance(source, Document):
        loaded = load_document(source, overrides, check)
    else:
        loaded = load_mapping(source, overrides, check)
    if bars.unreadable is not None:
        raise bars.unreadable
    report = loaded.config.report
    if report is not None and report.html and find_spec("plotly") is None:
        where = loaded.positions.where(("report", "html"))
        raise ConfigError(f"{where} report.html: reports need plotly: pip install 'barstep[report]', or take it out")
    plans.sort(key=lambda each: list(KINDS).index(each.section))  # a plan's rules go before the file's own
    script = next(iter(scripts), None)
    return RunPlan(
        loaded, workspace, base, plans, bars.streams, bars.fees, bars.finer, account, extensions, script=script
    )


def build(plan: RunPlan, sink: Sink, log: Any, *, plugins: bool = True) -> Replay:
    """Make the exchange, the plugins and the replay of a plan; each call makes everything anew.

    Without `plugins` it is the bare exchange behind a gateway, whose clients have the plugins.
    """
    config = plan.loaded.config
    feeds = [stream.feed for stream in plan.streams]
    exchange = SimulatedExchange(feeds, config.fills.options(), plan.fees, plan.account.start_balance)
    streams = [
        Stream(bars, market, sessions_of(bars), data.history, also_of(data) if plugins else ())
        for bars, market, data in zip(plan.streams, exchange.markets, config.data, strict=True)
    ]
    for market, bars, finer in zip(exchange.markets, plan.streams, plan.finer, strict=True):
        market.finer = magnifier(market, bars, finer)
    desk = Desk(exchange, DirectBroker(exchange), streams, config.data[0].history, config.seed, log)
    use_models(plan, exchange, desk.when)
    desk.attempts = plan.account.attempts(exchange) if plugins else None
    hooks = register_plugins(plan, desk, streams) if plugins else HookManager([], desk.when)
    return Replay(desk, hooks, Recorder(sink, desk.attempts, per_bar=len(streams) > 1))


def register_plugins(plan: RunPlan, desk: Desk, streams: Sequence[Stream]) -> HookManager:
    """Make the plugins of a plan, each with its own context."""
    return HookManager([_register(plugin, plan, desk, streams) for plugin in plan.plugins], desk.when)


def _register(plugin: PluginPlan, plan: RunPlan, desk: Desk, streams: Sequence[Stream]) -> Registered:
    own = list(streams)
    config = plan.loaded.config
    follows: tuple[str, ...] = ()
    if plugin.section == "strategies":
        own = [streams[config.data.index(data)] for data in config.data_of(config.strategies[int(plugin.path[1])])]
        follows = tuple(stream.feed.contract.id for stream in own) if len(streams) > 1 else ()
    context = context_for(plugin.section, desk, plugin.name, own)
    plays = plugin.make()
    if plugin.section == "strategies" and "on_bar" not in hooks_of(plugin.found.cls):
        plays = _follower(plugin, plays, plan, own)
    return Registered(plugin.name, plays, context, follows)


def _follower(plugin: PluginPlan, strategy: Plugin, plan: RunPlan, own: Sequence[Stream]) -> Follower:
    """A strategy that has only `positions`, as one that asks for them bar by bar."""
    if len(own) > 1 or plan.loaded.config.broker.kind != "embedded":
        raise ConfigError(
            f"the strategy {plugin.name} has positions(bars) and no on_bar: that trades one contract on the embedded "
            "broker; write an on_bar for anything else"
        )
    bars = own[0].bars

    def wants() -> Wants:
        columns = ArrayBars.read(bars, sessions_of(bars).locate)[0]
        return wants_from(plugin.name, strategy, columns, str(plugin.found.file or ""))

    return Follower(wants)


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
        configure(found.cls, options, loader.base)
    except ValueError as error:
        path = (*entry.path, "options")
        return [f"{positions.where(path)} {path_text(path)}: {error}"]
    except Exception as error:
        raise PluginError(entry.name, "check", str(found.file), "before the first bar", error) from error
    if entry.section == "metrics" and entry.name in own_measures():
        expected = "a name that no measure of a result has: rename its file or entry point"
        return [positions.line(at, entry.use, expected)]
    same = sum(plan.name.split("#")[0] == entry.name for plan in plans)
    name = f"{entry.name}#{same + 1}" if same else entry.name
    plans.append(PluginPlan(name, entry.section, entry.path, found, options, loader.base))
    return []


class _Bars:
    """Opens the data sections of a file; faults that the file can mend carry its places."""

    def __init__(self, base: Path, extensions: list[PluginPlan], opener: Opener) -> None:
        self.streams: list[BarStream] = []
        self.fees: list[int] = []
        self.finer: list[BarStream | None] = []
        self.unreadable: DataError | None = None
        self._base = base
        self._extensions = extensions
        self._opener = opener

    def open(self, draft: Draft) -> list[str]:
        """Open what is well formed; returns a line for each fault, and keeps a file that cannot be read for later."""
        lines = [line for path, config in draft.data for line in self._open_one(path, config, draft)]
        for path, given in draft.instruments:
            at = (*path, "instrument")
            try:
                make_instrument(given)
            except ConfigError as error:
                lines += [f"{draft.positions.where(at)} {path_text(at)}: {problem}" for problem in error.problems]
        return lines

    def _open_one(self, path: tuple[str | int, ...], config: DataConfig, draft: Draft) -> list[str]:
        at: tuple[str | int, ...] = path
        source: tuple[str | int, ...] = (*path, "source")
        try:
            named = next((each for each in self._extensions if each.path == source), None)
            if named is None and isinstance(config.source, PluginSource):
                return []  # what is wrong with it was told where it is named
            asked = made(named, lambda: "while its bars are read") if named is not None else None
            stream = self._opener(config, self._base, asked)
            self.streams.append(stream)
            _check_range(stream)
            source = (*path, "finer", "source")
            at = ("fills", "resolution")
            self.finer.append(open_finer(config, draft.resolution, self._base, stream, self._opener))
            at = ("account", "fees")
            if draft.account is not None:
                self.fees.append(fee_of(stream.feed.contract.instrument, draft.account.fees))
        except ConfigError as error:
            at = (*path, *error.key) if isinstance(error, KeyedError) else at
            return [f"{draft.positions.where(at)} {path_text(at)}: {problem}" for problem in error.problems]
        except EmptyRangeError as error:
            at = (*path, "start") if config.start is not None else (*path, "end")
            return [f"{draft.positions.where(at)} {path_text(at)}: {error}"]
        except DataError as error:
            fault = DataError(f"{draft.positions.where(source)} {path_text(source)}: {error}")
            self.unreadable = self.unreadable or fault
        return []


def _check_range(stream: BarStream) -> None:
    span = getattr(getattr(stream, "base", stream), "span", None)  # generated bars have none, and need no look
    if span is not None and span() is None:
        next(iter(stream.chunks()), None)  # raises, with the bars there are
