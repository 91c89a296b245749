"""Grids of a workspace, found again by folder, by name or by their file."""

from __future__ import annotations

from pathlib import Path

from barstep.batch.store import FILE
from barstep.config.positions import near
from barstep.config.schema import slug
from barstep.config.yaml_source import read_file
from barstep.domain.errors import ConfigError


def grid_folders(workspace: Path) -> list[Path]:
    """The folders of all grids, by name."""
    return sorted(path.parent for path in (workspace / "runs" / "grids").glob(f"*/{FILE}"))


def find_grid(text: str, workspace: Path) -> Path:
    """The folder of a grid given as a folder, a name, a grid file, or `last` for the one that was written last.

    Raises:
        ConfigError: There is none.
    """
    known = grid_folders(workspace)
    if text == "last" and known:
        return max(known, key=lambda folder: max(path.stat().st_mtime for path in folder.glob(f"{FILE}*")))
    given = Path(text)
    if (given / FILE).is_file():
        return given
    name = text
    if given.suffix in (".yaml", ".yml"):
        name = str(read_file(given).tree.get("name") or slug(given.stem))
    found = workspace / "runs" / "grids" / name
    if (found / FILE).is_file():
        return found
    hint = near(name, [folder.name for folder in known])
    there = f"; {hint}" if hint else f"; there are {', '.join(folder.name for folder in known)}" if known else ""
    raise ConfigError(f"no grid {text!r}: give a grid's folder, its name, its file, or last{there}")
