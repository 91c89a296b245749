"""What authors of plugins test with: builders, scenario tables, and fixtures for pytest.

    assert_table(TABLE, WeeklyLossLimit(usd=500))      bars and orders in, fills and denials out, as one text
    play_table(TABLE, MyStrategy(fast=3))              the same played, to look at what came out
    assert_rule(MaxPosition(contracts=2), "buy 3", resizes=2)
    make_bar, make_order, make_fill, make_pending_fill, make_run_arrays, make_contract, make_instrument

Everything runs through the engine that plays a run file, in memory. The names are loaded when first used, so that the
pytest plugin costs nothing where it is installed and not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep._lazy import lazy_names

if TYPE_CHECKING:
    from barstep.testing.builders import (
        make_bar,
        make_contract,
        make_fill,
        make_instrument,
        make_order,
        make_pending_fill,
        make_run_arrays,
    )
    from barstep.testing.checks import assert_rule, assert_table
    from barstep.testing.play import Played, play_table

_HOMES = {
    "Played": "play",
    "assert_rule": "checks",
    "assert_table": "checks",
    "make_bar": "builders",
    "make_contract": "builders",
    "make_fill": "builders",
    "make_instrument": "builders",
    "make_order": "builders",
    "make_pending_fill": "builders",
    "make_run_arrays": "builders",
    "play_table": "play",
}

__all__ = [
    "Played",
    "assert_rule",
    "assert_table",
    "make_bar",
    "make_contract",
    "make_fill",
    "make_instrument",
    "make_order",
    "make_pending_fill",
    "make_run_arrays",
    "play_table",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, __all__)
