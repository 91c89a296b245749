"""Figures and pages of stored runs and grids. plotly (extra `report`) is imported when a figure is made.

record.py   a stored run as arrays
figures/    functions that give plotly figures
floor.py    the floor of the maximum loss limit at each bar
chart.py    where trades and orders lie on the price chart
groups.py, packing.py, payload.py   many bars in a small page
stories.py  what `barstep explain` tells of each trade
run_page.py, grid_page.py, evaluation_page.py, compare_page.py, sensitivity_page.py   the pages
sureness.py, grid_doubts.py   what they say of how sure figures are
html.py, words.py, assets/    what they are made of
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from barstep.domain.errors import ConfigError
from barstep.report.compare_page import compare_page
from barstep.report.evaluation_page import evaluation_page, read_evaluation
from barstep.report.html import write_whole
from barstep.report.library import check_plotly
from barstep.report.record import RunRecord
from barstep.report.run_page import run_page
from barstep.report.sensitivity_page import sensitivity_page

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.runs.compare import Comparison
    from barstep.runs.sensitivity import Sensitivity

NAME = "report.html"


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write the page of a stored run.

    Args:
        folder: The run's folder.
        out: The file; by default `report.html` in the folder.

    Returns:
        The file.

    Raises:
        ConfigError: plotly is not installed, or there is no such run.
        DataError: The run's tables cannot be read.
    """
    check_plotly()
    path = out or folder / NAME
    write_whole(path, run_page(RunRecord(folder)))
    return path


def write_evaluation(file: Path, out: Path | None = None) -> Path:
    """Write the page of an evaluation.

    Args:
        file: What `barstep evaluate --json` printed.
        out: The page; by default beside the file, with `.html` for `.json`.

    Returns:
        The page's file.

    Raises:
        ConfigError: plotly is not installed, or the file is no evaluation.
    """
    check_plotly()
    path = out or file.with_suffix(".html")
    found = read_evaluation(file)
    try:
        text = evaluation_page(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{file}: damaged, or of another version of barstep ({error!r}); make it again with `barstep evaluate --json`"
        ) from error
    write_whole(path, text)
    return path


def write_comparison(found: Comparison, out: Path) -> Path:
    """Write the page of a comparison of runs; raises as `write_report`."""
    check_plotly()
    write_whole(out, compare_page(found))
    return out


def write_sensitivity(found: Sensitivity, out: Path) -> Path:
    """Write the page of a sensitivity; raises as `write_report`."""
    check_plotly()
    write_whole(out, sensitivity_page(found))
    return out
