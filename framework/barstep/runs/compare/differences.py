"""What differs between runs before the first bar: configuration, bars, plugins, versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.config.positions import path_text
from barstep.config.yaml_source import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from barstep.runs.explain.records import Records


class Difference(NamedTuple):
    """One thing that differs.

    Attributes:
        what: `config`, `data`, `plugins`, `plan`, `seed` or `versions`.
        key: Where, such as `strategies[0].options.fast`.
        values: One for each run, as text; None where a run has no such thing.
    """

    what: str
    key: str
    values: list[str | None]


def differences(runs: Sequence[Records]) -> list[Difference]:
    """What differs between stored runs, the configuration first."""
    described = [_described(run) for run in runs]
    keys = dict.fromkeys(key for each in described for key in each)
    found = [Difference(*key, [each.get(key) for each in described]) for key in keys]
    return sorted((each for each in found if len(set(each.values)) > 1), key=lambda each: _ORDER.index(each.what))


_ORDER = ("config", "data", "plugins", "plan", "seed", "versions")
_FILES = ("path", "source", "file")


def _described(run: Records) -> dict[tuple[str, str], str]:
    """All that a run was made of as texts by place, the same for the same things wherever the run's folder lies."""
    tree = read_file(run.folder / "config.resolved.yaml").tree
    found = {("config", path_text(path)): _here(path, text, run.folder) for path, text in _leaves(tree, ())}
    manifest = run.manifest
    for what in ("data", "plan", "seed", "versions"):
        found |= {(what, path_text(path)): text for path, text in _leaves(manifest.get(what, {}), ())}
    for plugin in manifest["plugins"]:
        found["plugins", f"{plugin['name']}.sha256"] = str(plugin["sha256"])
        for name, sha in plugin.get("files", {}).items():
            found["plugins", f"{plugin['name']}.{name}"] = sha or "no file"
    return found


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, key))
    else:
        yield path, str(value)


def _here(path: tuple[str | int, ...], text: str, folder: Path) -> str:
    """A value without the way that leads from the run's folder to what it names; what a plugin's file held is told apart."""
    name, colon, wanted = text.partition(":")
    if path[-1] == "use":
        return f"{Path(name).stem if name.endswith('.py') else name}{colon}{wanted}"
    leads = path[-1] in _FILES and (
        text.startswith("../") or (folder / text).is_file()
    )  # a kill switch is not there yet
    return str((folder / text).resolve()) if leads else text
