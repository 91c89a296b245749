"""Dask: workers of a cluster at an address, or of one on this machine; the library is imported here only.

Batches are handed to Dask's own client and not through joblib: its Dask backend was found to wait forever after several workers
had died at once.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import BrokerError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Cluster:
    """The workers of a connected client.

    Attributes:
        workers: Threads of all of them.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._distributed: Any = import_module("distributed")
        self._killed: Any = import_module("distributed.scheduler").KilledWorker
        self.workers = max(1, sum(client.nthreads().values()))

    def results(
        self, play: Callable[..., Any], calls: Iterator[tuple[int, Any]], ahead: int
    ) -> Iterator[tuple[int, Any]]:
        """Call `play` with each call's arguments on some worker, and yield the call's number with what came of it.

        Args:
            play: A function that workers can import.
            calls: A number and one more argument each; taken as workers become free, `ahead` at a time.
            ahead: Calls in flight.

        Yields:
            In the order in which they are done; None in place of a result where the worker died.

        Raises:
            BrokerError: The scheduler is gone.
        """
        waiting = self._distributed.as_completed([])
        numbers: dict[str, int] = {}

        def send() -> None:
            call = next(calls, None)
            if call is not None:
                future = self._client.submit(play, *call, pure=False)
                numbers[future.key] = call[0]
                waiting.add(future)

        for _ in range(ahead):
            send()
        for future in waiting:
            if future.status not in ("finished", "error"):
                raise BrokerError(f"the Dask scheduler has dropped a call ({future.status}): is it still there?")
            died = future.status == "error" and isinstance(future.exception(), self._killed)
            yield numbers.pop(future.key), None if died else future.result()
            send()


@contextmanager
def connected(workers: int, address: str | None) -> Iterator[Cluster]:
    """A cluster for the time of a block: the one at an address, or one of so many processes on this machine.

    Raises:
        ConfigError: Dask is not installed.
        BrokerError: No scheduler answers.
    """
    try:
        dask: Any = import_module("dask")
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ConfigError("--backend dask needs Dask: pip install 'barstep[batch]' 'dask[distributed]'") from error
    if address is not None:
        try:
            client = distributed.Client(address, timeout=10)
        except OSError as error:
            raise BrokerError(f"--address {address}: no Dask scheduler answers there ({error})") from error
        with client:
            yield Cluster(client)
        return
    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.scheduler.http.routes": []}
    size = {"n_workers": workers, "threads_per_worker": 1, "processes": True}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(**size, host="127.0.0.1", dashboard_address="127.0.0.1:0") as local,
        distributed.Client(local) as client,
    ):
        yield Cluster(client)
