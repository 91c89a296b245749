"""The JSON Schemas of run and grid files, for editors; `python -m barstep.config.json_schema` writes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from barstep.config.grid_schema import GridConfig
from barstep.config.schema import RunConfig

FILE = Path(__file__).with_name("run.schema.json")
GRID_FILE = Path(__file__).with_name("grid.schema.json")
"""The generated files."""


def run_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a run file, with types as editors see them."""
    return _schema(RunConfig)


def grid_schema() -> dict[str, Any]:
    """The same of a grid file."""
    return _schema(GridConfig)


def schema_text(schema: dict[str, Any]) -> str:
    """The text of a generated file."""
    return json.dumps(schema, indent=2) + "\n"


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = _tidy(model.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _tidy(node: Any) -> Any:
    """Drop titles that repeat the keys and defaults of null, and write exact numbers as numbers."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {}
    for key, value in node.items():
        if (key == "title" and isinstance(value, str)) or (key == "default" and value is None):
            continue
        # Only Decimal defaults arrive as text with digits.
        exact = key == "default" and isinstance(value, str) and value.isdigit()
        tidy[key] = int(value) if exact else _tidy(value)
    return tidy


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` compare them; returns 1 when one is stale."""
    stale = 0
    for file, text in ((FILE, schema_text(run_schema())), (GRID_FILE, schema_text(grid_schema()))):
        if "--check" not in arguments:
            file.write_text(text, encoding="utf-8")
        elif not file.is_file() or file.read_text(encoding="utf-8") != text:
            sys.stderr.write(f"{file.name} is stale: run `python -m barstep.config.json_schema`\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
