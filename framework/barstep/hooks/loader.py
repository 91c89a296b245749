"""Finds plugins: a path, the workspace's folder, an installed entry point, or what barstep brings along."""

from __future__ import annotations

import difflib
import hashlib
import importlib.util
import inspect
import sys
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from barstep._version import __version__
from barstep.domain.errors import ConfigError, PluginError
from barstep.hooks.checks import faults
from barstep.hooks.extension import PLACES, SECTIONS
from barstep.hooks.markers import PROJECT
from barstep.hooks.plugin import Plugin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.metadata import EntryPoint, EntryPoints
    from types import CodeType, ModuleType

_WORDS = {
    "strategies": "strategies",
    "risk": "risk rules",
    "observers": "observers",
    "fees": "fee models",
    "slippage": "slippage models",
    "source": "data sources",
    "metrics": "metrics",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin class and where it came from.

    Attributes:
        cls: The class.
        origin: `path`, `workspace`, `entry point` or `bundled`.
        file: Where it is defined.
        package: Name and version of the distribution that brings it, empty for a file of one's own.
        made: The plugin itself, where a test hands one over; each run makes its own otherwise.
    """

    cls: type[Plugin]
    origin: str
    file: Path | None
    package: str = ""
    made: Plugin | None = None


@cache
def bundled_root() -> Path:
    """The folder with the plugins, strategies and configs that barstep brings along."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "_bundled"
    return packed if packed.is_dir() else package.parents[1]


def find_workspace(start: Path) -> Path:
    """The nearest folder upwards that has `plugins/`, `strategies/` or `configs/`, else the current folder."""
    for folder in (start, *start.parents):
        if all((folder / name).is_dir() for name in ("plugins", "strategies", "configs")):
            return folder
    return Path.cwd()


class Loader:
    """Resolves the `use:` of a configuration.

    Args:
        base: Folder of the configuration file, for relative paths.
        workspace: Folder with `plugins/` and `strategies/`.
    """

    def __init__(self, base: Path, workspace: Path) -> None:
        self.base = base
        self.workspace = workspace

    def load(self, use: str, section: str) -> Found:
        """The plugin class that `use` means in a section (`strategies`, `risk`, `observers`, `fees`, `metrics`, ...).

        Raises:
            ConfigError: There is none, there are several, or its class is refused; the message says what to change.
            PluginError: Its file raises while it is imported.
        """
        found = self._locate(use, (SECTIONS[section].folder,))
        if found is None:
            raise ConfigError(self._unknown(use, section))
        check_class(found, use.partition(":")[0], section)
        return found

    def identify(self, use: str) -> tuple[str, Found]:
        """The section that a name or path belongs to, and its class; raises as `load` does."""
        found = self._locate(use, tuple(dict.fromkeys(base.folder for base in SECTIONS.values())))
        if found is None:
            bases = ", ".join(base.__name__ for base in SECTIONS.values())
            raise ConfigError(
                f"got {use!r}, expected the name or path of a plugin: a class that inherits one of {bases}"
            )
        section = next((key for key, base in SECTIONS.items() if issubclass(found.cls, base)), "strategies")
        check_class(found, use, section)
        return section, found

    def likely_section(self, name: str, origin: str) -> str:
        """The section that a plugin which cannot be loaded seems to belong to."""
        known = (s for s in SECTIONS if name in self.names(s) and self._may_be(name, origin, s))
        return next(known, "strategies")

    def names(self, section: str) -> dict[str, str]:
        """Every name that can be used in a section, with its origin."""
        folder = SECTIONS[section].folder
        found = {point.name: "entry point" for point in self._points}
        for root, origin in ((bundled_root(), "bundled"), (self.workspace, "workspace")):
            for path in sorted((root / folder).glob("*.py")):
                if not path.name.startswith("_"):
                    found[path.stem] = origin
        return found

    @cached_property
    def _points(self) -> EntryPoints:
        """What installed packages offer, looked up once: each look reads a file of every package there is."""
        return entry_points(group=PROJECT)

    def _locate(self, use: str, folders: tuple[str, ...]) -> Found | None:
        """The class that a name or path means, looked for in folders of the workspace; None when a name is not known."""
        name, _, wanted = use.partition(":")
        if name.endswith(".py"):
            places = (self.base, *(self.workspace / folder for folder in folders))
            path = next((place / name for place in places if (place / name).is_file()), None)
            if path is None:
                raise ConfigError(f"no file {name} beside the configuration or in {places[1]}")
            return _of_file(path.resolve(), wanted, "path")
        for root, origin in ((self.workspace, "workspace"), (None, "entry point"), (bundled_root(), "bundled")):
            if root is None:
                found = _offered(name, [point for point in self._points if point.name == name])
                if found is not None:
                    return found
                continue
            for folder in folders:
                path = root / folder / f"{name}.py"
                if path.is_file():
                    return _of_file(path, wanted, origin)
        return None

    def _unknown(self, name: str, section: str) -> str:
        names = [known for known, origin in self.names(section).items() if self._may_be(known, origin, section)]
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names)) or 'none'}"
        return f"got {name!r}, expected the name or path of one of the {_WORDS[section]}; {hint}"

    def _may_be(self, name: str, origin: str, section: str) -> bool:
        """Whether the file of a known name speaks of a section's base class; entry points are not opened for it."""
        root = {"workspace": self.workspace, "bundled": bundled_root()}.get(origin)
        if root is None:
            return True
        try:
            text = (root / SECTIONS[section].folder / f"{name}.py").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return True
        return not any(base.__name__ in text for base in SECTIONS.values()) or SECTIONS[section].__name__ in text


def bundled(name: str, section: str) -> Found:
    """A plugin that barstep brings along, whatever a workspace or a package calls by the same name."""
    return _of_file(bundled_root() / SECTIONS[section].folder / f"{name}.py", "", "bundled")


def _offered(name: str, points: Sequence[EntryPoint]) -> Found | None:
    """The class behind the entry points of a name."""
    if not points:
        return None
    if len(points) > 1:
        listed = ", ".join(f"{point.value} of {_package(point) or 'an unknown package'}" for point in points)
        raise ConfigError(f"{name} is offered by several installed packages: {listed}; uninstall one, or use a path")
    try:
        cls = points[0].load()
    except Exception as error:
        raise PluginError(name, "import", points[0].value, "", error) from error
    if not (inspect.isclass(cls) and issubclass(cls, Plugin)):
        raise ConfigError(
            f"{name}: the entry point {points[0].value} is no plugin class, expected one such as package.module:Class"
        )
    return Found(cls, "entry point", Path(inspect.getfile(cls)), _package(points[0]))


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""


def _of_file(path: Path, wanted: str, origin: str) -> Found:
    module = import_file(path)
    classes = {
        name: cls
        for name, cls in vars(module).items()
        if inspect.isclass(cls) and issubclass(cls, Plugin) and cls.__module__ == module.__name__
    }
    package = f"barstep {__version__}" if origin == "bundled" else ""
    if wanted:
        if wanted not in classes:
            raise ConfigError(f"{path}: no plugin class {wanted}; it has {', '.join(classes) or 'none'}")
        return Found(classes[wanted], origin, path, package)
    public = [name for name in classes if not name.startswith("_")]
    if not public:
        bases = ", ".join(kind.__name__ for kind in SECTIONS.values())
        raise ConfigError(f"{path}: no public plugin class: inherit one from {bases}")
    if len(public) > 1:
        raise ConfigError(f"{path}: several plugin classes, write {path.name}:{public[0]} or another of {public}")
    return Found(classes[public[0]], origin, path, package)


class _Importer(SourceFileLoader):
    """Runs the text that a file has now, each time anew; only compiling it is not done twice."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  Python's signature
        return _compiled(self.get_data(self.path), self.path)


@lru_cache(maxsize=256)
def _compiled(text: bytes, path: str) -> CodeType:
    return compile(text, path, "exec", dont_inherit=True)


def import_file(path: Path) -> ModuleType:
    """Import a plugin file under a name of its own, without touching `sys.path`."""
    tag = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"{PROJECT}_file_{path.stem}_{tag}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Importer(name, str(path)))
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        raise ConfigError(f"{path}:{error.lineno}: this is not Python: {error.msg}") from error
    except Exception as error:
        del sys.modules[name]
        raise PluginError(path.stem, "import", str(path), "", error) from error
    return module


def check_class(found: Found, name: str, section: str) -> None:
    """Refuse a class of another kind than its section asks for, and one that would stay silent."""
    cls, base = found.cls, SECTIONS[section]
    if not issubclass(cls, base):
        other = next((key for key, kind in SECTIONS.items() if issubclass(cls, kind)), None)
        hint = f"list it under {PLACES.get(other, other)}:" if other else f"inherit from {base.__name__}"
        raise ConfigError(f"{Path(name).stem}: {cls.__name__} is not a {base.__name__}; {hint}")
    problems = faults(cls)
    if problems:
        raise ConfigError(problems)
