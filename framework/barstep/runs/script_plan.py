"""A playground script as the strategy of a run: found, told from a plugin file and read, without executing any of it."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep.config.positions import path_text
from barstep.domain.errors import ConfigError
from barstep.hooks.loader import bundled_root
from barstep.runs.script_addresses import remote_addresses, remote_options
from barstep.runs.script_source import (
    all_bars_for_zero,
    calls_helpers,
    has_own_header,
    is_plugin_file,
    mentions,
    parse,
    variables_read,
)

if TYPE_CHECKING:
    from types import CodeType

    from barstep.config import Draft, PluginEntry, Positions
    from barstep.hooks.loader import Loader

SET_BY_RUN = {
    "INSTRUMENT": "data.instrument",
    "START_DATE": "data.start",
    "END_DATE": "data.end",
    "TIMEFRAME": "data.timeframe",
    "ACCOUNT_ID": "",
    "CONTRACT_ID": "data.contract",
    "TOTAL_BARS": "",
    "API_URL": "",
    "TOKEN": "",
    "TESTMAX_API_URL": "",
    "TESTMAX_TOKEN": "",
}
"""Variables that a script is given by its run, with the key that decides each."""

_VARIABLE = re.compile(r"[^=\0\s]+")


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """A script of a run, read and checked.

    Attributes:
        name: Its name in the run: the file's.
        file: Where it lies; its folder is importable while it runs.
        origin: `path`, `workspace` or `bundled`.
        path: Its place in the configuration.
        options: Environment variables by name.
        code: What is executed.
        sha256: Hash of the file.
        own_header: It defines `api`, or reads API_URL or TESTMAX_*: it gets a gateway to connect to.
        starts: It may call Replay/start itself: the replay waits for it, or for the first call that needs one.
        reads: Environment variables that it reads by name.
        max_bars: MAX_BARS of the options, 0 for all.
        step_delay: STEP_DELAY of the options in seconds.
        remote: Addresses on other machines that a script with a header of its own holds, `file.py:12: https://...`.
    """

    name: str
    file: Path
    origin: str
    path: tuple[str | int, ...]
    options: dict[str, str]
    code: CodeType
    sha256: str
    own_header: bool
    starts: bool
    reads: frozenset[str]
    max_bars: int
    step_delay: float
    remote: tuple[str, ...] = ()


def find_script(use: str, base: Path, workspace: Path) -> tuple[Path, str] | None:
    """The script that the `use:` of a strategy means, and its origin; None when it means a plugin, or nothing.

    A file that imports `Strategy`, `RiskRule`, `Observer` or `hookimpl` from barstep is a plugin file, and so is one that
    only defines classes on top of others; any other Python file is a script. Looked for beside the configuration, in the
    workspace and its strategies, then among what comes with barstep.

    Raises:
        ConfigError: The file cannot be read, or is not Python; with its line.
    """
    if not use.endswith(".py"):
        return None
    places = (
        (base / use, "path"),
        (workspace / "strategies" / use, "workspace"),
        (workspace / use, "workspace"),
        (bundled_root() / "strategies" / use, "bundled"),
    )
    for path, origin in places:
        if path.is_file():
            return None if is_plugin_file(parse(path.resolve())[0]) else (path.resolve(), origin)
    return None


def find_scripts(entry: PluginEntry, draft: Draft, loader: Loader, scripts: list[ScriptPlan]) -> list[str] | None:
    """Take an entry of a run that is a script: appends to `scripts`, or returns a line for each fault.

    None for an entry that is none, so that it is looked for among the plugins.
    """
    at = (*entry.path, "use")
    name, colon, _ = entry.use.partition(":")
    if colon and not name.endswith(".py"):
        return None
    try:
        found = find_script(name, loader.base, loader.workspace)
    except ConfigError as error:
        return [f"{draft.positions.where(at)} {path_text(at)}: {problem}" for problem in error.problems]
    if found is None:
        return None
    if colon or entry.section != "strategies":  # not executed to find that out
        if not calls_helpers(parse(found[0])[0]):
            return None  # perhaps a plugin whose base class comes from elsewhere: importing it tells
        told = "it is a playground script: list it under strategies: without a class, or run it with `barstep script`"
        return [draft.positions.line(at, entry.use, f"a plugin with a class ({told})")]
    if len([one for one in draft.plugins if one.section == "strategies"]) > 1 or len(draft.data) > 1:
        told = "a script is the only strategy of its run and trades one contract"
        return [draft.positions.line(at, entry.use, f"a plugin: {told}")]
    script, lines = plan_script(entry, found, draft.positions)
    scripts += [script] if script is not None else []
    return lines


def plan_script(
    entry: PluginEntry, found: tuple[Path, str], positions: Positions
) -> tuple[ScriptPlan | None, list[str]]:
    """Read a script and its options; None and a line for each fault where there are any."""
    file, origin = found
    at = (*entry.path, "options")
    lines: list[str] = []
    options: dict[str, str] = {}
    for name, raw in entry.options.items():
        where = (*at, name)
        text = _text(raw)
        if name in SET_BY_RUN:
            key = SET_BY_RUN[name]
            lines.append(
                positions.line(where, name, key or "nothing: leave it out", "the run itself sets it", key=True)
            )
        elif not _VARIABLE.fullmatch(name):
            lines.append(positions.line(where, repr(name), "the name of an environment variable", key=True))
        elif text is None:
            lines.append(positions.line(where, positions.shown(where, raw), "text or a number"))
        options[name] = text or ""
    numbers = {"MAX_BARS": 0.0, "STEP_DELAY": 0.0}
    for name in numbers.keys() & options.keys():
        number = _number(options[name])
        if number is None or (name == "MAX_BARS" and number % 1):
            expected = "a whole number of bars, 0 for all" if name == "MAX_BARS" else "seconds per bar, 0 or more"
            lines.append(positions.line((*at, name), positions.shown((*at, name), entry.options[name]), expected))
        numbers[name] = number or 0.0
    if lines:
        return None, lines
    tree, source = parse(file)
    own_header, starts = has_own_header(tree), mentions(tree, "Replay/start")
    all_bars_for_zero(tree)
    code = compile(tree, str(file), "exec", dont_inherit=True)
    sha = hashlib.sha256(source).hexdigest()
    bars, delay = int(numbers["MAX_BARS"]), numbers["STEP_DELAY"]
    ours = frozenset((*SET_BY_RUN, *options))
    remote = (*remote_options(options), *remote_addresses(file, tree, ours)) if own_header else ()
    reads = variables_read(tree)
    plan = ScriptPlan(
        entry.name, file, origin, entry.path, options, code, sha, own_header, starts, reads, bars, delay, remote
    )
    return plan, []


def _text(raw: Any) -> str | None:
    """An option as the text of an environment variable; None for a list or a mapping."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return str(raw).lower()
    if isinstance(raw, list | tuple | dict | set):
        return None
    text = str(raw)
    return None if "\0" in text else text


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
