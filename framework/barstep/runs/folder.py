"""A run's folder: written beside its place and moved there whole, and found again later."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from barstep._version import __version__
from barstep.config import dump_resolved
from barstep.config.problems import value_at
from barstep.data import read_table, sync
from barstep.domain import order
from barstep.domain.errors import BarstepError, ConfigError
from barstep.hooks.loader import bundled_root
from barstep.runs.result import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from barstep.runs.assemble import RunPlan
    from barstep.runs.result import RunResult

_LIBRARIES = ("numpy", "pluggy", "polars", "pydantic", "pyyaml")

_TRIES = 1000
_NAMED = 3


class RunFolder:
    """Where a run is written.

    Args:
        plan: The run.
        out: The folder the user asked for; it must not exist, or be empty.
    """

    def __init__(self, plan: RunPlan, out: Path | None) -> None:
        self._plan = plan
        self.config_text = dump_resolved(plan.loaded, {p.path: p.options for p in plan.named})
        self.config_hash = hashlib.sha256(self.config_text.encode()).hexdigest()
        self._created = datetime.now(UTC)
        self._read = {(p.path, p.name): {name: _sha(file) for name, file in p.files.items()} for p in plan.named}
        name = plan.loaded.config.name
        if out is None:
            out = _free(plan.workspace / "runs" / name / f"{self._created:%Y%m%dT%H%M%SZ}-{self.config_hash[:8]}")
        elif out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ConfigError(f"--out {out}: it exists and is not empty; choose another folder, or remove it")
        self.path = out.resolve()
        self.working = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        self.label = f"{name}/{self.path.name}"

    def _stored_config(self) -> str:
        """The configuration with the ways that lead from the run's folder to what it names; its hash is without them."""
        plan = self._plan
        inside = self.path.is_relative_to(plan.workspace)
        brought_along = [bundled_root() / folder for folder in ("plugins", "strategies")]  # found by name from anywhere
        named = [(p.path, p.found.origin, p.found.file) for p in plan.named if p.path]  # a plan's rules have none
        named += [(s.path, s.origin, s.file) for s in (plan.script,) if s is not None]
        uses = {}
        for path, origin, file in named:
            entry = value_at(plan.loaded.document, path)
            given = str(entry["use"] if isinstance(entry, dict) else entry)
            name, colon, wanted = given.partition(":")
            if file is None:
                continue
            found_there = origin == "workspace" and (inside or file.parent in brought_along)
            if found_there or origin not in ("path", "workspace") or Path(name).is_absolute():
                continue
            uses[(*path, "use")] = self._way(file) + colon + wanted
        options = {p.path: p.options for p in plan.named}
        return dump_resolved(plan.loaded, options, uses=uses, place=self._place)

    def _place(self, given: str) -> str:
        return given if Path(given).is_absolute() else self._way(self._plan.base / given)

    def _way(self, file: Path) -> str:
        """How a file is reached from the run's folder."""
        try:
            return Path(os.path.relpath(file, self.path)).as_posix()
        except ValueError:  # another drive
            return str(file)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Write inside the block; the folder appears whole after it, or not at all when it raises."""
        try:
            self.working.mkdir(parents=True)
            yield
            self.place()
        except OSError as error:
            why = error.strerror or error
            raise BarstepError(
                f"the results cannot be written to {self.path}: {why}; nothing was left there. "
                "Free some space or choose another folder with --out"
            ) from error
        finally:
            shutil.rmtree(self.working, ignore_errors=True)

    def place(self) -> None:
        """Move the folder to its place, or beside it when another run has taken that in the meantime: results are kept."""
        sync(self.working)
        for _ in range(_TRIES):
            try:
                if self.path.is_dir() and not any(self.path.iterdir()):
                    self.path.rmdir()  # Windows moves nothing onto a folder
                self.working.rename(self.path)
            except OSError:
                if not self.path.exists():
                    raise
                self.path = _free(self.path)
            else:
                return
        raise BarstepError(f"the results cannot be written to {self.path}: other runs keep taking their place")

    def write(self, result: RunResult) -> None:
        """Write the documents beside the tables."""
        self._text("config.resolved.yaml", self._stored_config())
        self._text("manifest.json", _json(self._manifest()))
        self._text("result.json", _json(result.as_dict()))

    def _text(self, name: str, text: str) -> None:
        with (self.working / name).open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def _manifest(self) -> dict[str, Any]:
        plan = self._plan
        return {
            "created": self._created.isoformat(timespec="seconds"),
            "config_sha256": self.config_hash,
            "data": [
                stream.source if finer is None else {**stream.source, "finer": finer.source}
                for stream, finer in zip(plan.streams, plan.finer, strict=True)
            ],
            "plugins": [
                {
                    "name": p.name,
                    "class": p.found.cls.__qualname__,
                    "origin": p.found.origin,
                    "package": p.found.package,
                    "sha256": _sha(p.found.file),
                    **({"files": self._read[p.path, p.name]} if p.files else {}),
                }
                for p in plan.named
            ]
            + [
                {"name": s.name, "class": "script", "origin": s.origin, "sha256": s.sha256}
                for s in (plan.script,)
                if s is not None
            ],
            **({"plan": {**told, "sha256": plan.account.sha256()}} if (told := plan.account.told()) else {}),
            "seed": plan.loaded.config.seed,
            "versions": {
                "barstep": __version__,
                "python": platform.python_version(),
                **_library_versions(),
                **_build(),
            },
        }


def find_run(text: str, workspace: Path) -> Path:
    """The folder of a run given as a path, a config hash (or its beginning), or `last`.

    Raises:
        ConfigError: There is none, or several.
    """
    given = Path(text)
    if (given / "result.json").is_file():
        return given
    if given.name == "result.json" and given.is_file():
        return given.parent
    runs = run_folders(workspace)
    if text == "last" and runs:
        return runs[-1]
    if given.is_dir():
        raise ConfigError(f"{text}: not a run's folder: it has no result.json")
    found = [run for run in runs if run.name == text or run.name.rpartition("-")[2].startswith(text)]
    if not runs:
        raise ConfigError(f"no run {text!r}: there are none yet in {workspace / 'runs'}; `barstep run` makes one")
    if not found:
        raise ConfigError(f"no run {text!r}: give a run's folder, the beginning of its config hash, or last")
    hashes = sorted({run.name.rpartition("-")[2] for run in found})
    if len(hashes) > 1:
        raise ConfigError(f"{text!r} is the beginning of several config hashes: {', '.join(hashes)}; give more of it")
    return found[-1]


def run_folders(workspace: Path) -> list[Path]:
    """All finished runs of a workspace, oldest first."""
    found = [
        path.parent for path in (workspace / "runs").glob("*/*/result.json") if not path.parent.name.startswith(".")
    ]
    return sorted(found, key=lambda path: (path.name, str(path)))


def read_result(folder: Path) -> dict[str, Any]:
    """The stored result of a run.

    Raises:
        ConfigError: It cannot be read, or lacks something.
    """
    try:
        document: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder}: result.json cannot be read: {error}") from error
    missing = [name for name in REQUIRED if name not in document] if isinstance(document, dict) else list(REQUIRED)
    if missing:
        raise ConfigError(f"{folder}: result.json is no run's, or damaged: it has no {', '.join(missing[:_NAMED])}")
    return document


def rejections(folder: Path) -> list[tuple[str, int]]:
    """Why the venue refused orders of a run, each reason with its count, the most frequent first."""
    orders = read_table(folder / "orders.parquet")
    reasons = orders["reason"].filter(orders["status"] == "rejected")
    return [(str(reason), int(count)) for reason, count in reasons.value_counts(sort=True).iter_rows()]


@cache
def _library_versions() -> dict[str, str]:
    return {name: version(name) for name in _LIBRARIES}


def _build() -> dict[str, str]:
    """That the event lane was compiled, where it was."""
    return {} if str(order.__file__).endswith(".py") else {"build": "compiled"}


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _sha(file: Path | None) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None and file.is_file() else ""


def _free(path: Path) -> Path:
    """The path itself, or the same with a number when a run of this second is there already."""
    candidate, number = path, 2
    stamp, dash, tail = path.name.rpartition("-")
    while candidate.exists():
        candidate = path.with_name(f"{stamp}.{number}-{tail}" if dash else f"{tail}.{number}")
        number += 1
    return candidate
