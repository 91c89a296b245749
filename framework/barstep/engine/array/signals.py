"""What `positions(bars)` returns, and helpers to make it."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.engine.array.compiled import installed, kernel
from barstep.engine.array.kernel.layout import KEEP as _KEEP
from barstep.engine.array.work import Wants

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEEP = _KEEP
"""In an array of positions: ask for nothing after this bar, as an `on_bar` that does not call `ctx.set_position`."""

_FEW = 10_000  # rows that numpy looks through before compiled code is loaded

MOST = 1_000_000
"""Contracts and ticks beyond which a wish is a mistake."""


@dataclass(frozen=True, slots=True)
class WithBracket:
    """Positions whose entries bring exits along, as `ctx.set_position(n, stop_loss_ticks=..., ...)`.

    Attributes:
        positions: The position wanted after each bar, or KEEP; shape (n,).
        stop_loss_ticks, take_profit_ticks, trailing_stop_ticks: Distances from the fill price (R12), one for all bars or
            one for each, 0 for none. An order has either a stop or a trailing stop.
    """

    positions: NDArray[np.int64]
    stop_loss_ticks: int | NDArray[np.int64] = 0
    take_profit_ticks: int | NDArray[np.int64] = 0
    trailing_stop_ticks: int | NDArray[np.int64] = 0


def crossover(fast: NDArray[np.float64] | float, slow: NDArray[np.float64] | float, size: int = 1) -> NDArray[np.int64]:
    """Long `size` while `fast` is above `slow`, short while it is below, KEEP where they are equal or one is NaN.

    One number, such as a level of an oscillator, stands for a line; a ValueError says that two lines differ in length.
    """
    size, shapes = index(size), (np.shape(fast), np.shape(slow))
    if all(shapes) and shapes[0] != shapes[1]:
        raise ValueError(
            f"crossover: got lines of the shapes {shapes[0]} and {shapes[1]}, expected one value a bar in both"
        )
    if installed():
        lines = [np.ascontiguousarray(line, np.float64) for line in np.broadcast_arrays(fast, slow)]
        out = np.empty(len(lines[0]), np.int64)
        kernel().crossover(*lines, size, out)
        return out
    return np.where(fast > slow, size, np.where(fast < slow, -size, KEEP))


def when_changed(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same positions, asked for only where they differ from the last one asked for: no way back in after an exit."""
    positions = np.array(positions, np.int64)
    rows = np.flatnonzero(positions != KEEP)
    wanted = positions[rows]
    positions[rows[1:][wanted[1:] == wanted[:-1]]] = KEEP
    return positions


def wants_of(answer: Any, bars: int) -> Wants:
    """What a strategy returned, as the kernel takes it; a ValueError says what is wrong with it."""
    if answer is None:
        raise ValueError("positions: got None, expected an array with one whole number a bar: is there a return?")
    given = answer if isinstance(answer, WithBracket) else WithBracket(answer)
    names = ("stop_loss_ticks", "take_profit_ticks", "trailing_stop_ticks")
    positions = _whole(given.positions, "positions", (bars,))
    _in_range(positions, "positions", -MOST)
    distances = [_whole(getattr(given, name), name, (1,), (bars,)) for name in names]
    for name, values in zip(names, distances, strict=True):
        _in_range(values, name, 0)
    stops, targets, trails = distances
    if np.any((stops != 0) & (trails != 0)):
        raise ValueError("stop_loss_ticks and trailing_stop_ticks on one bar: a bracket has one stop")
    return Wants(positions, stops, targets, trails)


def _whole(values: Any, name: str, *shapes: tuple[int, ...]) -> NDArray[np.int64]:
    array = np.atleast_1d(np.asarray(values))
    if array.dtype.kind == "f" and np.isnan(array).any():
        row = int(np.argmax(np.isnan(array)))
        raise ValueError(f"{name}: got NaN in row {row:,}, expected whole numbers; KEEP says that nothing is wanted")
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"{name}: got {array.dtype} values, expected whole numbers: use np.where, or .astype(np.int64)"
        )
    if array.shape not in shapes:
        expected = " or ".join(str(shape) for shape in dict.fromkeys(shapes))
        raise ValueError(f"{name}: got the shape {array.shape}, expected {expected}, one value a bar")
    if array.dtype == np.uint64 and np.any(array > MOST):
        row = int(np.argmax(array > MOST))
        raise ValueError(f"{name}: got {array[row]} in row {row:,}, expected at most {MOST:,}")
    view = np.ascontiguousarray(array, np.int64)[:]
    view.flags.writeable = False
    return view


def _in_range(values: NDArray[np.int64], name: str, least: int) -> None:
    """Refuse what lies outside `least` to MOST; KEEP is a wish, but no distance."""
    if least < 0 and installed() and len(values) > _FEW:
        row = kernel().first_outside(values, least, MOST)
    else:
        low = values < least if least == 0 else (values < least) & (values != KEEP)
        bad = np.flatnonzero(low | (values > MOST))
        row = int(bad[0]) if len(bad) else -1
    if row >= 0:
        raise ValueError(f"{name}: got {values[row]} in row {row:,}, expected {least:,} to {MOST:,}")
