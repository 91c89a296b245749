"""The entry point: every command by name."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from barstep._version import __version__
from barstep.cli import (
    bars,
    explain,
    grid,
    init,
    instruments,
    new,
    parity,
    plans,
    plugins,
    report,
    run,
    runs,
    script,
    serve,
    validate,
)
from barstep.cli.guard import Guarded

app = typer.Typer(
    name="barstep",
    cls=Guarded,
    help="Replay futures strategies on historical bars, exactly, with your risk rules applied to every order.",
    epilog="Start with: barstep init my-desk, then cd my-desk, then barstep run configs/sma_crossover.yaml",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("script")(script.script)
app.command("validate")(validate.validate)
app.command("serve")(serve.serve)
app.command("explain")(explain.explain)
app.command("report")(report.report)
app.add_typer(grid.app, name="grid")
app.add_typer(runs.app, name="runs")
app.add_typer(plans.app, name="plans")
app.add_typer(plugins.app, name="plugins")
app.add_typer(instruments.app, name="instruments")
app.add_typer(bars.app, name="data")
app.add_typer(parity.app, name="check")
app.add_typer(new.app, name="new")
app.command("init")(init.init)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"barstep {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; it exits with 0, or with the code that `barstep.cli.guard` gives an error."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `barstep ... | head` ends quietly
    app(prog_name="barstep")
