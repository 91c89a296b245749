"""TA-Lib's functions as indicators; the extra `ta` brings the library."""
# ruff: noqa: ARG002 - every indicator takes the whole bar

from __future__ import annotations

import difflib
from copy import copy
from importlib import import_module
from math import nan
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.indicators.arrays import exact, largest
from barstep.indicators.base import SOURCES, Indicator

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from barstep.domain.bar import BarColumns


class TA(Indicator):
    """A function of TA-Lib 0.8 or later: `TA("RSI", timeperiod=14)`, `TA("BBANDS", output="upperband")`.

    It sees the whole history: a bar's value is, to the last bit, what TA-Lib's function gives for that bar when it is
    called with all bars from the first on. Bar by bar the library's own stream carries it forward, at a cost that does
    not grow with history. Ready on bar lookback + 1, TA-Lib's own warm-up (a little later where its stream needs more
    to begin). TA-Lib's NaN, from a division by zero say, stays NaN although `ready` is True.

    Args:
        function: TA-Lib's name for it.
        source: The column of a function of one price: `open`, `high`, `low`, `close` or `volume`. Other functions
            read the columns that TA-Lib says.
        output: Which line, of a function with several; the first if not said. Declare it again for another one.
        parameters: By TA-Lib's own names; those not given have its defaults.

    Attributes:
        parameters: All of them, as pairs of name and value.

    Raises:
        ValueError: For a name, a parameter or a value that TA-Lib has not; the message says what there is.
        ModuleNotFoundError: TA-Lib is not there; the message says how to install it.
    """

    __slots__ = ("_columns", "_history", "_needed", "_stream", "function", "output", "parameters", "place")

    _stream: Any

    def __init__(self, function: str, *, source: str = "close", output: str | None = None, **parameters: float) -> None:
        super().__init__()
        talib = _library()
        name = _known(function, talib.get_functions(), "TA", "function")
        told = talib.abstract.Function(name)
        self.function = name
        every = _checked(name, parameters, told.parameters)
        self.parameters = tuple(every.items())
        self._columns = _columns(name, told.input_names, source)
        lines: list[str] = told.output_names
        self.output = _known(lines[0] if output is None else output, lines, name, "output")
        self.place = lines.index(self.output) if len(lines) > 1 else None
        told.set_parameters(every)
        self._needed = told.lookback + 1
        if not self._needed:
            given = ", ".join(f"{key}={value}" for key, value in self.parameters)
            raise ValueError(f"{name}: TA-Lib does not take {given}: a value is outside its range")

    def reset(self) -> None:
        """Forget all bars."""
        self._stream = None
        self._history: list[list[float]] = [[] for _ in self._columns]

    def __deepcopy__(self, memo: object) -> TA:
        twin = copy(self)
        twin._history = [list(column) for column in self._history]
        twin._stream = None if self._stream is None else self._stream.copy()
        return twin

    def update(self, open: int, high: int, low: int, close: int, volume: int, new_session: bool, /) -> None:
        """Take in one completed bar."""
        bar = (open, high, low, close, volume)
        num, den = self._num, self._den
        row = [float(volume) if place == _VOLUME else bar[place] * num / den for place in self._columns]
        if self._stream is not None:
            self.value = self._line(self._stream.update(*row))
            return
        for column, x in zip(self._history, row, strict=True):
            column.append(x)
        if len(self._history[0]) >= self._needed:
            self._stream = self._opened([np.array(column) for column in self._history])
            if self._stream is not None:
                self._history = [[] for _ in self._columns]
                self.value, self.ready = self._line(self._stream.value), True

    def ahead(self, columns: BarColumns) -> list[float] | None:
        """`value` after each bar of the next chunk, as `Indicator.ahead`, by the same stream."""
        prices = self._prices(columns, self._num, self._den)
        if prices is None:
            return None
        told = map(self._stream.update, *(column.tolist() for column in prices))
        return list(map(float, told if self.place is None else map(itemgetter(self.place), told)))

    def compute(
        self, columns: BarColumns, numerator: int, denominator: int, new_session: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """`value` after each bar, as `Indicator.compute`: one call of TA-Lib's function."""
        prices = self._prices(columns, numerator, denominator)
        if prices is None:
            return super().compute(columns, numerator, denominator, new_session)
        values = np.full(len(columns), nan)
        for size in range(self._needed, len(columns) + 1):
            if self._opened([column[:size] for column in prices]) is not None:
                told = getattr(_library(), self.function)(*prices, **dict(self.parameters))
                values[size - 1 :] = self._line(told)[size - 1 :]
                break
        return values

    def _line(self, told: Any) -> Any:
        """The line that was asked for, of one bar or of many; TA-Lib has integers too."""
        line = told if self.place is None else told[self.place]
        return float(line) if isinstance(line, int) else line

    def _prices(self, columns: BarColumns, num: int, den: int) -> list[NDArray[np.float64]] | None:
        """What the function reads, or None when the numbers are too large to be exact."""
        found = []
        for place in self._columns:
            x: NDArray[np.int64] = getattr(columns, SOURCES[place])
            if not exact(largest(x) * num, den):
                return None
            found.append(x.astype(np.float64) if place == _VOLUME else x * num / den)
        return found

    def _opened(self, history: list[NDArray[np.float64]]) -> Any:
        """The library's stream after these bars, or None while they are too few."""
        talib = _library()
        try:
            return getattr(talib.stream, self.function)(*history, **dict(self.parameters))
        except talib.InsufficientHistory:
            return None


_VOLUME = SOURCES.index("volume")
_INSTALL = "pip install 'barstep[ta]'"
_MANY = 12


def _library() -> Any:
    """TA-Lib, imported when the first `TA` is made: the one place that does."""
    try:
        talib = import_module("talib")
        import_module("talib.abstract")
    except ImportError as error:
        raise ModuleNotFoundError(f"TA(...) needs TA-Lib 0.8 or later: {_INSTALL}", name="talib") from error
    if not hasattr(talib, "InsufficientHistory"):
        raise ModuleNotFoundError(f"TA(...) needs TA-Lib 0.8 or later, got {talib.__version__}: {_INSTALL}")
    return talib


def _known(name: str, names: Collection[str], owner: str, what: str) -> str:
    """`name` when it is one of `names`; a ValueError has those near it, and all of them where they are few."""
    if name in names:
        return name
    by_upper = {each.upper(): each for each in names}
    near = [by_upper[each] for each in difflib.get_close_matches(str(name).upper(), by_upper, 3)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    have = ", ".join(names) if len(names) <= _MANY else f"{len(names)} of them, see talib.get_functions()"
    raise ValueError(f"{owner}: got {what} {name!r}, TA-Lib has {have or 'none'}{hint}")


def _checked(name: str, given: dict[str, float], defaults: dict[str, float]) -> dict[str, float]:
    """All parameters, the given ones checked: whole numbers where TA-Lib's are."""
    for key, value in given.items():
        default = defaults[_known(key, defaults, name, "parameter")]
        whole = isinstance(default, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            expected = "a whole number" if whole else "a number"
            raise ValueError(f"{name}: {key} must be {expected} such as {default}, got {value!r}")
    return {key: type(default)(given.get(key, default)) for key, default in defaults.items()}


def _columns(name: str, inputs: dict[str, str | list[str]], source: str) -> tuple[int, ...]:
    """The places in `SOURCES` of what the function reads, `source` for its one price."""
    if source not in SOURCES:
        raise ValueError(f"{name}: source must be one of {', '.join(SOURCES)}, got {source!r}")
    alone = list(inputs) == ["price"]
    if source != "close" and not alone:
        raise ValueError(f"{name}: source is for functions of one price, and this one reads more than that")
    read = [source] if alone else []
    for each in () if alone else inputs.values():
        read += [each] if isinstance(each, str) else each
    if any(one not in SOURCES for one in read):
        raise ValueError(f"{name}: it reads {', '.join(read)}, and bars have only {', '.join(SOURCES)}")
    return tuple(SOURCES.index(one) for one in read)
