"""`barstep new strategy|risk|run`: a file that works at once, to be filled in."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from barstep.cli.output import shown

app = typer.Typer(help="Start a strategy, a risk rule or a run from a template.", no_args_is_help=True)

_TEMPLATES = Path(__file__).resolve().parents[1] / "_templates"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Lower case, such as my_idea.", show_default=False)]


@app.command("strategy")
def strategy(name: Name) -> None:
    """Write strategies/NAME.py."""
    _plugin(name, "strategies", "strategy.py.txt", "strategies", "{length: 20, size: 1}")


@app.command("risk")
def risk(name: Name) -> None:
    """Write plugins/NAME.py, a risk rule."""
    _plugin(name, "plugins", "risk.py.txt", "risk", "{contracts: 1}")


@app.command("run")
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower case, such as my-run.", show_default=False)],
    strategy: Annotated[str, typer.Option("--strategy", metavar="NAME", help="The strategy to run.")] = "sma_crossover",
) -> None:
    """Write configs/NAME.yaml, a run over the sample bars."""
    _check(name, r"[a-z0-9][a-z0-9_-]*", re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_"))
    path = _write(f"configs/{name}.yaml", "run.yaml.txt", name=name.replace("_", "-"), strategy=strategy)
    typer.echo(f"wrote {shown(path)}\n\nRun it with\n\n  barstep run {shown(path)}")


def _plugin(name: str, folder: str, template: str, section: str, options: str) -> None:
    _check(name, r"[a-z][a-z0-9_]*", re.sub(r"\W+", "_", name.lower()).strip("_"))
    words = name.split("_")
    path = _write(
        f"{folder}/{name}.py",
        template,
        title=" ".join(words).strip().capitalize(),
        cls="".join(word.capitalize() for word in words),
    )
    typer.echo(f"wrote {shown(path)}\n\nAdd it to a run:\n\n{section}:\n  - use: {name}\n    options: {options}")


def _check(name: str, pattern: str, better: str) -> None:
    from barstep.domain.errors import ConfigError

    if not re.fullmatch(pattern, name) or keyword.iskeyword(name):
        fits = re.fullmatch(pattern, better) and not keyword.iskeyword(better)
        hint = f"; did you mean {better}?" if fits else ""
        raise ConfigError(f"got the name {name!r}, expected lower-case letters, digits and _ such as my_idea{hint}")


def _write(target: str, template: str, **words: str) -> Path:
    """Fill a template in, into the workspace; an existing file stays as it is."""
    from barstep.domain.errors import BarstepError, ConfigError
    from barstep.hooks.loader import find_workspace

    path = find_workspace(Path.cwd()) / target
    text = Template((_TEMPLATES / template).read_text(encoding="utf-8")).substitute(words)
    if path.exists():
        raise ConfigError(f"{shown(path)} exists already; choose another name, or remove it first")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise BarstepError(f"{shown(path)} cannot be written: {error.strerror or error}") from error
    return path
