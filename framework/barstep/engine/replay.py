"""The replay: one object that steps through the bars of a run. The event lane loops over it, a script pulls it."""

from __future__ import annotations

import heapq
from itertools import repeat
from typing import TYPE_CHECKING, Any

from barstep.engine.flat_times import flat_rows_of
from barstep.engine.phases import Phases

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from barstep.domain.bar import Bar
    from barstep.domain.session import Session
    from barstep.engine.desk import Desk
    from barstep.engine.flat_times import FlatRows
    from barstep.engine.recorder import Recorder
    from barstep.engine.streams import Segment, Stream
    from barstep.hooks.manager import HookManager


class _Unread:
    """Stands in for an indicator where there is none."""

    value = 0.0


class Replay(Phases):
    """A run's bars, one `step()` at a time (design, section 5).

    For bar k: A session boundaries, B and C the exchange, D flat times, E the hooks: fills and trades in event order, then
    `on_bar`. `run()` is the same without stopping at each bar.

    Args:
        desk: The state plugins reach.
        hooks: The plugins.
        recorder: What the run leaves behind.
    """

    def __init__(self, desk: Desk, hooks: HookManager, recorder: Recorder) -> None:
        super().__init__(desk, hooks, recorder)
        self._several = len(desk.streams) > 1
        self.warnings: list[str] = []
        self._last_row = -1
        self._handing_out = True
        self._session_stops = False
        self._bars: Generator[Any, None, None] = self._play()

    def step(self) -> Bar | None:
        """Play the next bar and return it, or None after the last; the hooks have run when it returns."""
        return next(self._bars, None)

    def advance(self) -> Bar | Session | None:
        """Like `step`, but stops in phase A too, and returns the session that begins: orders sent then wait for its open."""
        self._session_stops = True
        return next(self._bars, None)

    @property
    def session_over(self) -> bool:
        """Whether the bar that was handed out last is its session's last."""
        return self.exchange.current.row == self._last_row

    def run(self) -> None:
        """Play all that is left, without handing bars out."""
        self._handing_out = False
        for _ in self._bars:
            pass

    def close(self) -> None:
        """Stop early: `on_stop` still runs, positions stay as they are."""
        self._bars.close()

    def end(self) -> None:
        """End a pulled replay where it stands, as at the end of the data (R25); a second call does nothing."""
        if self.exchange.current.last_close is None:
            self._bars.close()  # no bar was played, there is nothing to settle
            return
        stopping, self.stopping, self._at_end = self.stopping, True, True
        next(self._bars, None)
        self.stopping = stopping

    # -- the run -----------------------------------------------------------------------------------------------

    def _play(self) -> Generator[Bar | Session, None, None]:
        desk, hooks = self.desk, self.hooks
        for stream in desk.streams:
            stream.open()
        self.exchange.begins_ns = min(stream.next_start() or 0 for stream in desk.streams)
        failure: BaseException | None = None
        self.delivery.begin()
        try:
            hooks.on_start()
            yield from self._walk()
            desk.accepting = False
            self._finish()
        except BaseException as error:
            failure = error
            raise
        finally:
            self._stop(failure)

    def _walk(self) -> Generator[Bar | Session, None, None]:
        """All bars, until the run is told to stop."""
        for stream, segment, start, stop in self._spans():
            yield from self._enter(stream, segment, start)
            if self._halted():
                return
            flat_rows = flat_rows_of(stream, segment, self.desk.flat_times, self.warnings)
            if not flat_rows and self._only_pushes(stream):
                start = self._push_rows(stream, start, stop)
            if self._halted():
                return
            if start < stop:
                yield from self._rows(stream, segment, start, stop, flat_rows)
            if self._halted():
                return
            if segment.ends and stop == segment.stop:
                self._end_session(stream, segment.session)
            if self._halted():
                return

    def _halted(self) -> bool:
        """Whether something has told the run to stop: a user, a rule, or the hooks of a session."""
        return self.stopping

    def _spans(self) -> Iterator[tuple[Stream, Segment, int, int]]:
        """Rows to play one after the other: whole segments of one contract, single rows of several merged by time."""
        streams = self.desk.streams
        if len(streams) == 1:
            for segment in self._segments(streams[0]):
                yield streams[0], segment, segment.start, segment.stop
            return

        def rows(place: int, stream: Stream) -> Iterator[tuple[int, int, int, Segment]]:
            for segment in self._segments(stream):
                for row in range(segment.start, segment.stop):
                    yield stream.market.ends[row], place, row, segment

        for _, place, row, segment in heapq.merge(*(rows(i, s) for i, s in enumerate(streams)), key=lambda r: r[:2]):
            yield streams[place], segment, row, row + 1

    def _segments(self, stream: Stream) -> Iterator[Segment]:
        while segments := stream.load():
            yield from segments
            if stream.next_end() is not None:  # the last chunk waits for the end of the data (R25)
                self.desk.keep_trades()
                self.recorder.chunk_done(stream, self.exchange)

    def _rows(self, stream: Stream, segment: Segment, start: int, stop: int, flat_rows: FlatRows) -> Iterator[Bar]:
        """Play rows [start, stop) of one session."""
        exchange, market = self.exchange, stream.market
        opens, highs, lows, closes = market.opens, market.highs, market.lows, market.closes
        volumes, events = stream.volumes(start, stop), exchange.events
        updates, stored = stream.updates, stream.stored
        hooks, per_bar = self.hooks, self.recorder.per_bar
        calls = tuple(map(tuple, hooks.bar_calls))  # plain tuples unpack faster than named ones
        first = segment.start if segment.begins else -1
        name = ""
        for row, bar in zip(range(start, stop), stream.make_bars(start, stop), strict=True):
            if market.alert and (highs[row] >= market.up or lows[row] <= market.down):
                exchange.play(market, row)
            else:
                market.row = row
            if row in flat_rows:
                exchange.flatten("flat time", "R18", "settle", stream.feed.contract)
                self.desk.flat_until[stream.feed.contract.id] = flat_rows[row]
            if updates:
                for update in updates:
                    update(opens[row], highs[row], lows[row], closes[row], volumes[row - start], row == first)
            for indicator, values in stored:
                indicator.value = values[row]
            if events:
                self.deliver()
            try:
                for name, method, context in calls:  # noqa: B007 - named in the error below
                    method(bar, context)
            except Exception as error:
                hooks.fail(name, "on_bar", error)
            if events:
                self.deliver()
            if per_bar:
                self.recorder.bar_done(market, exchange)
            if self._handing_out:
                yield bar
            if self.stopping:
                return

    def _only_pushes(self, stream: Stream) -> bool:
        """Whether bars of one contract go to one plugin, nothing has to be updated bar by bar, and nobody pulls."""
        return not (self._handing_out or self._several or stream.updates) and len(self.hooks.bar_calls) == 1

    def _push_rows(self, stream: Stream, start: int, stop: int) -> int:
        """What `_rows` does where bars go to one plugin and nobody pulls them: the commonest run, so in a loop of its own.

        Returns the row to go on from: before `stop` when an indicator was declared that has to be updated bar by bar.
        """
        market, play, updates = stream.market, self.exchange.play, stream.updates
        events, deliver = self.exchange.events, self.deliver
        name, method, context = self.hooks.bar_calls[0]
        highs, lows = market.highs, market.lows
        shown: list[tuple[Any, Any]] = [(indicator, values[start:stop]) for indicator, values in stream.stored]
        shown += [(_Unread(), repeat(0.0, stop - start)) for _ in range(2 - len(shown))]
        (one, ones), (two, twos), *others = shown
        rows = zip(range(start, stop), stream.make_bars(start, stop), ones, twos, strict=True)
        for row, bar, one.value, two.value in rows:  # storing them here costs a third of what a loop over them does
            if others:
                for indicator, values in others:
                    indicator.value = values[row - start]
            if market.alert and (highs[row] >= market.up or lows[row] <= market.down):
                play(market, row)
                if events:
                    deliver()
            else:
                market.row = row
            try:
                method(bar, context)
            except Exception as error:
                self.hooks.fail(name, "on_bar", error)
            if events:
                deliver()
            if self.stopping or updates:
                return row + 1
        return stop

    def _enter(self, stream: Stream, segment: Segment, start: int) -> Iterator[Session]:
        """Turn to a stream, and begin its session where the row is its first."""
        self.exchange.current = stream.market
        if segment.begins and start == segment.start:
            self._begin_session(stream, segment.session)
            if self._session_stops:
                yield segment.session
            self.exchange.between_bars = False
        stream.session = segment.session
        stream.show(segment)
        self._last_row = segment.stop - 1 if segment.ends else -1
        self.hooks.focus(stream.feed.contract.id)
