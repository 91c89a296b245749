"""Runs a front under uvicorn, until a signal or its owner stops it."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

    from starlette.types import ASGIApp

KEEP_ALIVE = 600
"""Seconds that an idle connection is kept: a script may think between two bars."""
LONGEST_STOP = 2
"""Seconds that requests under way are given when the server stops."""
_WAITING = 1024
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read here, not listened on


class Server(uvicorn.Server):
    """A uvicorn server that tells which signal stopped it, instead of raising it again."""

    stopped_by: int = 0

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGINT and SIGTERM stop the server; a second SIGINT does not wait for requests under way."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal and stop."""
        self.stopped_by = self.stopped_by or sig
        super().handle_exit(sig, frame)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; connections wait in it until the server runs.

    Raises:
        ConfigError: The address is none of this machine's, or taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ConfigError(f"--host {host}: {error.strerror or error}") from error
    # With its protocol named, asyncio sends small answers at once; otherwise each waits 40 ms for an acknowledgement.
    door = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(_WAITING)
    except OSError as error:
        door.close()
        told = f"{host} port {port} cannot be listened on: {error.strerror or error}"
        raise ConfigError(f"{told}; give another --port, or 0 for any free one") from error
    return door


def origin_of(door: socket.socket) -> str:
    """`http://127.0.0.1:8087` of a socket that listens; of one that listens everywhere, this machine's own way to it."""
    host, port = door.getsockname()[:2]
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(front: ASGIApp) -> Server:
    """A server of an ASGI app, to be run with a socket."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what matters is in our own log
    return Server(
        uvicorn.Config(
            front,
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=_WAITING,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LONGEST_STOP,
        )
    )
