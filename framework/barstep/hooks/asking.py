"""Asking an extension its one question: what it raises, or answers in another form, leaves as a PluginError."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import DataError, PluginError
from barstep.domain.instrument import micros
from barstep.hooks.checks import file_of, where
from barstep.hooks.extension import DataSource, Extension, FeeModel, Metric, SlippageModel
from barstep.hooks.manager import raised_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from barstep.domain.instrument import Contract
    from barstep.domain.order import Side
    from barstep.domain.pending_fill import PendingFill
    from barstep.domain.run_arrays import RunArrays

_MOST_TICKS = 1_000_000


class Asked(NamedTuple):
    """An extension of a run: its name there, and what the clock shows, for messages."""

    name: str
    plugin: Extension
    when: Callable[[], str]

    def fault(self, cause: Exception) -> PluginError:
        """What an exception of its function leaves as."""
        cls = type(self.plugin)
        file = file_of(cls)
        at = raised_at(cause, file)
        if not at.startswith(f"{file}:"):  # what it returned was wrong: nothing of its own was running
            at = where(getattr(cls, cls.function))
        return PluginError(self.name, cls.function, at, self.when(), cause)


def fee_of(asked: Asked, contract: Contract, side: Side, size: int) -> int:
    """Micro-dollars per contract that a fee model asks for."""
    model = asked.plugin
    assert isinstance(model, FeeModel)  # noqa: S101 - the loader has seen to it
    try:
        usd: Any = model.fee(contract, side, size)
        if isinstance(usd, bool) or not isinstance(usd, Real | Decimal) or not isfinite(usd) or usd < 0:
            raise TypeError(f"fee returned {usd!r}: expected USD per contract, a finite number of 0 or more")
        return micros(str(usd))
    except Exception as cause:
        raise asked.fault(cause) from cause


def slip_of(asked: Asked, fill: PendingFill) -> int:
    """Ticks that a slippage model asks for."""
    model = asked.plugin
    assert isinstance(model, SlippageModel)  # noqa: S101 - the loader has seen to it
    try:
        ticks: Any = model.ticks(fill)
        if isinstance(ticks, bool) or not isinstance(ticks, Integral) or not 0 <= int(ticks) <= _MOST_TICKS:
            raise TypeError(f"ticks returned {ticks!r}: expected whole ticks, an int from 0 to {_MOST_TICKS:,}")
        return int(ticks)
    except Exception as cause:
        raise asked.fault(cause) from cause


def bars_of(
    asked: Asked, contract: Contract, timeframe: str, start: datetime | None, end: datetime | None
) -> Iterator[Any]:
    """The chunks of a data source, as it yields them."""
    source = asked.plugin
    assert isinstance(source, DataSource)  # noqa: S101 - the loader has seen to it
    try:
        chunks = iter(source.bars(contract, timeframe, start, end))
    except DataError:
        raise
    except Exception as cause:
        raise asked.fault(cause) from cause
    while True:
        try:
            chunk = next(chunks)
        except StopIteration:
            return
        except DataError:  # the source's own word about its bars
            raise
        except Exception as cause:
            raise asked.fault(cause) from cause
        yield chunk


def measure_of(asked: Asked, run: RunArrays) -> float | int | None:
    """The figure of a metric."""
    metric = asked.plugin
    assert isinstance(metric, Metric)  # noqa: S101 - the loader has seen to it
    try:
        value: Any = metric.measure(run)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
            raise TypeError(f"measure returned {value!r}: expected a finite number, or None")
        return int(value) if isinstance(value, Integral) else float(value)
    except Exception as cause:
        raise asked.fault(cause) from cause
