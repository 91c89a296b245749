"""plotly, where it is installed: the one module that imports it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from barstep.domain.errors import ConfigError

MISSING = "reports need plotly: pip install 'barstep[report]'"


def check_plotly() -> None:
    """Raise a ConfigError that says what to install where plotly is missing."""
    if find_spec("plotly") is None:
        raise ConfigError(MISSING)


def figure(data: list[dict[str, Any]], layout: dict[str, Any]) -> Any:
    """A plotly figure; plotly checks every trace and every option of the layout.

    Raises:
        ConfigError: plotly is not installed.
    """
    check_plotly()
    from plotly.graph_objects import Figure  # noqa: PLC0415 - an extra

    return Figure(data=data, layout=layout)


def plotly_js() -> str:
    """The text of plotly.js as it comes with the package."""
    check_plotly()
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - an extra

    text: str = get_plotlyjs()
    return text
