"""The HTTP front of the gateway: `barstep serve`, and a loopback server for scripts that bring their own header.

It needs the extra `serve`: starlette, uvicorn and httptools, which nothing else in barstep imports.
"""

from __future__ import annotations

from importlib.util import find_spec

from barstep.domain.errors import ConfigError

_NEEDED = ("starlette", "uvicorn", "httptools")


def check_extra() -> None:
    """A ConfigError with the command that installs what is missing."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"the gateway's server needs {', '.join(missing)}: pip install 'barstep[serve]'")
