from __future__ import annotations

import pytest

pytest_plugins = ["barstep.testing.pytest_plugin"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="record the present outcomes of tests/golden")
    parser.addoption("--write-surface", action="store_true", help="record the present names and signatures")
