"""The kernel, compiled when first needed and kept on disk as machine code; the only module that asks for numba.

What is kept lies in a folder named after a checksum of the kernel's files, of numba and of Python, in a file named after the
processor: another version compiles anew, an old one finds its own again. Where that folder cannot be written, a copy of it
serves for one process. A numba that the kernel's `parts` are not written for keeps its own files in the same folder.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import ConfigError
from barstep.engine.array.machine_code import Compiled, link, machine, read, save

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MISSING = "the array lane needs numba: pip install 'barstep[fast]'"
_COMPILING = "compiling the array lane for this machine, some 15 seconds, more on a busy one: "
_HERE = Path(__file__).parent / "kernel"
_LOADING = threading.RLock()


class Kernel(NamedTuple):
    """The compiled functions; see the modules of `barstep.engine.array.kernel`."""

    play: Callable[..., None]
    digest_lines: Callable[..., int]
    crossover: Callable[..., None]
    first_outside: Callable[..., int]
    equity_curve: Callable[..., None]
    day_figures: Callable[..., None]
    trade_rows: Callable[..., None]
    moving_mean: Callable[..., None]


def installed() -> bool:
    """Whether numba is there."""
    return find_spec("numba") is not None


def compiling() -> str:
    """What to tell a user before the first run; empty when this machine has run this version of the kernel before."""
    if _file().exists() or any(_folder().glob("**/play.play-*.nbi")):
        return ""
    if _folder() == _own_folder():
        return f"{_COMPILING}only this time"
    return f"{_COMPILING}each time, since {_own_folder()} cannot be written; NUMBA_CACHE_DIR names another folder"


@cache
def kernel() -> Kernel:
    """The kernel; compiled where this machine has not done so before.

    Raises:
        ConfigError: numba is not installed.
    """
    if not installed():
        raise ConfigError(MISSING)
    with _LOADING:
        kept = read(_file())
        return Kernel(**(link(kept) if kept else _compile()))


def _compile() -> Mapping[str, Callable[..., Any]]:
    """The kernel's functions, compiled and kept."""
    config: Any = import_module("numba").config
    before, config.CACHE_DIR = config.CACHE_DIR, str(_folder())  # read where a function is decorated
    try:
        modules = [import_module(f"barstep.engine.array.kernel.{name}") for name in ("play", "text", "signals")]
    finally:
        config.CACHE_DIR = before
    entries: dict[str, Any] = {
        name: getattr(module, name) for module in modules for name in Kernel._fields if hasattr(module, name)
    }
    if not import_module("barstep.engine.array.kernel.jit").BY_PARTS:
        return entries
    machine_code = import_module("barstep.engine.array.kernel.parts").machine_code
    made = {name: Compiled(entry.takes, *machine_code(entry)) for name, entry in entries.items()}
    with suppress(OSError):  # a full disk: it is compiled again the next time
        save(made, _file())
    return link(made)


@cache
def _file() -> Path:
    return _folder() / f"{machine()}.json"


@cache
def _folder() -> Path:
    """The folder that this process uses: the user's own, or a copy of it that can be written."""
    own = _own_folder()
    try:
        own.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=own).close()
    except OSError:
        copy = Path(tempfile.mkdtemp(prefix="barstep-kernel-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        if own.is_dir():
            shutil.copytree(own, copy, dirs_exist_ok=True)
        return copy
    return own


@cache
def _own_folder() -> Path:
    checksum = hashlib.sha256(f"{version('numba')} {sys.version_info[:2]}".encode())
    for file in sorted(_HERE.glob("*.py")):
        checksum.update(file.read_bytes())
    return _caches() / f"kernel-{checksum.hexdigest()[:16]}"


def _caches() -> Path:
    """Where programs keep what they can make again: NUMBA_CACHE_DIR, else the user's cache folder."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given) / "barstep"
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "barstep"
