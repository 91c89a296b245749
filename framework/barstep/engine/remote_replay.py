"""A run whose bars and fills come from a gateway, step by step: the same hooks, the same records, another clockwork."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from barstep.broker.plain import bar_values
from barstep.domain.bar import BarColumns, BarStream
from barstep.domain.errors import BrokerError
from barstep.engine.replay import Replay
from barstep.engine.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from typing import Any

    from barstep.broker.remote import HelperBroker, Stepped
    from barstep.data.sessions import SessionTable
    from barstep.domain.bar import Bar, Feed
    from barstep.domain.session import Session
    from barstep.engine.desk import Desk
    from barstep.engine.flat_times import FlatTime
    from barstep.engine.recorder import Recorder
    from barstep.engine.remote_exchange import RemoteExchange
    from barstep.hooks.manager import HookManager

CHUNK = 4096
"""Bars that are kept before they are handed on to the recorder."""


class RemoteBars(BarStream):
    """Where a gateway's bars come from, for the run's manifest; they are read one step at a time, not here.

    Args:
        feed: What is traded.
        sessions: Its trading days.
        bounds: UTC nanoseconds [start, end) that are asked for.
    """

    volume_known = True

    def __init__(self, feed: Feed, sessions: SessionTable, bounds: tuple[int, int]) -> None:
        self.feed = feed
        self.sessions = sessions
        self._bounds = bounds
        self.source = {"kind": "gateway"}
        self.warnings: list[str] = []

    def chunks(self) -> Iterator[BarColumns]:
        """Nothing: the replay appends each bar when the gateway has played it."""
        return iter(())

    def count(self) -> int | None:
        """Unknown before the replay is started."""
        return None

    def span(self) -> tuple[int, int]:
        """The bounds that are asked for, UTC nanoseconds."""
        return self._bounds


class RemoteStream(Stream):
    """A stream that grows by one bar at a time."""

    def open(self) -> None:
        """Begin with an empty chunk."""
        self._begin_chunk(0)

    def append(self, told: Mapping[str, Any], span: tuple[int, int] | None) -> int:
        """Take in a bar as the API gives it; returns its row.

        Args:
            told: Start, prices and volume (gateway API, 6.1).
            span: Its start and end in UTC nanoseconds, or None where the gateway tells only the start.
        """
        market, tick = self.market, self.feed.contract.instrument.tick_size
        start_ns, prices, volume = bar_values(told)
        ticks = [round(price * tick.denominator / tick.numerator) for price in prices]
        start_ns, end_ns = span or (start_ns, start_ns + self.feed.timeframe.ns)
        for kept, value in zip(self._grown, (start_ns, end_ns, *ticks, volume), strict=True):
            kept.append(value)
        for shown, price in zip(self._points, ticks, strict=True):
            shown.append(price * tick.numerator / tick.denominator)
        return len(market.starts) - 1

    def session_at(self, start_ns: int) -> Session:
        """The trading day of a bar that starts at a time."""
        sessions, index, _ = self._table.locate(np.array([start_ns]))
        return sessions[int(index[0])]

    def bar(self, row: int) -> Bar:
        """The bar of a row."""
        return next(self.make_bars(row, row + 1))

    def full(self) -> bool:
        """Whether the rows are to be handed on before the next bar."""
        return len(self.market.starts) >= CHUNK

    def end_chunk(self) -> None:
        """Put the rows into columns, as the recorder and `recent` read them."""
        start, end, opened, high, low, close, volume = (np.array(values, np.int64) for values in self._grown)
        columns = BarColumns(start, end, opened, high, low, close, volume, self.market.first)
        self.market.columns = self._columns = columns

    def next_chunk(self) -> None:
        """Start an empty chunk behind the one that was ended."""
        self._remember()
        self._begin_chunk(self.market.first + len(self.market.starts))

    def _begin_chunk(self, first: int) -> None:
        none, market = np.empty(0, np.int64), self.market
        market.load(BarColumns(none, none, none, none, none, none, none, first), None)
        self._grown: tuple[list[int], ...] = ([], [], [], [], [], [], [])
        starts, ends, opens, highs, lows, closes, volumes = self._grown
        market.starts, market.ends, market.opens, market.closes = starts, ends, opens, closes
        market.highs, market.lows = highs, lows
        self._points: tuple[list[float], ...] = ([], [], [], [])
        self._chunk_fields = (*self._points, volumes, starts, ends)
        self._begin_higher()


class RemoteReplay(Replay):
    """Replays what a gateway plays.

    Args:
        desk, hooks, recorder: As for any replay.
        broker: The gateway, which is the desk's broker.
        request: The body that starts the gateway's replay.
    """

    def __init__(
        self, desk: Desk, hooks: HookManager, recorder: Recorder, broker: HelperBroker, request: Mapping[str, Any]
    ) -> None:
        super().__init__(desk, hooks, recorder)
        self.broker = broker
        self._request = request
        self._stream = cast("RemoteStream", desk.streams[0])
        self._remote = cast("RemoteExchange", desk.exchange)
        self._begins = False
        self._flat_told: dict[str, FlatTime] = {}
        self._open = False

    def open(self) -> None:
        """Start the gateway's replay, ahead of the first step where its number of bars is asked for; once."""
        if not self._open:
            self._open = True
            self.broker.start(self._request)

    def _play(self) -> Generator[Bar | Session, None, None]:
        self.open()
        yield from super()._play()

    def _walk(self) -> Generator[Bar | Session, None, None]:
        try:
            while not self.stopping:
                self._check()
                self._send_flat_times()
                step = self.broker.step()
                if step.report.begins_ns is not None:
                    self._remote.take(step.report)
                    self._begin(step.report.begins_ns)
                elif step.bar is None:
                    return
                else:
                    yield from self._one(step, step.bar)
        except BrokerError as error:
            raise self._dated(error) from error

    def _finish(self) -> None:
        try:
            super()._finish()
        except BrokerError as error:
            raise self._dated(error) from error

    def _dated(self, error: BrokerError) -> BrokerError:
        """The error with the last bar that was complete when it came."""
        if not self.exchange.current.next_bar:
            return BrokerError(f"{error}; no bar was complete")
        return BrokerError(f"{error}; the last complete bar is the one ending {self.desk.when()}")

    def _one(self, step: Stepped, told: Mapping[str, Any]) -> Iterator[Bar]:
        """One bar, from the moment the gateway has played it."""
        stream, exchange = self._stream, self.exchange
        market = stream.market
        if stream.full():
            stream.end_chunk()
            self.recorder.chunk_done(stream, exchange)
            stream.next_chunk()
        row = stream.append(told, step.report.span)
        if not self.broker.extended:
            self._notice_session(market.starts[row])
        market.row = row
        self._remote.take(step.report)
        bar = stream.bar(row)
        for update in stream.updates:
            update(market.opens[row], market.highs[row], market.lows[row], market.closes[row], bar.volume, self._begins)
        self._begins = False
        self.deliver()
        self.hooks.on_bar(bar)
        self.deliver()
        if self._handing_out:
            yield bar
        if step.report.session_over and stream.session is not None and not self.stopping:
            self._end_session(stream, stream.session)

    def _begin(self, start_ns: int) -> None:
        """Phase A: what expired has been reported; orders that the hooks send wait for the open."""
        self._remote.waiting_ns = start_ns
        self._begin_session(self._stream, self._stream.session_at(start_ns))
        self.exchange.between_bars = False
        self._begins = True

    def _notice_session(self, start_ns: int) -> None:
        """A gateway that does not tell of sessions: the first bar of one tells, after it is complete."""
        session, stream = self._stream.session_at(start_ns), self._stream
        if stream.session is not None and stream.session.date == session.date:
            return
        if stream.session is not None:
            self._end_session(stream, stream.session)
        self._begin(start_ns)

    def _send_flat_times(self) -> None:
        wanted = self.desk.flat_times
        if wanted == self._flat_told:
            return
        for plugin in {*wanted, *self._flat_told}:
            flat = wanted.get(plugin)
            asked: dict[str, Any] = {"plugin": plugin, "clock": None}
            if flat is not None:
                asked |= {"clock": f"{flat.clock:%H:%M:%S}", "beforePause": flat.before_pause}
            refused = self.broker.extension("flatBy", asked)
            if refused:
                raise BrokerError(f"flat_by of {plugin}: {refused}")
        self._flat_told = dict(wanted)

    def _check(self) -> None:
        if self.broker.lost is not None:
            raise self.broker.lost

    def _stop(self, failure: BaseException | None) -> None:
        self._stream.end_chunk()
        try:
            super()._stop(failure)
        finally:
            self.warnings += self.broker.leave()
