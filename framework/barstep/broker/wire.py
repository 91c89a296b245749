"""The narrow waist: one callable `api(path, body)`, what it answers, and what a gateway refuses outright.

Everything a strategy can do to a broker is a call of an `Api`. A transport (in process, HTTP) makes one; helper functions
and the typed broker stand on top of it. Source: gateway API, 2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Api = Callable[[str, Mapping[str, Any] | None], dict[str, Any]]
"""`api("Order/place", {...})` answers the envelope: `success`, `errorCode`, `errorMessage` and the payload; it never raises
for what a gateway answers."""


class GatewayError(Exception):
    """A request that is answered with an HTTP status instead of an envelope.

    Attributes:
        status: 400 (malformed), 401, 404 (no such resource), 409 (in conflict with a running replay), 413 or 429.
        message: What was wrong and what to do.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def done(**payload: Any) -> dict[str, Any]:
    """The envelope of a request that did what it asked (gateway API, 2.1)."""
    return {"success": True, "errorCode": 0, "errorMessage": None, **payload}


def failed(code: int, message: str, **payload: Any) -> dict[str, Any]:
    """The envelope of a refusal; the code is read against the endpoint's own table (gateway API, 11)."""
    return {"success": False, "errorCode": int(code), "errorMessage": message, **payload}


def answer(handle: Callable[[str, Mapping[str, Any] | None], dict[str, Any]]) -> Api:
    """An in-process `Api` of a gateway's `handle`: a GatewayError becomes the dict of gateway API, 2.2."""

    def api(path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            return handle(path, body)
        except GatewayError as error:
            return failed(error.status, error.message)

    return api


def words(text: str) -> str:
    """The message inside the body of an HTTP error, where that is an envelope; else the body."""
    try:
        return str(json.loads(text)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return text
