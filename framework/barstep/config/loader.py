"""A run file, or a mapping from Python, as a checked configuration; all faults at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from barstep.config.account_schema import AccountConfig
from barstep.config.data_schema import DataConfig
from barstep.config.environment import resolve
from barstep.config.fills_schema import FillsConfig
from barstep.config.instrument_schema import Instrument, read_instrument
from barstep.config.overrides import PluginEntry, apply_overrides, plugin_entries
from barstep.config.positions import Path, Positions, in_order
from barstep.config.problems import schema_lines
from barstep.config.schema import RunConfig, finer_bars, slug
from barstep.config.yaml_source import Document, read_file
from barstep.domain.errors import ConfigError

FileChecks = Callable[["Draft"], list[str]]
"""Looks at what of a file is well formed, also of one with faults elsewhere, and returns a line for each fault."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What of a file can be looked at, whatever else is wrong with it.

    Attributes:
        plugins: The entries that name a plugin.
        data: The data sections that are well formed, with their paths.
        instruments: The instruments of the other data sections, where these are well formed.
        account: The account as far as it can be read, else None.
        resolution: What `fills.resolution` says, as far as it can be read, else None.
        positions: Places of every value.
    """

    plugins: list[PluginEntry]
    data: list[tuple[Path, DataConfig]]
    instruments: list[tuple[Path, Instrument]]
    account: AccountConfig | None
    resolution: str | None
    positions: Positions


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where it came from.

    Attributes:
        config: The checked configuration.
        positions: Places of every value: `positions.where(("data", "start"))` is `run.yaml:3:48`.
        document: The tree as written, overrides applied, `${NAME}` not replaced; scalars of a file are text.
    """

    config: RunConfig = field(repr=False)  # holds what the environment gave
    positions: Positions
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """What of a stored configuration can be read without its plugins and its environment.

    Attributes:
        data: The data sections; empty when one of them cannot be read.
        fills: The fill options.
        risk: The risk rules by what they `use`, with their options as text.
    """

    data: list[DataConfig]
    fills: FillsConfig
    risk: dict[str, dict[str, Any]] = field(default_factory=dict)

    def finer(self, place: int) -> DataConfig | None:
        """The data section of the finer bars inside those of a section (R21), None without them."""
        data = self.data[place]
        finer = finer_bars(data, self.fills.resolution)
        if finer is None:
            return None
        return data.model_copy(update={"timeframe": finer.timeframe, "source": finer.source})


def load_stored(path: FilePath) -> Stored:
    """Read the data sections and the fill options of a `config.resolved.yaml`.

    Raises:
        ConfigError: The file is missing or no YAML.
    """
    tree = read_file(path).tree
    given = tree.get("data")
    sections = [config for _, config in _data_sections(tree)]
    whole = len(sections) == (len(given) if isinstance(given, list) else 1)
    fills = FillsConfig()
    with suppress(ValidationError):
        fills = FillsConfig.model_validate(tree.get("fills"))
    rules = {
        str(rule.get("use")): rule.get("options") or {} for rule in tree.get("risk") or () if isinstance(rule, dict)
    }
    return Stored(sections if whole else [], fills, rules)


def load_run(path: str | FilePath, overrides: Sequence[str] = (), checks: FileChecks | None = None) -> Loaded:
    """Read and check a run file.

    Args:
        path: The file; messages show it as given.
        overrides: `key=value` texts of `--set`, later ones win.
        checks: Checks of what the file names, so that their faults come in the same pass.

    Raises:
        ConfigError: With a line for every fault, in the order of the file.
    """
    document = read_file(FilePath(path))
    if "vary" in document.tree and "run" in document.tree:
        raise ConfigError(f"{path}: got a grid, expected a run; a grid is played by `barstep grid run {path}`")
    return load_document(document, overrides, checks, slug(FilePath(path).stem) or "run")


def load_mapping(mapping: Mapping[str, Any], overrides: Sequence[str] = (), checks: FileChecks | None = None) -> Loaded:
    """Check a run made in Python: the same keys as in a file; values may be text or Python objects.

    Args:
        mapping: The run; it is not changed.
        overrides: As for `load_run`.
        checks: As for `load_run`.

    Raises:
        ConfigError: With a line for every fault, each with its key path.
    """
    tree = _copied(mapping)
    return load_document(Document(tree, Positions()), overrides, checks, "run")


def load_document(document: Document, overrides: Sequence[str], checks: FileChecks | None, name: str = "run") -> Loaded:
    """Check a run that was read already; `name` is what it is called unless it says so itself. Raises as `load_run`."""
    positions = document.positions
    lines = document.problems + apply_overrides(document, overrides)
    tree, missing = resolve(document.tree, positions)
    lines += missing
    tree = _with_fees(tree)
    config = None
    try:
        config = RunConfig.model_validate({"name": name, **tree})
    except ValidationError as error:
        lines += schema_lines(error, tree, positions)
    if checks is not None:
        lines += checks(_draft(config, tree, positions))
    if lines or config is None:
        raise ConfigError(in_order(lines))
    return Loaded(config, positions, document.tree)


def _draft(config: RunConfig | None, tree: dict[str, Any], positions: Positions) -> Draft:
    """What of a file is well formed: all of it where the configuration is."""
    entries = plugin_entries(tree)
    if config is not None:
        several = isinstance(tree["data"], list)
        data: list[tuple[Path, DataConfig]] = [
            (("data", index) if several else ("data",), section) for index, section in enumerate(config.data)
        ]
        return Draft(entries, data, [], config.account, config.fills.resolution, positions)
    sections = _data_sections(tree)
    return Draft(entries, sections, _instruments(tree, sections), _account(tree), _resolution(tree), positions)


def _data_sections(tree: dict[str, Any]) -> list[tuple[Path, DataConfig]]:
    given = tree.get("data")
    several = isinstance(given, list)
    found: list[tuple[Path, DataConfig]] = []
    for index, raw in enumerate(given if isinstance(given, list) else [given]):
        with suppress(ValidationError):
            found.append((("data", index) if several else ("data",), DataConfig.model_validate(raw)))
    return found


def _with_fees(tree: dict[str, Any]) -> dict[str, Any]:
    """The `playground` profile has no fees unless the account says otherwise (fill model, profiles)."""
    fills, account = tree.get("fills"), tree.get("account")
    given = isinstance(account, dict) and account.get("fees") is not None
    if given or not isinstance(fills, dict) or fills.get("profile") != "playground":
        return tree
    return {**tree, "account": {**account, "fees": "none"} if isinstance(account, dict) else {"fees": "none"}}


def _instruments(tree: dict[str, Any], sections: list[tuple[Path, DataConfig]]) -> list[tuple[Path, Instrument]]:
    """Instruments of data sections that are not well formed elsewhere."""
    known = {path for path, _ in sections}
    found: list[tuple[Path, Instrument]] = []
    given = tree.get("data")
    for index, raw in enumerate(given if isinstance(given, list) else [given]):
        path: Path = ("data", index) if isinstance(given, list) else ("data",)
        if path not in known and isinstance(raw, dict) and "instrument" in raw:
            with suppress(ValidationError):
                found.append((path, read_instrument(raw["instrument"])))
    return found


def _account(tree: dict[str, Any]) -> AccountConfig | None:
    with suppress(ValidationError):
        return AccountConfig.model_validate(tree.get("account"))
    return None


def _resolution(tree: dict[str, Any]) -> str | None:
    with suppress(ValidationError):
        return FillsConfig.model_validate(tree.get("fills")).resolution
    return None


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ConfigError(f"got the key {key!r}, expected text")
        return {str(key): _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list | tuple) else value
