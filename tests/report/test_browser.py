"""Reports in a real browser: nothing on the console, nothing from the network, small and quick, and it does what it says.

Sizes and times are printed (`pytest -m slow -s tests/report`); Debian's packages chromium and chromium-driver bring both.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barstep.report import write_report
from barstep.report.grid_page import grid_page
from barstep.report.grid_record import GridPoint, GridRecord

pytestmark = pytest.mark.slow

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,900",
)  # fmt: skip


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    driver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        pytest.skip("chromium or chromedriver is not installed")
    options = driver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'browser'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = driver.Chrome(options=options, service=driver.ChromeService(chromedriver))
    yield opened
    opened.quit()


def look(browser: Any, page: Path) -> tuple[int, int]:
    """Open a page until all is there; milliseconds to the first chart and to the whole."""
    browser.get(page.as_uri())
    end = time.monotonic() + 60
    while time.monotonic() < end:
        drawn, ready = browser.execute_script(
            "const data = document.documentElement.dataset; return [data.drawn, data.ready]"
        )
        if drawn and ready:
            time.sleep(0.5)
            print(f"\n{page.stem}: {page.stat().st_size / 1e6:.1f} MB, first chart {drawn} ms, all there {ready} ms")
            return int(drawn), int(ready)
        time.sleep(0.05)
    quiet(browser)
    raise AssertionError("the page was not ready within a minute")


def quiet(browser: Any) -> None:
    """Nothing was written to the console and nothing was asked of a network."""
    assert browser.get_log("browser") == []
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"]
    assert any(address.startswith("file:") for address in addresses)
    assert [a for a in addresses if not a.startswith(("file:", "data:", "blob:", "chrome:", "chrome-untrusted:"))] == []


def state(browser: Any, script: str) -> Any:
    return browser.execute_script(f"return {script}")


def press(browser: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    for key in keys:
        ActionChains(browser).send_keys(key).perform()
        time.sleep(0.4)


def click(browser: Any, wanted: str) -> None:
    element = browser.find_element("css selector", wanted)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    element.click()
    time.sleep(0.3)


def test_a_small_run(browser: Any, trailed: Path, tmp_path: Path) -> None:
    look(browser, write_report(trailed, tmp_path / "small.html"))
    width = "document.getElementById('fig-price-0').data[0].x.length"
    assert state(browser, width) <= 700
    state(browser, "document.getElementById('fig-price-0').focus()")
    press(browser, "+", "+", "+")
    low, high = state(browser, "document.getElementById('fig-price-0').shown")
    drawn = state(browser, "document.getElementById('fig-price-0').data[0].x")
    assert len(drawn) >= high - low - 2  # single bars
    follows = state(browser, "document.getElementById('fig-equity').layout.xaxis.range")
    assert abs(follows[0] - low) <= 2
    assert abs(follows[1] - high) <= 2

    rows = "[...document.querySelectorAll('#trades-table tbody tr')].map((row) => row.cells[3].textContent)"
    click(browser, "#trades-table th:nth-child(4) button")
    best = [float(text.replace(",", "")) for text in state(browser, rows)]
    assert best == sorted(best, reverse=True)
    browser.find_element("css selector", "#trades-table input").send_keys("net<-60")
    time.sleep(0.4)
    assert all(float(text.replace(",", "")) < -60 for text in state(browser, rows))

    browser.find_element("css selector", "#trades-table tbody tr").send_keys("\ue007")
    time.sleep(1)
    title = state(browser, "document.getElementById('trade-title').textContent")
    assert title.startswith("Trade ")
    story = state(browser, "document.getElementById('trade').textContent")
    assert "brought along order" in story
    assert "null" not in story
    press(browser, "\ue014")
    assert state(browser, "document.getElementById('trade-title').textContent") != title
    press(browser, "\ue00c")
    assert not state(browser, "document.getElementById('trade').open")

    ink = "getComputedStyle(document.body).color"
    before = state(browser, ink)
    click(browser, "#theme")
    time.sleep(0.5)
    assert state(browser, ink) != before
    assert state(browser, "document.getElementById('fig-equity').layout.font.color") == "#e8ebf1"
    quiet(browser)


def test_a_phone_scrolls_down_and_not_across(browser: Any, trailed: Path, tmp_path: Path) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    look(browser, write_report(trailed, tmp_path / "phone.html"))
    assert state(browser, "document.documentElement.scrollWidth") == 390
    quiet(browser)


def test_a_million_bars(browser: Any, play: Callable[..., Path], tmp_path: Path) -> None:
    data = {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "bars": 1_000_000}}
    slow = [{"use": "sma_crossover", "options": {"fast": 50, "slow": 200}}]
    began = time.monotonic()
    folder = play("million", data=data, account={"balance": 500_000}, strategies=slow)
    played = time.monotonic()
    page = write_report(folder, tmp_path / "million.html")
    print(f"\nplayed in {played - began:.1f} s, reported in {time.monotonic() - played:.1f} s")
    look(browser, page)
    drawn, _ = look(browser, page)  # the second time plotly.js is compiled already: what is ours is left
    assert page.stat().st_size < 15_000_000
    assert drawn < 3_000
    state(browser, "zoom(document.getElementById('fig-price-0'), 500000, 500300)")
    time.sleep(1)
    assert state(browser, "document.getElementById('fig-price-0').data[0].x.length") >= 300
    assert "Single bars of 1m" in state(browser, "document.querySelector('[data-told=fig-price-0]').textContent")
    quiet(browser)


def test_a_grid_of_a_thousand_points(browser: Any, tmp_path: Path) -> None:
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
    assert state(browser, shape) == [10, 10]
    state(browser, "document.querySelector('#heatmap-tools label:nth-child(2) select').focus()")
    press(browser, "\ue013")  # up: the first axis, as across
    time.sleep(0.4)
    assert state(browser, shape) == [1, 10]
    quiet(browser)
