"""The benchmarks run, and refuse to print a time when engines came to different figures; no time is asserted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def at_the_checkout(monkeypatch):
    monkeypatch.syspath_prepend(str(REPO))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=REPO)


def test_what_is_installed_is_compared_and_written(tmp_path):
    from benchmarks.peers import PEERS

    done = run("-m", "benchmarks", "--quick", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "benchmarks.json").read_text())
    assert (told["bars"], told["rounds"]) == (4_000, 1)
    installed = [key for key, peer in PEERS.items() if peer.installed]
    assert {"barstep", "loop"} <= set(installed)
    for work, each in told["works"].items():
        assert list(each["engines"]) == [key for key in installed if work in PEERS[key].works]
        assert len({row["contracts"] for row in each["engines"].values()}) == 1
        assert all(row["seconds"][0] > 0 for row in each["engines"].values())
        assert f"**{work}**" in done.stdout
    assert told["works"]["noop"]["engines"]["barstep"]["contracts"] == 0
    assert told["works"]["orders"]["engines"]["barstep"]["contracts"] > 1_000
    assert (tmp_path / "benchmarks.md").read_text().count("| barstep |") == 3
    left_out = [peer.name for peer in PEERS.values() if not peer.installed]
    assert (f"left out: {', '.join(left_out)}" in done.stderr) == bool(left_out)
    hint = "a compiled barstep: HATCH_BUILD_HOOKS_ENABLE=1 pip install '.[bench,fast]'\n"
    assert (hint in done.stderr) != PEERS["barstep-compiled"].installed
    ElementTree.parse(tmp_path / "benchmarks.svg")  # noqa: S314 - our own


def test_the_short_command_for_the_event_lane():
    done = run("benchmarks/event_lane.py", "noop", "--quick")
    assert done.returncode == 0, done.stderr
    assert "| barstep |" in done.stdout
    assert "| plain loop |" in done.stdout
    assert "sma" not in done.stdout


def test_growth_compares_a_long_run_with_ten_short_ones():
    from benchmarks.peers import PEERS

    done = run("benchmarks/growth.py", "orders", "--quick")
    assert done.returncode == 0, done.stderr
    builds = 1 + PEERS["barstep-compiled"].installed
    assert done.stdout.count(": one run of 3,500 bars against 10 of 350, one round") == builds
    assert done.stdout.count("us of 1,102, ") == builds, "contracts of the long run"
    wrong = run("benchmarks/growth.py", "order")
    assert wrong.returncode == 2
    assert "expected works among noop, sma, orders, and a round or more" in wrong.stderr


def test_memory_is_told_of_each_build():
    from benchmarks.peers import PEERS

    done = run("-m", "benchmarks", "noop", "--memory")
    assert done.returncode == 0, done.stderr
    builds = ["barstep"] + ["barstep, compiled"] * PEERS["barstep-compiled"].installed
    told = re.findall(r"noop, (.*): peak (\d+) MB for 350,000 bars, (\d+) MB for 3,500,000 \(", done.stdout)
    assert [name for name, _, _ in told] == builds
    assert all(20 < int(small) <= int(large) + 20 for _, small, large in told), "a process has more than 20 MB"


@pytest.mark.skipif(not (find_spec("vectorbt") and find_spec("numba")), reason="vectorbt or numba is not installed")
def test_the_array_lane_and_the_grid_runner_come_to_what_vectorbt_comes_to():
    done = run("benchmarks/array_lane.py", "run", "runner", "--bars", "4000", "--points", "25", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("agree to the cent") == 2
    assert "whole command" in done.stdout
    assert done.stdout.count("times vectorbt") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["smaa"], "'smaa' is none of noop, sma, orders"),
        (["--only", "barstep,vnpy"], "'vnpy' is none of barstep, barstep-own, "),
        (["--bars", "10"], "--bars 10 --rounds 5: expected 100 bars or more and a round or more"),
        (["--rounds", "0"], "expected 100 bars or more and a round or more"),
    ],
)
def test_a_mistake_is_told(arguments, said):
    done = run("-m", "benchmarks", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.fixture(scope="module")
def bars():
    sys.path.insert(0, str(REPO))
    try:
        from benchmarks.work import series
    finally:
        sys.path.remove(str(REPO))
    return series(3_000)


class TestAgreement:
    @pytest.mark.parametrize("work", ["sma", "orders"])
    @pytest.mark.parametrize("off", [{"contracts": 1}, {"net": 2.0}, {"net": -12.5}])
    def test_an_engine_that_did_other_work_is_refused(self, bars, work, off):
        from benchmarks.agree import DisagreementError, check
        from benchmarks.peers.plain_loop import run as loop

        right = loop(work, bars)
        assert f"{right.contracts:,} contracts" in check(work, bars, {"loop": right, "barstep": right})
        wrong = right._replace(**{name: getattr(right, name) + by for name, by in off.items()})
        with pytest.raises(DisagreementError, match=r"barstep: .* contracts, .* USD, expected "):
            check(work, bars, {"loop": right, "barstep": wrong})

    def test_a_known_difference_is_a_figure_and_no_allowance(self, bars):
        from benchmarks.agree import DisagreementError, check
        from benchmarks.peers.plain_loop import run as loop

        right, theirs = loop("orders", bars), loop("orders", bars, "stop_first")
        assert theirs.contracts == right.contracts
        assert theirs.net != right.net
        told = check("orders", bars, {"barstep": right, "backtrader": theirs})
        assert f"beyond the target): {theirs.contracts:,} contracts, {theirs.net:+,.2f} USD" in told
        for wrong in ({"barstep": theirs}, {"backtrader": right}):
            with pytest.raises(DisagreementError):
                check("orders", bars, wrong)

    def test_the_loop_of_the_crossover_is_right(self, bars):
        """Against means in numpy: fills at the next open, marked at the last close."""
        import numpy as np
        from benchmarks.peers.plain_loop import run as loop

        close = bars.close.astype(float)
        fast, slow = (np.convolve(close, np.ones(n), "valid")[30 - n :] for n in (10, 30))
        side = np.sign(fast * 3 - slow)
        for row in range(1, len(side)):
            side[row] = side[row] or side[row - 1]
        held = np.concatenate((np.zeros(30), side[:-1]))  # from each bar's open
        traded = np.diff(held, prepend=0)
        ticks = -(traded * bars.open).sum() + held[-1] * close[-1]
        found = loop("sma", bars)
        assert found.contracts == np.abs(traded).sum()
        assert found.net == ticks * 12.5 - 2 * found.contracts


class TestFigures:
    @pytest.fixture
    def told(self):
        from benchmarks.table import document
        from benchmarks.work import Answer

        def runs(*seconds):
            return [Answer(each, 10, -20.0, 100.0) for each in seconds]

        rows = {"barstep": runs(1.0, 4.0, 1.0), "backtrader": runs(40.0, 40.0, 50.0), "loop": runs(0.1, 0.1, 0.1)}
        return document(1_000, 3, {"orders": ("10 contracts", rows)})

    def test_ratios_are_medians_of_pairs_in_a_round(self, told):
        row = told["works"]["orders"]["engines"]["barstep"]
        assert row["times_as_fast"] == {"backtrader": 40.0, "loop": 0.1}, "of 40, 10 and 50; of 0.1, 0.025 and 0.1"
        assert row["bars_per_second"] == 1_000
        assert row["seconds"] == [1.0, 4.0, 1.0]

    def test_the_table_has_them(self, told):
        from benchmarks.table import markdown

        text = markdown(told)
        assert "1,000 one-minute bars, medians of 3 rounds, Python " in text
        assert "| engine | version | bars/s | seconds | times backtrader | times plain loop | peak MB |" in text
        assert "| 1,000 | 1.0 | 40 | 0.1 | 100 |" in text

    def test_the_picture_draws_what_there_is_to_scale(self, told):
        from benchmarks.picture import draw

        root = ElementTree.fromstring(draw(told))  # noqa: S314 - our own
        name = "{http://www.w3.org/2000/svg}"
        drawn = {each.get("class"): float(each.get("width")) for each in root.iter(f"{name}rect")}
        assert drawn["peer"] == pytest.approx(drawn["ours"] / 40, abs=0.1)
        words = ["".join(each.itertext()) for each in root.iter(f"{name}text")]
        assert words == [
            "Bars a second: longer is faster", "Orders on each bar, event lane", "barstep", "1,000", "backtrader",
            "25barstep 40× as fast", words[-1],
        ]  # fmt: skip
        assert words[-1].startswith("1,000 one-minute bars, medians of 3 rounds")

    def test_a_compiled_build_is_one_of_ours_and_what_others_are_compared_with_stays(self, told):
        from benchmarks.picture import PANELS, rows

        engines = told["works"]["orders"]["engines"]
        keys = PANELS["orders"][1]
        compiled = {**engines["barstep"], "name": "barstep, compiled", "bars_per_second": 2_000}
        found = rows({**engines, "barstep-compiled": compiled}, keys)
        assert [(row.label, row.rate, row.ours) for row in found[:2]] == [
            ("barstep", 1_000, True), ("barstep, compiled", 2_000, True),
        ]  # fmt: skip
        assert found[2:] == rows(engines, keys)[1:]
        assert rows({"barstep": engines["barstep"], "barstep-compiled": compiled}, keys) == []


@pytest.mark.parametrize("more", [[], ["--peak"]])
def test_the_source_is_not_measured_as_the_compiled_build(more):
    done = run("-m", "benchmarks", "noop", "--child", "barstep-compiled", "--bars", "100", *more)
    assert done.returncode == 1
    assert done.stderr.startswith("this is the source of barstep, not the compiled one")


def test_the_published_picture_and_tables_are_those_of_the_figures():
    from benchmarks.__main__ import BEGIN, END, filled
    from benchmarks.picture import draw

    page = (REPO / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert page.index(BEGIN) < page.index(END)
    figures = REPO / "docs" / "benchmarks.json"
    if not figures.exists():
        pytest.skip("no figures are published yet: python -m benchmarks --publish")
    told = json.loads(figures.read_text(encoding="utf-8"))
    assert filled(page, told) == page
    assert draw(told) == (REPO / "docs" / "benchmarks.svg").read_text(encoding="utf-8")
