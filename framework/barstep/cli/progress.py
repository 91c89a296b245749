"""Progress of a run or an import: on a terminal only, and only when it takes a while."""

from __future__ import annotations

import sys
from threading import Timer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from rich.console import Console
    from rich.progress import ProgressColumn

    from barstep.batch.player import Progress as GridProgress

DELAY = 0.5
"""Seconds before the bar appears."""


class _Late:
    """A line of progress that is drawn on a terminal only, and only when the work inside the `with` takes a while."""

    def __init__(
        self,
        out: Console,
        form: Iterable[ProgressColumn],
        wanted: bool,
        *,
        total: int | None = None,
        redirect_stdout: bool = True,
    ) -> None:
        from rich.progress import Progress

        self._progress = Progress(*form, console=out, transient=True, redirect_stdout=redirect_stdout)
        self._task = self._progress.add_task("", total=total)
        self._timer = Timer(DELAY, self._progress.start)
        self._timer.daemon = True
        self._wanted = wanted and out.is_terminal

    def __enter__(self) -> Self:
        if self._wanted:
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wanted:
            self._timer.cancel()
            self._timer.join()
            self._progress.stop()


class Meter(_Late):
    """Called with the bars played; used as a context manager around a run.

    Args:
        out: Where the bar is drawn; nothing is drawn where it is no terminal.
        total: Bars in all, None when that is not known.
        wanted: False draws nothing.
    """

    def __init__(self, out: Console, total: int | None, *, wanted: bool = True) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

        form = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TextColumn("bars"), TimeElapsedColumn())
        to_screen = sys.stdout.isatty()  # what a script prints into a file is not for this screen
        super().__init__(out, form, wanted, total=total, redirect_stdout=to_screen)

    def __call__(self, bars: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=bars)


class Phases(_Late):
    """Called with what is being done, rows done and rows in all; draws on a terminal only, and only when it takes a while.

    Args:
        out: Where it is drawn.
        name: What is worked on.
        wanted: False draws nothing.
    """

    def __init__(self, out: Console, name: str, *, wanted: bool = True) -> None:
        from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

        form = (SpinnerColumn(), TextColumn(f"{name}: {{task.description}}"), BarColumn(), TaskProgressColumn())
        super().__init__(out, (*form, TimeElapsedColumn()), wanted)

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Tell where the work is."""
        self._progress.update(self._task, description=what, completed=done, total=total)


class Points(_Late):
    """Called with the progress of a grid; draws on a terminal only, and only when it takes a while.

    Args:
        out: Where it is drawn.
        wanted: False draws nothing.
    """

    def __init__(self, out: Console, *, wanted: bool = True) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn

        form = (TextColumn("playing"), BarColumn(), MofNCompleteColumn(), TextColumn("points, {task.description}"))
        super().__init__(out, form, wanted)

    def __call__(self, state: GridProgress) -> None:
        """Tell rate, time left, failures and the best figure so far."""
        left = state.remaining
        told = [f"{state.rate:,.1f}/s"]
        told += [f"{left:,.0f} s left"] if left is not None else []
        told += [f"{state.failed:,} failed"] if state.failed else []
        told += [f"best {state.best[0]:,.2f}"] if state.best is not None else []
        self._progress.update(self._task, completed=state.done, total=state.total, description=", ".join(told))
