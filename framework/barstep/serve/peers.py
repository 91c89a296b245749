"""Which Host and Origin are ours: a page in the user's own browser must not reach the gateway.

A name that an attacker's page resolves to 127.0.0.1 arrives with that name as Host; a form or a script of another page
arrives with its own Origin. Programs send no Origin, and the address they were given as Host.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from barstep.broker.wire import GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_REMEMBERED = 64


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine only."""
    if host.lower() == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


class Peers:
    """Checks the headers by which a browser tells where a request comes from.

    Args:
        host: The address or name that the server listens on.
        names: Other names by which it is reached, as `--allow-host` gives them.
    """

    def __init__(self, host: str, names: Iterable[str] = ()) -> None:
        self._local = is_loopback(host)
        self._names = {"localhost", *(name.lower() for name in names)}
        if not self._local:
            self._names |= {host.lower(), socket.gethostname().lower()}
        self._good: set[bytes] = set()

    def check(self, host: bytes | None, origin: bytes | None) -> None:
        """Let a request pass, or raise GatewayError 403; one without a Host (HTTP/1.0) comes from no browser."""
        if host is not None and host not in self._good:
            if not self._ours(_name(host)):
                told = "use the one it printed when it started, or start it with --allow-host and the name you use"
                raise GatewayError(403, f"this is no address of the gateway's: {told}")
            if len(self._good) < _MOST_REMEMBERED:
                self._good.add(host)
        if origin is not None and origin.partition(b"://")[2] != host:
            raise GatewayError(403, "requests from web pages are not answered: call the gateway from a program")

    def _ours(self, name: str) -> bool:
        if name in self._names:
            return True
        address = _address(name)
        return address is not None and (address.is_loopback or not self._local)


def _name(host: bytes) -> str:
    """The name in a Host header, without the port: tunnels change that."""
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
