"""The HTTP front of a gateway, one ASGI callable: who asks, for what, is it well formed; then the gateway answers.

The gateway is called in the event loop itself: a step takes 20 us, less than handing it to a thread would. So calls are
answered one after the other, and no lock is needed. Paths come from the table of endpoints; everything else is passed on
to a Starlette app of pages.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from starlette.applications import Starlette

from barstep.broker.wire import GatewayError, done, failed
from barstep.gateway.endpoint import Endpoint
from barstep.gateway.endpoints import ENDPOINTS
from barstep.gateway.fields import Dialect, read
from barstep.runs.log import run_logger
from barstep.serve.access import AccessLog
from barstep.serve.limits import Limits
from barstep.serve.peers import Peers
from barstep.serve.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from barstep.gateway.handler import Gateway

    Headers = dict[bytes, bytes]

PREFIXES: dict[Dialect, str] = {"sim": "/api/topstep-sim/", "live": "/api/"}
"""Where each dialect is served."""
METHODS = {"POST": ("POST",), "GET": ("GET", "POST")}
"""Methods by the documented one: clients whose one function posts ask for the health check so too."""
MOST_BYTES = 256 * 1024
"""Longest request body."""
BODY_SECONDS = 10.0
"""Time for a body to arrive whole."""
FAULT = 99
"""Error code of a fault of ours (gateway API, 2.1)."""

_JSON = (b"content-type", b"application/json")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_CLOSE = ("connection", "close")


class RefusedRequestError(GatewayError):
    """A request answered with a status and headers of its own."""

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(status, message)
        self.headers = headers


class ClientGoneError(Exception):
    """The client closed its connection before its request was whole: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class _Route:
    endpoint: Endpoint
    dialect: Dialect


class Front:
    """Serves a gateway.

    Args:
        gateway: Answers the calls.
        token: The server's token, see `Tokens`.
        host: The address that is listened on; see `Peers`.
        names: Other names by which the server is reached.
        limits: The live gateway's request limits, None for none: a replay steps much faster than they allow.
        access: Which requests are logged: `all`, `notable` (refused ones, logins, replays' starts and ends), `none`.
        pages: Answers every path that is no endpoint; by default 404.
        body_seconds: Time for a request's body to arrive whole.
    """

    def __init__(
        self,
        gateway: Gateway,
        token: str,
        *,
        host: str = "127.0.0.1",
        names: Iterable[str] = (),
        limits: Limits | None = None,
        access: Literal["all", "notable", "none"] = "none",
        pages: ASGIApp | None = None,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._gateway = gateway
        self._tokens = Tokens(token)
        self._peers = Peers(host, names)
        self._limits = limits
        self._log = run_logger(part="serve")
        self._access = AccessLog(self._log, access, token)
        self._pages = pages or Starlette()
        self._body_seconds = body_seconds
        self._routes = {
            PREFIXES[dialect] + endpoint.path: _Route(endpoint, dialect)
            for endpoint in ENDPOINTS.values()
            for dialect in endpoint.dialects
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        began = time.perf_counter()
        status, code = 200, 0
        more: tuple[tuple[str, str], ...] = ()
        try:
            route = self._route(scope)
            if route is None:
                status = await self._page(scope, receive, send)
                self._access.note(scope, status, status, began)
                return
            answer = await self._answer(route, scope, receive)
            code = answer["errorCode"]
        except ClientGoneError:
            return
        except GatewayError as error:
            status = code = error.status
            answer = failed(status, error.message)
            more = error.headers if isinstance(error, RefusedRequestError) else ()
        except Exception as error:
            answer, code = self._fault(error), FAULT
        body = msgspec.json.encode(answer)
        headers = [_JSON, (b"content-length", b"%d" % len(body)), _NOSNIFF]
        headers += [(name.encode(), value.encode()) for name, value in more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._access.note(scope, status, code, began)

    def _route(self, scope: Scope) -> _Route | None:
        """The endpoint that a request is for, None when a page is meant."""
        headers: Headers = dict(scope["headers"])
        scope["by_name"] = headers
        self._peers.check(headers.get(b"host"), headers.get(b"origin"))
        path: str = scope["path"]
        route = self._routes.get(path)
        if route is None:
            if path.startswith(PREFIXES["live"]):
                told = f"{PREFIXES['sim']}<Area>/<verb> and {PREFIXES['live']}<Area>/<verb>"
                raise RefusedRequestError(404, f"there is no such endpoint: {told} are listed in /openapi.json")
            return None
        methods = METHODS[route.endpoint.method]
        if scope["method"] not in methods:
            told = f"{route.endpoint.path} is asked for with {' or '.join(methods)}"
            raise RefusedRequestError(405, told, ("allow", ", ".join(methods)))
        return route

    async def _answer(self, route: _Route, scope: Scope, receive: Receive) -> dict[str, Any]:
        """The envelope; GatewayError for what is answered with a status."""
        endpoint, headers = route.endpoint, scope["by_name"]
        user = ""
        if not endpoint.open:
            try:
                user = self._tokens.user(headers.get(b"authorization"))
            except GatewayError as error:
                raise RefusedRequestError(401, error.message, ("www-authenticate", "Bearer")) from None
        if self._limits is not None:
            caller = f"host {scope['client'][0] if scope.get('client') else ''}" if endpoint.open else f"user {user}"
            wait = self._limits.wait(caller, endpoint.path)
            if wait:
                raise RefusedRequestError(429, f"too many requests: wait {wait} s", ("retry-after", str(wait)))
        if scope["method"] == "GET":
            return self._gateway.handle(endpoint.path, None, user, route.dialect)
        body = _decoded(headers, await _body(headers, receive, self._body_seconds))
        if endpoint.path.startswith("Auth/"):
            return self._login(endpoint, body, user, headers.get(b"authorization"))
        return self._gateway.handle(endpoint.path, body, user, route.dialect)

    def _login(self, endpoint: Endpoint, body: Any, user: str, bearer: bytes | None) -> dict[str, Any]:
        """Auth: tokens are the server's business, not the gateway's."""
        values = read(endpoint.fields, body, "live")
        if endpoint.path == "Auth/validate":
            return done(newToken=self._tokens.give(user))
        if endpoint.path == "Auth/logout":
            self._tokens.revoke(bearer)
            return done()
        token = self._tokens.login(values["userName"], values["apiKey"])
        if token is None:
            told = "apiKey is not this server's: it was printed when the server started, or is in its token file"
            return failed(endpoint.codes.index("InvalidCredentials"), told, token=None)
        return done(token=token)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Pass a request on; the status it was answered with."""
        statuses: list[int] = []

        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        await self._pages(scope, receive, noted)
        return statuses[0] if statuses else 0

    def _fault(self, error: Exception) -> dict[str, Any]:
        """A fault of ours: the peer gets a word to find it by, the log the traceback."""
        reference = secrets.token_hex(4)
        self._log.error("a fault inside barstep", reference=reference, exc_info=error)
        return failed(FAULT, f"a fault inside the server, reference {reference}: its log has the details")


async def _body(headers: Headers, receive: Receive, seconds: float) -> bytes:
    """The whole body; RefusedRequestError 413 beyond MOST_BYTES, 408 when it takes longer than `seconds`."""
    told = headers.get(b"content-length", b"0")
    if not told.isdigit() or int(told[:12]) > MOST_BYTES:
        raise RefusedRequestError(413, f"the body is too large: send at most {MOST_BYTES:,} bytes", _CLOSE)
    parts, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                part = message.get("body", b"")
                size += len(part)
                if size > MOST_BYTES:
                    raise RefusedRequestError(413, f"the body is too large: send at most {MOST_BYTES:,} bytes", _CLOSE)
                parts.append(part)
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise RefusedRequestError(408, f"the body did not arrive within {seconds:g} s: send it again", _CLOSE) from None


def _decoded(headers: Headers, body: bytes) -> Any:
    """The JSON value of a body, None without one; RefusedRequestError 415 or 400."""
    if not body:
        return None
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json":
        _check_kind(kind)
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RefusedRequestError(415, "the body is compressed: send it as it is")
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RefusedRequestError(400, f"the request body is not JSON: {error}") from None
    except RecursionError:
        raise RefusedRequestError(400, "the request body is nested too deeply") from None


def _check_kind(kind: bytes) -> None:
    """The body must be declared as JSON in UTF-8: a form of a web page cannot do that."""
    name, _, rest = kind.decode("latin-1").lower().partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip(' "')
    if name.strip() not in ("application/json", "text/json") or charset not in ("", "utf-8", "utf8", "us-ascii"):
        found = repr(kind.decode("latin-1")[:60]) if kind else "none"
        raise RefusedRequestError(415, f"Content-Type: found {found}, expected application/json")
