"""`barstep compare`, `barstep reproduce` and `barstep sensitivity`: whether a result stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, SetOption, console, emit, prints_to_stderr
from barstep.cli.runs import RunArgument, complete, workspace

if TYPE_CHECKING:
    from barstep.runs.assemble import RunPlan
    from barstep.runs.result import RunResult

HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write it as an HTML page too; needs the extra report.")
]


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Two or more: folders, config hashes, or last.", autocompletion=complete),
    ],
    html: HtmlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold stored runs side by side: what was asked, what came of it, and the first event that differs.

    With --html the page's path is the last line on stdout.
    """
    from barstep.cli.compared import show_comparison
    from barstep.domain.errors import ConfigError
    from barstep.runs.compare import compare as compare_runs
    from barstep.runs.folder import find_run

    if len(runs) < 2:
        raise ConfigError(f"one run: got {runs[0]}, expected two or more runs to compare")
    _able(html)
    comparison = compare_runs([find_run(run, workspace()) for run in runs])
    if html is not None:
        from barstep.report import write_comparison

        write_comparison(comparison, html)
    if as_json:
        emit(comparison.as_dict())
    else:
        show_comparison(console(), comparison)
        _tell(html)


def reproduce(run: RunArgument, as_json: JsonOption = False) -> None:
    """Play a stored run again and prove its digest, or tell what has changed and the first event that differs.

    Exit code 1 when the bars have changed or the digest is another.
    """
    from barstep.cli.compared import show_reproduction
    from barstep.runs.folder import find_run
    from barstep.runs.reproduce import reproduce as play_again

    with prints_to_stderr():
        found = play_again(find_run(run, workspace()), _play)
    if as_json:
        emit(found.as_dict())
    else:
        show_reproduction(console(), found)
    if not found.proved:
        raise typer.Exit(1)


def sensitivity(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The run's YAML file.", show_default=False)],
    overrides: SetOption = None,
    html: HtmlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a run under each fill profile, slippage, fees, latency, and limits that fill at a touch or through.

    One thing is varied at a time; nothing is kept under runs/. With --html the page's path is the last line on stdout.
    """
    from barstep.cli.compared import show_sensitivity
    from barstep.cli.progress import Phases
    from barstep.runs.sensitivity import sensitivity as vary

    _able(html)
    with prints_to_stderr(), Phases(console(err=True), config.name, wanted=not as_json) as progress:
        found = vary(config, overrides or (), _play, progress)
    if html is not None:
        from barstep.report import write_sensitivity

        write_sensitivity(found, html)
    if as_json:
        emit(found.as_dict())
    else:
        show_sensitivity(console(), found)
        _tell(html)


def _able(html: Path | None) -> None:
    """Refuse a page that could not be made before anything is played."""
    if html is not None:
        from barstep.report.library import check_plotly

        check_plotly()


def _tell(html: Path | None) -> None:
    if html is not None:
        typer.echo(f"\n{html.resolve()}")


def _play(plan: RunPlan, out: Path) -> RunResult:
    """Play a plan to its end, without a word."""
    from barstep.cli.play import loopback
    from barstep.domain.errors import BarstepError
    from barstep.runs.log import set_up
    from barstep.runs.run import play

    set_up("warning")
    plan.allow_remote = False
    result = play(plan, out=out, progress=_silent, loopback=loopback(plan))
    if result.status == "interrupted":
        raise KeyboardInterrupt
    if result.status != "done":
        raise BarstepError(f"{result.name}: the run {result.status}")
    return result


def _silent(_bars: int) -> Any:
    return None
