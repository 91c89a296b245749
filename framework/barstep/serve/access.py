"""The access log: what was asked and how it was answered, and never a token, a key, a body or a query string."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from starlette.types import Scope

_NOTABLE = ("/Auth/loginKey", "/Auth/logout", "/Replay/start", "/Replay/end")
_LONGEST_PART = 32
_LONGEST = 120


class AccessLog:
    """Writes one line for a request.

    Args:
        log: A structlog logger.
        which: `all`, `notable` (refused requests, logins, starts and ends of replays) or `none`.
        token: The server's token, which no line may hold.
    """

    def __init__(self, log: Any, which: Literal["all", "notable", "none"], token: str) -> None:
        self._log = log
        self._which = which
        self._token = token

    def note(self, scope: Scope, status: int, code: int, began: float) -> None:
        """Note a request.

        Args:
            scope: Of the request.
            status: HTTP status of the answer.
            code: `errorCode` of the answer.
            began: `time.perf_counter()` when it came.
        """
        if self._which == "none":
            return
        path: str = scope["path"]
        if self._which == "notable" and status < 400 and not path.endswith(_NOTABLE):
            return
        self._log.info(
            "request",
            method=scope["method"],
            path=self._shown(path),
            status=status,
            code=code,
            ms=round((time.perf_counter() - began) * 1000, 2),
        )

    def _shown(self, path: str) -> str:
        """The path without what could be a secret: a client may have put its token there."""
        parts = path.replace(self._token, "***").split("/")
        shown = "/".join(part if len(part) <= _LONGEST_PART else "..." for part in parts)
        return ascii(shown[:_LONGEST])[1:-1]
