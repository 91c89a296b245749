"""`barstep compare --html` and `barstep sensitivity --html`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from barstep.cli.main import app


def cli(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


def figures(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="shared">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])["figures"]


@pytest.fixture(scope="module")
def slower(play: Callable[..., Path]) -> Path:
    return play("slower", strategies=[{"use": "trailer", "options": {"every": 41}}])


@pytest.fixture(scope="module")
def quicker(play: Callable[..., Path]) -> Path:
    return play("quicker", strategies=[{"use": "trailer"}])


def test_a_comparison_becomes_a_page(quicker: Path, slower: Path, tmp_path: Path) -> None:
    page = tmp_path / "both.html"
    code, out, _ = cli("compare", str(quicker), str(slower), "--html", str(page))
    assert (code, out.splitlines()[-1]) == (0, str(page))
    text = page.read_text(encoding="utf-8")
    shown = figures(text)["equity"]
    for trace, folder in zip(shown["data"], (quicker, slower), strict=True):
        equity = pl.read_parquet(folder / "equity.parquet")["equity"]
        assert trace["y"][-1] == pytest.approx(equity[-1] - 50_000, abs=0.01)
    told = json.loads(cli("compare", str(quicker), str(slower), "--json")[1])
    plain = unescape(re.sub(r"<[^>]+>", "", text))
    parted = told["divergences"][0]
    for story in parted["stories"]:
        assert story["title"] in plain
        assert all(fact["text"] in plain for fact in story["facts"])
    for each in told["differences"]:
        assert each["key"] in plain
    assert f"{parted['same_fills_before']:,} fills before it are the same" in plain
    assert shown["layout"]["shapes"][0]["x0"] in shown["data"][0]["x"]  # drawn at the end of that bar


def test_the_same_runs_make_a_page_too(quicker: Path, tmp_path: Path) -> None:
    page = tmp_path / "same.html"
    assert cli("compare", str(quicker), str(quicker), "--json", "--html", str(page))[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "Nothing: configuration, bars, plugins and versions are the same." in text
    assert "Nowhere: every order" in text


def test_a_sensitivity_has_its_picture(desk: Path, quicker: Path, tmp_path: Path) -> None:
    assert quicker.is_dir()
    page = tmp_path / "varied.html"
    code, out, _ = cli("sensitivity", str(desk / "configs" / "quicker.yaml"), "--html", str(page))
    assert (code, out.splitlines()[-1]) == (0, str(page))
    bars, dots = figures(page.read_text(encoding="utf-8"))["picture"]["data"]
    told = json.loads(cli("sensitivity", str(desk / "configs" / "quicker.yaml"), "--json")[1])["outcomes"]
    assert dots["y"] == [f"{each['what']} {each['value']}" for each in told[1:]]
    assert dots["x"] == [each["net_pnl"] for each in told[1:]]
    assert [a + b for a, b in zip(bars["base"], bars["x"], strict=True)] == pytest.approx(dots["x"])


def test_a_page_that_cannot_be_written_is_told(quicker: Path, slower: Path, tmp_path: Path) -> None:
    code, _, error = cli("compare", str(quicker), str(slower), "--html", str(tmp_path))
    assert (code, error.count("\n")) == (1, 1)
    assert f"the report cannot be written to {tmp_path}: Is a directory" in error
