"""Gateways on loopback sockets: our own, and one that speaks the documented API and nothing else."""

from __future__ import annotations

from pathlib import Path

from barstep.gateway.handler import Gateway
from barstep.serve.loopback import start_loopback

ROOT = Path(__file__).parents[2]
TOKEN = "conformance"  # noqa: S105


class PlainGateway(Gateway):
    """Knows no `barstep` object and no Extension calls: what another simulator of the documented API would be."""

    def handle(self, path, body=None, user="", dialect="sim"):
        plain = {key: value for key, value in (body or {}).items() if key != "barstep"}
        return super().handle("Nowhere/atAll" if path.startswith("Extension/") else path, plain, user, dialect)


def served(gateway):
    url, stop = start_loopback(gateway, TOKEN)
    yield url
    stop()
