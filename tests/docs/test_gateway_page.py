"""The tables of the gateway's page are those of the code, and it names every code that the code gives."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from barstep.gateway.endpoints import ENDPOINTS

REPO = Path(__file__).resolve().parents[2]


def test_the_tables_of_the_gateway_page_are_fresh():
    spec = importlib.util.spec_from_file_location("make_gateway_api", REPO / "docs" / "make_gateway_api.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    page = maker.PAGE.read_text(encoding="utf-8")
    assert page == maker.filled(page), "docs/gateway-api.md is stale: run python docs/make_gateway_api.py"
    assert all(f"`{path}`" in page for path in ENDPOINTS)
