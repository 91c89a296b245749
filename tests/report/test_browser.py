"""Reports in a real browser: nothing on the console, nothing from the network, small and quick, and it does what it says.

Sizes and times are printed (`pytest -s tests/report`, with `-m slow` for the million bars). Debian's package chromium is all
they need.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import Chromium, found

from barstep.report import write_report
from barstep.report.grid_page import grid_page
from barstep.report.grid_record import GridPoint, GridRecord


@pytest.fixture
def new_browser(tmp_path: Path) -> Iterator[Callable[[], Chromium]]:
    if found() is None:
        pytest.skip("chromium is not installed")
    opened: list[Chromium] = []

    def another() -> Chromium:
        opened.append(Chromium(tmp_path / f"browser-{len(opened)}"))
        return opened[-1]

    yield another
    for browser in opened:
        browser.close()


@pytest.fixture
def browser(new_browser: Callable[[], Chromium]) -> Chromium:
    return new_browser()


def look(browser: Chromium, page: Path) -> tuple[int, int]:
    """Open a page until all is there; milliseconds to the first chart and to the whole."""
    browser.open(page)
    ready = browser.wait("document.documentElement.dataset.ready")
    drawn = browser.state("document.documentElement.dataset.drawn")
    print(f"\n{page.stem}: {page.stat().st_size / 1e6:.1f} MB, first chart {drawn} ms, all there {ready} ms")
    time.sleep(0.5)
    return int(drawn), int(ready)


def quiet(browser: Chromium) -> None:
    """Nothing was written to the console and nothing was asked of a network."""
    assert browser.console == []
    assert any(address.startswith("file:") for address in browser.asked)
    assert [address for address in browser.asked if not address.startswith(("file:", "data:", "blob:"))] == []


def test_a_small_run(browser: Chromium, trailed: Path, tmp_path: Path) -> None:
    look(browser, write_report(trailed, tmp_path / "small.html"))
    width = "document.getElementById('fig-price-0').data[0].x.length"
    assert browser.state(width) <= 700
    browser.state("document.getElementById('fig-price-0').focus()")
    browser.press("+", "+", "+")
    low, high = browser.state("document.getElementById('fig-price-0').shown")
    drawn = browser.state("document.getElementById('fig-price-0').data[0].x")
    assert len(drawn) >= high - low - 2  # single bars
    follows = browser.state("document.getElementById('fig-equity').layout.xaxis.range")
    assert abs(follows[0] - low) <= 2
    assert abs(follows[1] - high) <= 2

    rows = "[...document.querySelectorAll('#trades-table tbody tr')].map((row) => row.cells[3].textContent)"
    browser.click("#trades-table th:nth-child(4) button")
    best = [float(text.replace(",", "")) for text in browser.state(rows)]
    assert best == sorted(best, reverse=True)
    browser.press("/", *"net<-60")
    browser.wait("document.querySelectorAll('#trades-table tbody tr').length < 25")
    assert all(float(text.replace(",", "")) < -60 for text in browser.state(rows))
    browser.click("[data-by=direction]")
    sides = "[...document.querySelectorAll('#parts-table tbody tr')].map((row) => row.cells[0].textContent)"
    assert browser.state(sides) == ["long", "short"]

    browser.state("document.querySelector('#trades-table tbody tr').focus()")
    browser.press("Enter")
    time.sleep(1)
    title = browser.state("document.getElementById('trade-title').textContent")
    assert title.startswith("Trade ")
    story = browser.state("document.getElementById('trade').textContent")
    assert "brought along order" in story
    assert "null" not in story
    browser.press("ArrowRight")
    assert browser.state("document.getElementById('trade-title').textContent") != title
    browser.press("Escape")
    assert not browser.state("document.getElementById('trade').open")

    ink = "getComputedStyle(document.body).color"
    before = browser.state(ink)
    browser.click("#theme")
    time.sleep(0.5)
    assert browser.state(ink) != before
    assert browser.state("document.getElementById('fig-equity').layout.font.color") == "#e8ebf1"
    quiet(browser)


def test_a_phone_scrolls_down_and_not_across(browser: Chromium, trailed: Path, tmp_path: Path) -> None:
    browser.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    look(browser, write_report(trailed, tmp_path / "phone.html"))
    assert browser.state("document.documentElement.scrollWidth") == 390
    covered = "document.elementFromPoint(388, 20).closest('#theme') !== null"  # no word of the bar beside the button
    assert browser.state(covered)
    quiet(browser)


def test_long_names_in_a_legend_stand_below_each_other(browser: Chromium, grid: GridRecord, tmp_path: Path) -> None:
    browser.send("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    page = tmp_path / "walk.html"
    longer = replace(grid, axes={"a_long_name.of_an_option": grid.axes["fast"], "slow": grid.axes["slow"]})
    page.write_text(grid_page(longer), encoding="utf-8")
    look(browser, page)
    browser.state("document.getElementById('fig-stability').scrollIntoView()")
    names = (
        "[...document.querySelectorAll('#fig-stability .legendtext')].map((text) => text.getBoundingClientRect().top)"
    )
    tops = browser.wait(f"(() => {{ const tops = {names}; return tops.length === 2 && tops; }})()")
    assert tops[1] > tops[0] + 10


def test_paper_is_white(browser: Chromium, trailed: Path, tmp_path: Path) -> None:
    browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    look(browser, write_report(trailed, tmp_path / "paper.html"))
    ink = "[getComputedStyle(document.body).color, document.getElementById('fig-equity').layout.font.color]"
    dark = browser.state(ink)
    browser.state("dispatchEvent(new Event('beforeprint'))")
    assert browser.state(ink) == ["rgb(29, 36, 48)", "#1d2430"] != dark
    undrawn = "[...document.querySelectorAll('main .figure')].filter((div) => !div.data).length === 0"
    browser.wait(undrawn)
    browser.state("dispatchEvent(new Event('afterprint'))")
    assert browser.state(ink) == dark
    quiet(browser)


def test_two_bars_are_enough(browser: Chromium, play: Callable[..., Path], tmp_path: Path) -> None:
    data = {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "bars": 2}}
    look(browser, write_report(play("two_bars", data=data), tmp_path / "two.html"))
    quiet(browser)


@pytest.mark.slow
def test_a_million_bars(new_browser: Callable[[], Chromium], play: Callable[..., Path], tmp_path: Path) -> None:
    data = {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "bars": 1_000_000}}
    slow = [{"use": "sma_crossover", "options": {"fast": 50, "slow": 200}}]
    began = time.monotonic()
    folder = play("million", data=data, account={"balance": 500_000}, strategies=slow)
    played = time.monotonic()
    page = write_report(folder, tmp_path / "million.html")
    print(f"\nplayed in {played - began:.1f} s, reported in {time.monotonic() - played:.1f} s")
    assert page.stat().st_size < 15_000_000
    assert min(look(new_browser(), page)[0] for _ in range(3)) < 3_000  # cold: each with a profile of its own
    browser = new_browser()
    look(browser, page)
    browser.state("zoom(document.getElementById('fig-price-0'), 500000, 500300)")
    time.sleep(1)
    assert browser.state("document.getElementById('fig-price-0').data[0].x.length") >= 300
    assert "Single bars of 1m" in browser.state("document.querySelector('[data-told=fig-price-0]').textContent")
    quiet(browser)


def test_a_grid_of_a_thousand_points(browser: Chromium, tmp_path: Path) -> None:
    drawn = np.random.default_rng(1)
    points = []
    for number in range(1000):
        daily = drawn.normal(0, 100, 250)
        at = (number // 100, number // 10 % 10, number % 10)
        points.append(GridPoint(number, at, {"net_pnl": float(daily.sum()), "trades": number}, daily))
    axes: dict[str, list[Any]] = {"fast": list(range(10)), "slow": list(range(20, 30)), "stop": list(range(4, 14))}
    page = tmp_path / "grid.html"
    page.write_text(grid_page(GridRecord("grid", axes, "net_pnl", 1, points)), encoding="utf-8")
    look(browser, page)
    shape = "(() => { const z = document.getElementById('fig-heatmap').data[0].z; return [z.length, z[0].length]; })()"
    assert browser.state(shape) == [10, 10]
    browser.state("document.querySelector('#heatmap-tools label:nth-child(2) select').focus()")
    browser.press("ArrowUp")  # up: the first axis, as across
    time.sleep(0.4)
    assert browser.state(shape) == [1, 10]
    quiet(browser)
