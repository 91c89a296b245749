"""A script runs as Python would run its file, and leaves the process as it was."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import barstep


def state() -> tuple[object, ...]:
    return (dict(os.environ), list(sys.path), sys.argv, sys.modules["__main__"], Path.cwd(), set(sys.modules))


def test_functions_classes_and_a_neighbour_module(play: Callable[..., object], here: Path) -> None:
    (here / "neighbour.py").write_text("VALUE = 1\n", encoding="utf-8")
    (here / "pack").mkdir()
    (here / "pack" / "__init__.py").write_text("", encoding="utf-8")
    (here / "pack" / "part.py").write_text("VALUE = 2\n", encoding="utf-8")
    text = (
        "from __future__ import annotations\nimport dataclasses, typing, neighbour, pack.part\n"
        "@dataclasses.dataclass\nclass Seen:\n    count: int = 0\n"
        "    def take(self): self.count += get_next_bar() is not None\n"
        "seen = Seen()\n"
        "def loop():\n    for _ in range(3): seen.take()\n"
        "if __name__ == '__main__':\n    loop()\n"
        "    print(seen, typing.get_type_hints(Seen), neighbour.VALUE, pack.part.VALUE, sys.argv)\n"
    )
    done = play(text)
    assert done.out.startswith("Seen(count=3) {'count': <class 'int'>} 1 2 ['")
    for name in ("neighbour", "pack", "pack.part"):
        assert name not in sys.modules


def test_nothing_leaks_from_one_run_into_the_next(play: Callable[..., object], here: Path) -> None:
    for number in (1, 2):
        folder = here / str(number)
        folder.mkdir()
        (folder / "neighbour.py").write_text(f"VALUE = {number}\n", encoding="utf-8")
    text = (
        "import neighbour\nos.environ['LEFT'] = 'x'\nos.environ.pop('NO_COLOR')\nsys.path.append('/nowhere')\n"
        "print(neighbour.VALUE, 'LEFT_' in os.environ)\nos.chdir('/')\n"
    )
    play("")
    before = state()
    assert play(text, "--set", "LEFT_=1", name="1/my.py").out.startswith("1 True")
    assert play(text, name="2/my.py").out.startswith("2 False")
    assert state() == before


def test_output_of_any_character_goes_to_stdout_or_under_json_to_stderr(play: Callable[..., object]) -> None:
    text = "print('Grüße ✓ 🟢 \\ud800')\nprint('to stderr', file=sys.stderr)\n"
    done = play(text)
    assert done.out.startswith("Grüße ✓ 🟢 \\ud800\n")
    assert "to stderr" in done.err
    quiet = play(text, "--json")
    assert quiet.out.startswith("{")
    assert "Grüße ✓ 🟢" in quiet.err
    assert '"status": "done"' in quiet.out


def test_threads_take_turns_and_are_waited_for(play: Callable[..., object]) -> None:
    text = (
        "import threading\nseen = []\n"
        "def work():\n    while (bar := get_next_bar()) is not None: seen.append(bar['t'])\n"
        "    print(len(seen), len(set(seen)))\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "for thread in threads: thread.start()\n"
    )
    done = play(text)
    assert done.out.splitlines()[3] == "2264 2264"
    assert (done.code, done.result["bars"]) == (0, 2264)


def test_what_is_registered_with_atexit_runs_before_the_replay_ends(play: Callable[..., object]) -> None:
    text = "import atexit\natexit.register(lambda: print('last', get_next_bar() is not None))\nprint('first')\n"
    assert play(text).out.splitlines()[:2] == ["first", "last True"]


def test_the_same_folder_as_any_run_and_it_reproduces(play: Callable[..., object], cli: Callable[..., object]) -> None:
    text = (
        "SIZE = int(os.environ['SIZE'])\nfor i in range(MAX_BARS):\n    bar = get_next_bar()\n"
        "    if i % 100 == 5: place_order(ACCOUNT_ID, CONTRACT_ID, i // 100 % 2, SIZE, sl_ticks=20, tp_ticks=12)\n"
    )
    settings = [
        "--set",
        "SIZE=2",
        "--set",
        "MAX_BARS=900",
        "--start",
        "2013-09-02",
        "--risk",
        "max_position,contracts=1",
    ]
    one = play(text, *settings)
    again = cli("run", str(one.folder / "config.resolved.yaml"))
    assert one.result["denied_orders"] + one.result["risk"]["denials"]["max_position"] > 0
    assert again.result == one.result
    assert '"class": "script"' in (one.folder / "manifest.json").read_text(encoding="utf-8")
    assert {order["plugin"] for order in one.table("orders")} == {"my", ""}  # the close at the end is nobody's


def test_the_public_function_runs_scripts_too(here: Path) -> None:
    (here / "my.py").write_text("while get_next_bar(): pass\n", encoding="utf-8")
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    result = barstep.run(
        {"version": 1, "data": data, "strategies": [{"use": "my.py", "options": {"X": 1.5, "Y": True}}]}
    )
    assert (result.bars, result.status, result.fill_profile) == (2264, "done", "strict")


def test_a_script_that_needs_a_gateway_says_so_without_one(here: Path) -> None:
    (here / "my.py").write_text("print(os.environ['TESTMAX_TOKEN'])\n", encoding="utf-8")
    data = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
    with pytest.raises(barstep.ConfigError, match="brings its own header"):
        barstep.run({"version": 1, "data": data, "strategies": [{"use": "my.py"}]})


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("out", ["kept", "../deep/er/kept"])
def test_the_stored_configuration_runs_from_any_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch, script: bool, out: str
) -> None:
    (here / "rules").mkdir()
    (here / "bars.csv").write_text(
        "t,o,h,l,c,v\n" + "".join(f"2024-01-03T15:0{i}:00Z,1,1,1,1,1\n" for i in range(9)), encoding="utf-8"
    )
    plugin = "from barstep import {0}, hookimpl\n\nclass {1}({0}):\n    @hookimpl\n    def {2}(self, {3}ctx): pass\n"
    (here / "rules" / "mine.py").write_text(plugin.format("RiskRule", "Mine", "on_stop", ""), encoding="utf-8")
    (here / "buyer.py").write_text(plugin.format("Strategy", "Buyer", "on_bar", "bar, "), encoding="utf-8")
    (here / "asker.py").write_text("while get_next_bar(): pass\n")
    (here / "run.yaml").write_text(
        "version: 1\ndata: {instrument: ES, timeframe: 1m, source: bars.csv}\nrisk: [{use: rules/mine.py}]\n"
        f"strategies: [{{use: {'asker.py' if script else 'buyer.py:Buyer'}}}]\n"
    )
    first = barstep.run("run.yaml", out=here / out)
    monkeypatch.chdir("/")
    again = barstep.run(first.folder / "config.resolved.yaml", out=here / "again")
    assert (again.digest, again.bars) == (first.digest, 9)
    assert str(here) not in (first.folder / "config.resolved.yaml").read_text()


def test_warnings_are_told_to_the_quiet_too(play: Callable[..., object]) -> None:
    assert "warning: the script read no bar" in play("pass", "-q").err
    assert "warning: the script read no bar" in play("pass", "--json").err


def test_secrets_are_not_kept_with_the_run(play: Callable[..., object]) -> None:
    done = play(
        "print(os.environ['API_KEY'])", "--set", "API_KEY=s3cret", "--set", "KEYS_PER_BAR=2", "--set", "MONKEY=3"
    )
    assert done.out.startswith("s3cret")
    kept = (done.folder / "config.resolved.yaml").read_text(encoding="utf-8")
    assert "s3cret" not in kept
    assert "API_KEY: ${API_KEY}" in kept.replace("'", "")
    assert "MONKEY: 3" in kept


def test_a_speed_file_that_cannot_be_read_is_told(play: Callable[..., object]) -> None:
    assert (
        "--speed-file none.txt does not exist"
        in play("get_next_bar()", "--speed-file", "none.txt").result["warnings"][0]
    )
    assert "--speed-file . is a folder" in play("get_next_bar()", "--speed-file", ".").result["warnings"][0]


@pytest.mark.parametrize("command", [["run"], ["serve"], ["validate"]])
def test_a_script_where_a_run_file_is_wanted_is_told_apart(
    cli: Callable[..., object], here: Path, command: list[str]
) -> None:
    (here / "risky.py").write_text("print('ran'): x\n", encoding="utf-8")
    done = cli(*command, "risky.py")
    assert done.code == 2
    assert "risky.py: got a Python file" in done.err
    assert "`barstep script risky.py`" in done.err


@pytest.mark.parametrize(
    "entry", ["risk: [{use: my.py}]", "strategies: [{use: 'my.py:Foo'}]", "risk: [{use: 'my.py:Foo'}]"]
)
def test_a_script_in_the_place_of_a_plugin_is_not_executed(cli: Callable[..., object], here: Path, entry: str) -> None:
    (here / "my.py").write_text("print('ran')\nget_next_bar()\n", encoding="utf-8")
    run = "version: 1\ndata: {instrument: ES, timeframe: 1m, source: sample}\n"
    (here / "run.yaml").write_text(run + entry + "\n", encoding="utf-8")
    done = cli("run", "run.yaml", "-q")
    assert (done.code, "ran" in done.err + done.out) == (2, False)
    assert "it is a playground script" in done.err


def test_names_that_there_are_not_come_with_those_of_their_kind(play: Callable[..., object], here: Path) -> None:
    err = play("pass", "--risk", "nope").err
    assert "expected the name or path of one of the risk rules; " in err
    assert "max_position" in err
    assert "trade_journal" not in err
    (here / "bars").mkdir()
    assert "bars is a folder; give the files in it" in play("pass", "--data", "bars", "--instrument", "ES").err


def test_the_folder_has_a_line_of_its_own(play: Callable[..., object]) -> None:
    done = play("get_next_bar()\nprint('no end', end='')", "-q")
    assert done.out.splitlines() == ["no end", str(done.folder)]
