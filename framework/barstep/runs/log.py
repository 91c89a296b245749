"""The one module that sets up structlog: readable lines on a terminal, JSON otherwise, always on stderr."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache
from typing import Any, TextIO, cast

import structlog


class _Stderr:
    """Whatever stderr is at the time of a line: a progress bar stands in for it while it is drawn."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


@cache
def set_up(level: str = "warning") -> None:
    """Configure logging once; the command line calls it first with its own level."""
    tty = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
        if tty
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())),
    )


def run_logger(**names: Any) -> Any:
    """A logger bound to a run; a program that has not set up structlog itself gets warnings on stderr."""
    if not structlog.is_configured():
        set_up()
    return structlog.get_logger().bind(**names)
