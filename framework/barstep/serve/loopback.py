"""A gateway served in a thread of this process, for scripts that bring their own header, and for tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from barstep.serve import check_extra

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.gateway.handler import Gateway


def start_loopback(gateway: Gateway, token: str) -> tuple[str, Callable[[], None]]:
    """Serve a gateway in a thread, on a free port of 127.0.0.1.

    Args:
        gateway: Answers the calls, one after the other, in that thread. It stays the caller's: stopping ends no replay.
        token: Key of loginKey, and itself a bearer token; the user of calls with it is "".

    Returns:
        The address for TESTMAX_API_URL, `http://127.0.0.1:PORT/api/topstep-sim`, and a function that stops the server: it
        finishes the request it is at and returns when the thread has ended. Calling it again is harmless.

    Raises:
        ConfigError: The extra is not installed.
    """
    check_extra()
    from barstep.serve.front import PREFIXES, Front  # noqa: PLC0415 - the extra may be missing
    from barstep.serve.pages import make_pages  # noqa: PLC0415
    from barstep.serve.server import listen, make_server, origin_of  # noqa: PLC0415

    door = listen("127.0.0.1", 0)
    url = origin_of(door) + PREFIXES["sim"].rstrip("/")
    server = make_server(Front(gateway, token, pages=make_pages()))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="barstep-serve", daemon=True)
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join()

    return url, stop
