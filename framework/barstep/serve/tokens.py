"""Who may call: the server's own token, and the tokens it has given out for it (gateway API, 3)."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, digest
from typing import TYPE_CHECKING

from barstep.broker.wire import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

LIFE = 24 * 3600.0
"""Seconds that a token is good for."""
MOST = 10_000
"""Most tokens that are remembered; beyond that the oldest is forgotten."""
LONGEST = 1_000
"""Longest Authorization header that is looked at, in bytes."""

_LOG_IN = "call Auth/loginKey with the server's key as apiKey, and send its token as `Authorization: Bearer TOKEN`"


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of a token: whose it is, and until when it is good on the monotonic clock."""

    user: str
    until: float


class Tokens:
    """The tokens of one server; they live in memory only, by their hash.

    Args:
        key: The server's token. It is what loginKey wants as `apiKey`, and a bearer token of the user "" itself.
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, key: str, now: Callable[[], float] = time.monotonic) -> None:
        self._key = key.encode()
        self._secret = secrets.token_bytes(32)
        self._now = now
        self._given: OrderedDict[bytes, Session] = OrderedDict()  # oldest first

    def login(self, user: str, key: str) -> str | None:
        """A new token for a user who knows the key, None for one who does not; earlier tokens stay good."""
        return self.give(_plain(user)) if compare_digest(key.encode("utf-8", "replace"), self._key) else None

    def give(self, user: str) -> str:
        """A new token for a user who has shown a good one."""
        now = self._now()
        while self._given:
            oldest = next(iter(self._given.values()))
            if oldest.until > now and len(self._given) < MOST:
                break
            self._given.popitem(last=False)
        token = self._made()
        self._given[_digest(token)] = Session(user, now + LIFE)
        return token.decode()

    def user(self, header: bytes | None) -> str:
        """Whose Authorization header this is.

        Raises:
            GatewayError: 401 when there is none, or its token is unknown, given back or too old.
        """
        if header is None:
            raise GatewayError(401, f"no token: {_LOG_IN}")
        token = _bearer(header)
        if token is None:
            raise GatewayError(401, f"the Authorization header holds no bearer token: {_LOG_IN}")
        if compare_digest(token, self._key):
            return ""
        session = self._given.get(_digest(token))
        if session is None:
            raise GatewayError(401, f"the token is not known here, or was given back: {_LOG_IN}")
        if session.until <= self._now():
            raise GatewayError(401, f"the token has expired after 24 hours: {_LOG_IN}")
        return session.user

    def _made(self) -> bytes:
        """A new token in the form of a JWT, for some clients look for its `exp`; here it is only looked up."""
        head = {"alg": "HS256", "typ": "JWT"}
        claims = {"exp": int(time.time() + LIFE), "jti": secrets.token_urlsafe(32)}
        text = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
        return text + b"." + _base64(digest(self._secret, text, "sha256"))

    def revoke(self, header: bytes | None) -> None:
        """Forget a token; the server's own stays good."""
        token = _bearer(header or b"")
        self._given.pop(_digest(token or b""), None)


def make_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)


def _bearer(header: bytes) -> bytes | None:
    scheme, _, token = header.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" and len(header) <= LONGEST else None


def _base64(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()  # a lookup by hash tells nothing about the tokens that are there


def _plain(user: str) -> str:
    """User names differ neither in case nor in blanks around them (gateway API, 1.1)."""
    return user.strip().casefold()
