"""The HTTP transport: `api(path, body)` over one kept-alive connection, with the error shapes of gateway API, 2.2.

A request goes to the adapter of a `requests.Session` itself, already prepared: half the time of `session.post`, which
matters once a bar is a request. Reads are repeated with growing pauses; orders, positions and the replay's clock never are,
for a request without an answer may have been carried out.
"""

from __future__ import annotations

import json
import random
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from barstep.broker.wire import failed
from barstep.domain.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

READS = frozenset(
    (
        "Status/ping", "Account/search", "Contract/search", "Contract/searchById", "Contract/available",
        "History/retrieveBars", "Order/search", "Order/searchOpen", "Order/searchById", "Position/searchOpen",
        "Trade/search", "Replay/status",
    )
)  # fmt: skip
"""Endpoints that change nothing, so that asking again is harmless."""

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and to wait for an answer: a replay may load its bars first."""

ATTEMPTS = 5
LONGEST_PAUSE = 30.0
_FIRST_PAUSE = 0.25
_BUSY = (429, 502, 503, 504)
_NO_ANSWER = -1


class HttpApi:
    """An `Api` over HTTP.

    Args:
        url: Base address, such as `http://localhost:8087/api/topstep-sim`; proxies and certificates come from the
            environment as usual, an address without them is called directly.
        token: Bearer token, empty for none. It appears in no message.
        timeout: Seconds to connect and to wait for an answer, or one number for both.
        sleep: Waits between repeated reads.

    Raises:
        ConfigError: The address is no http or https address.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        timeout: float | tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"url: got {url!r}, expected an address such as http://localhost:8087/api/topstep-sim")
        if parts.username or parts.password:
            raise ConfigError("url: it holds a user or a password; give the token by itself")
        self.url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._sleep = sleep
        self._session = requests.Session()
        self._settings: Any = self._session.merge_environment_settings(self.url, {}, False, None, None)
        self._session.trust_env = False  # a .netrc would replace the token
        self._session.headers["Accept"] = "application/json"
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        self._adapter = self._session.get_adapter(self.url)
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"HttpApi({self.url})"

    def __call__(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST to an endpoint; never raises for a status or a connection, see `broker.wire.Api`."""
        data = json.dumps(body or {}).encode()
        if path not in READS:
            return self._once(path, data)[0]
        for attempt in range(ATTEMPTS - 1):
            answer, pause = self._once(path, data)
            if pause is None:
                return answer
            if not pause:
                pause = _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - so that clients spread out
            if pause > LONGEST_PAUSE:
                return answer
            self._sleep(pause)
        return self._once(path, data)[0]

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def __enter__(self) -> HttpApi:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _once(self, path: str, data: bytes) -> tuple[dict[str, Any], float | None]:
        """One request: the answer, and the pause before another try: None for none, 0 for our own choice."""
        request = self._request(path, data)
        try:
            response = self._adapter.send(request, timeout=self._timeout, **self._settings)
            text = response.content
        except (requests.RequestException, OSError) as error:
            told = self._why(error)
            if path not in READS and not _unsent(error):
                told = f"{told}; whether it was carried out is unknown"
            return failed(_NO_ANSWER, self._hidden(told)), 0.0
        status = response.status_code
        if status >= 300:  # a redirect is not followed: it would carry orders and the token elsewhere
            told = self._hidden(text.decode("utf-8", "replace").strip() or response.reason or "no text")
            if status < 400:
                told = f"{self.url} points to {response.headers.get('Location', 'elsewhere')}: give that address"
            return failed(status, told), _pause(response) if status in _BUSY else None
        try:
            answer = json.loads(text)
        except ValueError:
            answer = text.decode("utf-8", "replace")
        if isinstance(answer, dict):
            return answer, None
        if path == "Status/ping":
            return {**failed(0, ""), "success": True, "errorMessage": None, "status": answer}, None
        return failed(_NO_ANSWER, f"{self.url} answered {path} with something else than a JSON object"), None

    def _request(self, path: str, data: bytes) -> requests.PreparedRequest:
        """A request that is prepared once for each path and thread; only its body changes."""
        prepared: dict[str, requests.PreparedRequest] = vars(self._local)
        request = prepared.get(path)
        if request is None:
            method = "GET" if path == "Status/ping" else "POST"
            headers = None if method == "GET" else {"Content-Type": "application/json"}
            asked = requests.Request(method, f"{self.url}/{path.lstrip('/')}", headers=headers)
            request = prepared[path] = self._session.prepare_request(asked)
        if request.method == "POST":
            request.body = data
            request.headers["Content-Length"] = str(len(data))
        return request

    def _why(self, error: Exception) -> str:
        if isinstance(error, requests.exceptions.ReadTimeout):
            return f"no answer from {self.url} in time"
        if isinstance(error, requests.ConnectTimeout):
            return f"no connection to {self.url} in time: is the gateway running there?"
        if isinstance(error, requests.exceptions.SSLError):
            return f"no secure connection to {self.url}: {error}"
        reason = str(getattr(error.args[0] if error.args else None, "reason", None) or error)
        what = "no connection to" if _unsent(error) else "the connection broke to"
        return f"{what} {self.url}: {reason.rpartition('): ')[2]}"

    def _hidden(self, text: str) -> str:
        return text.replace(self._token, "***") if self._token else text


def _unsent(error: Exception) -> bool:
    """Whether no connection came about, so that nothing can have been carried out."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _pause(response: requests.Response) -> float:
    """Seconds that a busy server asks to wait, 0 when it does not say."""
    asked = response.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError):
        return 0.0
