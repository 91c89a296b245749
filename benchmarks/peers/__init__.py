"""The engines that are compared, a module for each: what it needs, which works it does, and `run(work, bars)`."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks.work import WORKS


class Peer(NamedTuple):
    """One row of the tables.

    Attributes:
        name: As it is shown.
        module: In this folder.
        needs: The modules that have to be there.
        distribution: Whose version is shown.
        works: What it does.
        variant: Passed on to the module's `run`.
        as_installed: Play barstep as it is installed, not the source of this checkout.
    """

    name: str
    module: str
    needs: tuple[str, ...]
    distribution: str
    works: tuple[str, ...] = tuple(WORKS)
    variant: str = ""
    as_installed: bool = False

    @property
    def installed(self) -> bool:
        """Whether what it needs is there."""
        try:
            return all(find_spec(module) for module in self.needs)
        except ModuleNotFoundError:  # of a parent package
            return False

    @property
    def version(self) -> str:
        """The version that is installed."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return "not installed"

    def load(self) -> Any:
        """Its module."""
        return import_module(f"benchmarks.peers.{self.module}")


_COMPILED = ("barstep__mypyc",)
"""What a wheel brings that was built with `HATCH_BUILD_HOOKS_ENABLE=1`."""
BUILDS = ("barstep", "barstep-compiled")
"""The event lane of the source, and of the compiled wheel where one is installed."""
_ARRAY = ("barstep.engine.array.points", "numba")

PEERS = {
    "barstep": Peer("barstep", "barstep_run", (), "barstep"),
    "barstep-own": Peer("barstep, own means", "barstep_run", (), "barstep", ("sma",), "own"),
    "barstep-cross": Peer("barstep, declared cross", "barstep_run", (), "barstep", ("sma",), "cross"),
    "barstep-compiled": Peer("barstep, compiled", "barstep_run", _COMPILED, "barstep", as_installed=True),
    "barstep-compiled-own": Peer(
        "barstep, compiled, own means", "barstep_run", _COMPILED, "barstep", ("sma",), "own", as_installed=True
    ),
    "barstep-compiled-cross": Peer(
        "barstep, compiled, declared cross", "barstep_run", _COMPILED, "barstep", ("sma",), "cross", as_installed=True
    ),
    "barstep-array-run": Peer("barstep, array lane, whole run", "barstep_run", _ARRAY, "barstep", ("sma",), "array"),
    "barstep-array": Peer("barstep, array lane, bars ready", "barstep_array", _ARRAY, "barstep", ("sma",), "array"),
    "backtesting": Peer("backtesting.py", "backtesting_py", ("backtesting",), "backtesting"),
    "backtrader": Peer("backtrader", "backtrader_py", ("backtrader",), "backtrader"),
    "vectorbt": Peer("vectorbt", "vectorbt_py", ("vectorbt",), "vectorbt", ("sma",)),
    "loop": Peer("plain loop", "plain_loop", (), "numpy"),
}
