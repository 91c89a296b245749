"""A script under risk rules is denied, cut and locked as a plugin would be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import barstep

REPO = Path(__file__).resolve().parents[2]
LOOP = "while (bar := get_next_bar()) is not None:\n    n = globals().get('n', -1) + 1\n"
TEMPLATES = [
    ("sma_crossover", {"fast": 5, "slow": 20}, {"FAST_PERIOD": 5, "SLOW_PERIOD": 20}, "1m", "sample"),
    ("sma_crossover", {}, {}, "1m", "sample"),
    ("rsi_scalper", {"period": 10, "oversold": 35}, {"RSI_PERIOD": 10, "OVERSOLD": 35}, "1m", "sample"),
    ("rsi_scalper", {}, {}, "5m", {"kind": "synthetic", "seed": 7, "days": 20}),
    ("channel_breakout", {"lookback": 300}, {"LOOKBACK": 300}, "1s", "sample"),
    ("channel_breakout", {}, {}, "1m", "sample"),
]


def run(
    use: str, here: Path, options: object, timeframe: str = "1m", source: object = "sample", **more: object
) -> object:
    data = {"instrument": "ES", "timeframe": timeframe, "source": source}
    base = {
        "version": 1,
        "data": data,
        "fills": {"profile": "playground"},
        "strategies": [{"use": use, "options": options}],
    }
    return barstep.run({**base, **more}, out=here / f"{Path(use).suffix or 'plugin'}-{len(list(here.iterdir()))}")


@pytest.mark.parametrize(("name", "plugin", "script", "timeframe", "source"), TEMPLATES)
def test_a_template_script_and_its_plugin_are_one(
    here: Path, name: str, plugin: object, script: object, timeframe: str, source: object
) -> None:
    pushed = run(name, here, plugin, timeframe, source)
    pulled = run(f"scripts/{name}.py", here, script, timeframe, source)
    assert pushed.trades > 10
    assert (pushed.digest, pushed.metrics, pushed.final_balance) == (
        pulled.digest,
        pulled.metrics,
        pulled.final_balance,
    )


@pytest.mark.parametrize("name", ["sma_crossover", "rsi_scalper", "channel_breakout"])
def test_templates_are_short(name: str) -> None:
    text = (REPO / "strategies" / "scripts" / f"{name}.py").read_text(encoding="utf-8")
    assert text.count("\n") < 60
    assert "for i in range(MAX_BARS):" in text


def test_a_template_is_denied_and_locked_as_the_plugin_is(here: Path) -> None:
    risk = [
        {"use": "max_position", "options": {"contracts": 1}},
        {"use": "daily_loss_limit", "options": {"usd": 300}},
    ]
    text = (REPO / "strategies" / "scripts" / "sma_crossover.py").read_text(encoding="utf-8")
    # The plugin asks for its position on every bar; so does a script that asks until it has what it wants.
    text = text.replace('position != "long"', "held() <= 0").replace('position != "short"', "held() >= 0")
    text = text.replace("size = 1 if position is None else 2", "size = 1 + abs(held())")
    held = (
        "def held():\n    positions = get_positions(ACCOUNT_ID)\n"
        "    return sum(p['size'] if p['type'] == 1 else -p['size'] for p in positions)\n\n"
    )
    (here / "asking.py").write_text(held + text, encoding="utf-8")
    pushed, pulled = run("sma_crossover", here, {}, risk=risk), run("asking.py", here, {}, risk=risk)
    assert pushed.risk["breaches"]
    assert pushed.denied_orders > 100
    assert pulled.digest == pushed.digest
    assert (pulled.risk, pulled.denied_orders) == (pushed.risk, pushed.denied_orders)


def test_a_denial_is_code_2_with_rule_and_reason_and_a_flip_is_cut(play: Callable[..., object]) -> None:
    text = LOOP + (
        "    if n == 0: print(place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)['success'])\n"
        "    if n == 1: print(place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1))\n"
        "    if n == 2: print(place_order(ACCOUNT_ID, CONTRACT_ID, 1, 3)['success'], get_positions(ACCOUNT_ID)[0]['size'])\n"
    )
    done = play(text, "--risk", "max_position,contracts=1")
    lines = done.out.splitlines()
    assert lines[0] == "True"
    assert "'errorCode': 2, 'errorMessage': 'max_position: " in lines[1]
    assert lines[2] == "True 1"
    assert "[ERROR]" not in done.err


def test_a_guard_that_fails_the_account_ends_the_bars(play: Callable[..., object]) -> None:
    text = LOOP + "    n or place_order(ACCOUNT_ID, CONTRACT_ID, 0, 10)\nprint(n, get_account())\n"
    done = play(text, "--risk", "max_loss_limit,usd=500")
    assert done.result["risk"]["failed"] == "max_loss_limit"
    assert done.result["bars"] < 2264
    assert done.code == 0
    assert int(done.out.split()[0]) + 1 == done.result["bars"]


def test_an_error_of_a_rule_ends_the_run_even_if_the_script_goes_on(play: Callable[..., object], here: Path) -> None:
    rule = (
        "from barstep import RiskRule, hookimpl\n\nclass Broken(RiskRule):\n    @hookimpl\n"
        "    def on_risk(self, order, ctx):\n        raise ValueError('no such level')\n"
    )
    (here / "broken.py").write_text(rule, encoding="utf-8")
    text = LOOP + "    n == 3 and place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)\nprint('after', n)\n"
    done = play(text, "--risk", "broken.py")
    assert done.out.splitlines()[0] == "after 3"
    assert (done.code, done.result["status"], done.result["fills"]) == (1, "failed", 0)
    assert "ValueError: no such level" in done.err
    assert "hook on_risk" in done.err


def test_a_flat_time_of_a_rule_holds_for_scripts(play: Callable[..., object]) -> None:
    text = LOOP + "    n or place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)\n"
    done = play(text, "--risk", "trading_hours,flat_by=08:00", "--start", "2013-09-02")
    assert {fill["rule"] for fill in done.table("fills")} == {"R6", "R18"}


@pytest.mark.parametrize("name", ["sma_crossover", "rsi_scalper", "channel_breakout"])
def test_templates_tell_the_balance_of_an_account_that_failed(play: Callable[..., object], name: str) -> None:
    text = (REPO / "strategies" / "scripts" / f"{name}.py").read_text(encoding="utf-8")
    done = play(text, "--risk", "max_loss_limit,usd=13")
    assert done.result["risk"]["failed"] == "max_loss_limit"
    assert (done.code, done.result["status"]) == (0, "done")
    assert f"balance {done.result['final_balance']:,.2f}" in done.out


def test_the_printed_header_tells_a_failed_account_too(play: Callable[..., object], cli: Callable[..., object]) -> None:
    pytest.importorskip("uvicorn")
    text = (REPO / "strategies" / "scripts" / "sma_crossover.py").read_text(encoding="utf-8")
    done = play(cli("script", "--print-header").out + text, "--risk", "max_loss_limit,usd=13", "--set", "STEP_DELAY=0")
    assert (done.code, done.result["risk"]["failed"]) == (0, "max_loss_limit")
    assert f"balance {done.result['final_balance']:,.2f}" in done.out


def test_a_locked_day_is_told_with_what_was_reached(play: Callable[..., object]) -> None:
    text = LOOP + (
        "    answer = place_order(ACCOUNT_ID, CONTRACT_ID, 0, 10)\n    if not answer['success']:\n"
        "        print(answer['errorMessage'])\n        break\n"
    )
    done = play(text, "--risk", "daily_loss_limit,usd=500")
    assert "daily_loss_limit: the day's result has reached its limit of -500.00 USD" in done.out
    assert play(
        LOOP + "    if n == 1: print(place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)['errorMessage'])\n"
        "    n or place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)\n",
        "--risk",
        "max_position,contracts=1",
    ).out.startswith("max_position: at most 1 contract\n")
