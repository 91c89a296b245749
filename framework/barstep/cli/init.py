"""`barstep init`: a workspace made of the bundled files."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

_TEMPLATES = Path(__file__).resolve().parents[1] / "_templates"
_FOLDERS = ("configs", "plugins", "strategies")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.", show_default=False)],
) -> None:
    """Make a workspace: example strategies, risk rules and runs, ready to run and to change."""
    from barstep.domain.errors import BarstepError, ConfigError

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} exists and is not an empty folder; choose another one")
    target = folder.resolve()
    stays = target.is_dir()  # a shell may stand in it
    unfinished = f".{target.name}.{os.getpid()}.partial"
    working = target / unfinished if stays else target.with_name(unfinished)
    try:
        working.mkdir(parents=True)
        _fill(working)
        if stays:
            for made in working.iterdir():
                made.rename(target / made.name)
        else:
            working.replace(target)
    except OSError as error:
        raise BarstepError(f"{folder} cannot be made: {error.strerror or error}; nothing was left there") from error
    finally:
        shutil.rmtree(working, ignore_errors=True)
    typer.echo(f"made {folder}\n\nNext\n\n  cd {shlex.quote(str(folder))}\n  barstep run configs/sma_crossover.yaml")


def _fill(working: Path) -> None:
    from barstep.hooks.loader import bundled_root

    for name in _FOLDERS:
        shutil.copytree(
            bundled_root() / name, working / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
        )
    shutil.copyfile(_TEMPLATES / "workspace.md", working / "README.md")
    (working / ".gitignore").write_text("__pycache__/\n/runs/\n", encoding="utf-8")
