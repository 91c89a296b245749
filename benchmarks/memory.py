"""Memory of processes with all their children: the proportional set size (PSS), in which shared pages count once."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Peak:
    """The most that was seen, MB."""

    most = 0.0


@contextmanager
def watched(process: int) -> Iterator[Peak]:
    """Look at a process and its children ten times a second for the time of a block, and once at its end."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        ended = False
        while not ended:
            ended = over.wait(0.1)
            peak.most = max(peak.most, sum(pss(number) for number in family(process)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def peak_pss(command: list[str], folder: Path) -> float:
    """Peak PSS of a command with all its children, MB."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with watched(process.pid) as peak:
        process.wait()
    return peak.most


def family(root: int) -> set[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {root}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def pss(number: int) -> float:
    """Proportional set size of a process, MB."""
    try:
        text = Path(f"/proc/{number}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in text.splitlines() if line.startswith("Pss:")), 0.0)
