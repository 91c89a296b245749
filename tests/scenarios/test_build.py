"""A run tells which build of barstep played it."""

import json
from pathlib import Path

import barstep

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "sma_crossover.yaml"


def test_the_manifest_says_so_where_the_event_lane_is_compiled(tmp_path):
    barstep.run(CONFIG, out=tmp_path / "run")
    versions = json.loads((tmp_path / "run" / "manifest.json").read_text())["versions"]
    native = not hasattr(barstep.Order, "__struct_fields__")  # in the source an order is a struct of msgspec
    assert versions.get("build") == ("compiled" if native else None)
