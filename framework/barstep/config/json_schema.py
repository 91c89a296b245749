"""The JSON Schema of run files, for editors; `python -m barstep.config.json_schema` writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from barstep.config.schema import RunConfig

FILE = Path(__file__).with_name("run.schema.json")
"""The generated file."""


def run_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a run file, with types as editors see them."""
    schema = _tidy(RunConfig.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The text of the generated file."""
    return json.dumps(run_schema(), indent=2) + "\n"


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
    """Write the file, or with `--check` compare it; returns 1 when it is stale."""
    if "--check" not in arguments:
        FILE.write_text(schema_text(), encoding="utf-8")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == schema_text():
        return 0
    sys.stderr.write(f"{FILE.name} is stale: run `python -m barstep.config.json_schema`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
