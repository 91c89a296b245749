"""The one module that sets up structlog: readable lines on a terminal, JSON otherwise, always on stderr."""

from __future__ import annotations

import logging
import sys
from functools import cache
from typing import Any

import structlog


@cache
def set_up(level: str = "warning") -> None:
    """Configure logging once; the command line calls it first with its own level."""
    tty = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if tty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def run_logger(**names: Any) -> Any:
    """A logger bound to a run."""
    return structlog.get_logger().bind(**names)
