"""Batches of points through joblib's worker processes on one machine, or Dask's on several; joblib is imported here only.

A worker that dies takes the batches in flight with it: their points are played again one at a time, and one that kills its
worker a second time has that as its result. Everything else goes on.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.batch.cluster import Cluster, connected
from barstep.batch.point import PointResult
from barstep.batch.worker import PARENT, Played, play_batch, prepare
from barstep.domain.errors import BrokerError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from barstep.batch.point import FrameJob, Task

_MOST_GROWTH = 4_000_000_000  # bytes

DIED = "the worker process died on this point, twice: killed, out of memory, or crashed"


class Batch(NamedTuple):
    """Points of one frame that a worker plays in one go."""

    frame: FrameJob
    tasks: list[Task]


class _Feed:
    """The batches still to be played, and those in flight; joblib's own threads ask for more."""

    def __init__(self, batches: Iterable[Batch], *, stopping: bool = False) -> None:
        self._batches = iter(batches)
        self._lock = threading.Lock()
        self._count = 0
        self.in_flight: dict[int, Batch] = {}
        self.stopping = stopping

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> tuple[int, Batch]:
        with self._lock:
            if self.stopping:
                raise StopIteration
            batch = next(self._batches)
            self._count += 1
            self.in_flight[self._count] = batch
            return self._count, batch


class Runner:
    """Plays batches in worker processes.

    Args:
        workers: How many; 1 plays in this process. Ignored with an address, whose cluster has its own.
        backend: `loky` or `dask`.
        address: Of a Dask scheduler; without one `dask` starts a cluster on this machine.
    """

    def __init__(self, workers: int, backend: str = "loky", address: str | None = None) -> None:
        self.workers, self.backend, self.address = workers, backend, address
        self._feed = _Feed(())
        self._stopping = False
        self._joblib = _joblib()
        self._cluster: Cluster | None = None

    def stop(self) -> None:
        """Hand out no further batches; those in flight are finished."""
        self._stopping = self._feed.stopping = True

    @contextmanager
    def ready(self) -> Iterator[Runner]:
        """Have the workers for the time of a block."""
        before = os.environ.get(PARENT)
        os.environ[PARENT] = str(os.getpid())
        try:
            with warnings.catch_warnings():
                # loky replaces a worker whose memory has grown; what it had played is not lost
                warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
                if self.backend == "dask":
                    with connected(self.workers, self.address) as self._cluster:
                        self.workers = self._cluster.workers
                        yield self
                else:
                    self._start()
                    yield self
        finally:
            if self.backend == "loky" and self.workers > 1:
                self._joblib.externals.loky.get_reusable_executor().shutdown(wait=True, kill_workers=True)
            if before is None:
                del os.environ[PARENT]
            else:
                os.environ[PARENT] = before

    def _start(self) -> None:
        """Have loky's workers begin deaf to Ctrl-C: a terminal sends it to them too, before they could turn it away."""
        if self.workers == 1:
            return
        with suppress(ImportError):  # a name of loky's own: without it a first Ctrl-C may end workers
            import_module("joblib.externals.loky.backend.resource_tracker").ensure_running()  # it would unblock signals
        with _interrupts_wait():
            for _ in self._parallel()(self._call(os.getpid) for _ in range(self.workers)):
                pass

    def play(self, batches: Iterable[Batch]) -> Iterator[Played]:
        """The results of batches as they are finished, in any order."""
        self._feed = feed = _Feed(batches, stopping=self._stopping)
        if self.backend == "loky" and self.workers == 1:
            for number, batch in feed:
                yield play_batch(*batch)
                del feed.in_flight[number]
            return
        if self._cluster is not None:
            yield from self._of_cluster(self._cluster, feed)
            return
        while True:
            try:
                for number, played in self._parallel()(self._call(_play, *each) for each in feed):
                    del feed.in_flight[number]
                    yield played
            except BrokenProcessPool as died:
                if not feed.in_flight:
                    raise BrokerError(f"the workers died without work: {died}") from died
                suspects = list(feed.in_flight.values())
                feed.in_flight.clear()
                if feed.stopping:
                    return  # what was in flight is played when the grid is resumed
                yield from self._one_by_one(feed, suspects)
            else:
                return

    def _of_cluster(self, cluster: Cluster, feed: _Feed) -> Iterator[Played]:
        suspects = []
        for number, done in cluster.results(_play, feed, 2 * self.workers):
            batch = feed.in_flight.pop(number)
            if done is None:
                suspects.append(batch)
            else:
                yield done[1]
        yield from self._one_by_one(feed, suspects)

    def _one_by_one(self, feed: _Feed, suspects: list[Batch]) -> Iterator[Played]:
        """Play the points of some batches with nothing else in flight."""
        for batch in suspects:
            for task in batch.tasks:
                if not feed.stopping:
                    yield self._alone(batch.frame, task)

    def _alone(self, frame: FrameJob, task: Task) -> Played:
        call = (0, Batch(frame, [task]))
        died = Played([PointResult(task.key, error=DIED)])
        if self._cluster is not None:
            ((_, done),) = self._cluster.results(_play, iter([call]), 1)
            return died if done is None else done[1]
        try:
            found = list(self._parallel()([self._call(_play, *call)]))
        except BrokenProcessPool:
            return died
        played: Played = found[0][1]
        return played

    def _parallel(self) -> Any:
        return self._joblib.Parallel(
            n_jobs=self.workers,
            backend="loky",
            initializer=_begin,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch="2*n_jobs",
            max_nbytes=None,
        )

    def _call(self, *call: Any) -> Any:
        return self._joblib.delayed(call[0])(*call[1:])


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Ctrl-C comes after the block; processes that begin inside never hear of it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """What each of loky's workers does first.

    loky replaces a worker that has grown by 300 MB since its first call, in case it leaks. Ours grows by the bars it looks at
    and by indicators that are bounded (`ArrayBars`), and would lose them. No public name turns this off; where the private one
    is gone, workers are replaced and are only slower for it.
    """
    with suppress(ImportError):
        vars(import_module("joblib.externals.loky.process_executor"))["_MAX_MEMORY_LEAK_SIZE"] = _MOST_GROWTH
    prepare()


def _play(number: int, batch: Batch) -> tuple[int, Played]:
    return number, play_batch(*batch)


def _joblib() -> Any:
    try:
        import joblib  # noqa: PLC0415
        import joblib.externals.loky  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("grids need joblib: pip install 'barstep[batch]'") from error
    return joblib
