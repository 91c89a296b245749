"""Plays points through the runner into the store: what is finished is skipped, what comes back is committed at once."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.batch.runner import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from barstep.batch.ledger import TrialLedger
    from barstep.batch.plan import Frame
    from barstep.batch.point import PointResult, Task
    from barstep.batch.runner import Runner
    from barstep.batch.store import Store

_BATCH_SECONDS = 0.3
"""What a batch lasts, about: long enough for its overhead, short enough to be lost."""
_MOST_IN_BATCH = 64


class Item(NamedTuple):
    """A point to be played: `part` is grid, train or test, `number` that of the point, `vals` its varied values."""

    part: str
    number: int
    vals: dict[str, Any]
    frame: Frame
    task: Task


@dataclass(slots=True)
class Progress:
    """How far a grid is.

    Attributes:
        total: Points in all, those of earlier runs included.
        done: Points finished so far, those of earlier runs included.
        skipped: Points that were finished before.
        failed: Points of this run that ended with an error.
        begun: `time.monotonic()` at the first point.
        best: The best figure so far in this run, and the values it belongs to.
    """

    total: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    begun: float = field(default_factory=time.monotonic)
    best: tuple[float, dict[str, Any]] | None = None

    @property
    def rate(self) -> float:
        """Points a second in this run."""
        return (self.done - self.skipped) / max(1e-9, time.monotonic() - self.begun)

    @property
    def remaining(self) -> float | None:
        """Seconds that are left at this rate, None while there is none."""
        return (self.total - self.done) / self.rate if self.done > self.skipped else None


class Player:
    """Plays points.

    Args:
        store: Where they are kept.
        ledger: Where trials are counted.
        runner: Who plays.
        metric, sign: The figure that tells the best point, and 1 where more is better, else -1.
        watch: Called after each batch.
    """

    def __init__(
        self,
        store: Store,
        ledger: TrialLedger,
        runner: Runner,
        metric: str,
        sign: int,
        watch: Callable[[Progress], None],
    ) -> None:
        self.store, self.ledger, self.runner = store, ledger, runner
        self.progress = Progress()
        self.interrupted = False
        self.memory = 0
        self._metric, self._sign, self._watch = metric, sign, watch
        self._finished, self._apart = store.finished()
        self._back: deque[tuple[str, int, str, str, str]] = deque()
        self.tried: set[str] = set()
        self._seconds = 0.0
        self._workers = max(1, runner.workers)

    def play(self, items: Iterable[Item], count: int) -> None:
        """Play what is not finished yet; `count` is how many there are."""
        waiting: dict[str, Item] = {}
        batches = self._batches(items, waiting, count)
        for played in self.runner.play(batches):
            self.memory = max(self.memory, played.memory)
            self._take_back()
            rows, trials = [], []
            for result in played.results:
                item = waiting.pop(result.key)
                if not result.error:
                    trials.append((item.frame.subject, result.key))
                rows.append((item.part, item.number, _json(item.vals), item.frame.vals, result))
                self._note(item, result)
            self.ledger.add(trials)  # first: a trial that is kept is counted, whatever happens in between
            self.store.add(rows)
            self._watch(self.progress)
        self._take_back()

    def is_finished(self, task: Task) -> bool:
        """Whether a point need not be played."""
        return task.key in self._finished

    def measured(self, seconds: float) -> None:
        """Tell how long a point takes: so many are put into a batch."""
        self._seconds = seconds

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Inside the block the first Ctrl-C lets running points finish, the second raises at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(_signal: int, _frame: object) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True
            self.runner.stop()

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            signal.signal(signal.SIGINT, before)

    def _batches(self, items: Iterable[Item], waiting: dict[str, Item], count: int) -> Iterator[Batch]:
        size = 1
        if self._seconds:
            size = min(_MOST_IN_BATCH, int(_BATCH_SECONDS / self._seconds), count // (4 * self._workers))
        held: list[Item] = []
        for item in items:
            if item.task.key in self._finished or item.task.key in waiting:
                self._skip(item)
                continue
            if held and (len(held) >= max(1, size) or held[0].frame is not item.frame):
                yield Batch(held[0].frame.job, [each.task for each in held])
                held = []
            held.append(item)
            waiting[item.task.key] = item
        if held:
            yield Batch(held[0].frame.job, [each.task for each in held])

    def _skip(self, item: Item) -> None:
        """Count a point that was finished before; those that were tried are counted already."""
        key = item.task.key
        if key in self._apart:
            self._apart.remove(key)
            self._back.append((item.part, item.number, _json(item.vals), item.frame.vals, key))
        if key not in self.tried:
            self.progress.done += 1
            self.progress.skipped += 1

    def _take_back(self) -> None:
        """Note the points that the grid asked for again; joblib's threads may be finding more of them meanwhile."""
        found = [self._back.popleft() for _ in range(len(self._back))]
        if found:
            self.store.take_back(found)

    def _note(self, item: Item, result: PointResult) -> None:
        progress = self.progress
        self._finished.add(result.key)
        progress.done += 1
        progress.failed += bool(result.error)
        figure = result.metrics.get(self._metric)
        if figure is not None and (progress.best is None or (figure - progress.best[0]) * self._sign > 0):
            progress.best = (float(figure), item.vals)


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"), default=str)


def try_points(player: Player, items: Callable[[], Iterable[Item]]) -> tuple[int, float | None]:
    """Play a few points that are to be played anyway, two for each worker: the second of them finds everything ready.

    Returns:
        How many points were not finished before, and the seconds of one; None when there is none left.
    """
    workers = max(1, player.runner.workers)
    fresh = list(islice((each for each in items() if not player.is_finished(each.task)), 2 * workers))
    left = sum(not player.is_finished(each.task) for each in items())
    if not fresh:
        return 0, None
    player.tried = {item.task.key for item in fresh}
    player.measured(_BATCH_SECONDS / 2)  # two go into one batch
    player.play(fresh, 8 * workers)
    rows = [player.store.point(item.task.key) for item in fresh]
    times = [row.seconds for row in rows if row is not None and not row.error]
    seconds = max(min(times, default=0.0), 1e-6) if times else None
    player.measured(seconds or 0.0)
    return left, seconds
