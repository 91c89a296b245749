"""A client that keeps to HTTP, and what the tests of the server share."""

from __future__ import annotations

from typing import Any

import requests

KEY = "the-key-of-the-tests"
START = {"instrumentSymbol": "ES", "startDate": "2013-09-03", "timeframe": "1m", "endDate": "2013-09-03"}


class Client:
    """Posts JSON with a bearer token and answers `(status, document)`."""

    def __init__(self, url: str, token: str = KEY) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def raw(self, path: str, **given: Any) -> requests.Response:
        return self.session.request(given.pop("method", "POST"), f"{self.url}/{path}", timeout=20, **given)

    def __call__(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        answer = self.raw(path, json=body)
        return answer.status_code, answer.json()

    def done(self, path: str, body: Any = None) -> dict[str, Any]:
        """The answer of a request that must have worked."""
        status, document = self(path, body)
        assert (status, document["success"]) == (200, True), document
        return document
