"""How scripts end: by themselves, by sys.exit, with an error, by Ctrl-C; and what is cleaned up."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., "subprocess.Popen[Any]"]

LONG = "get_next_bar()\nplace_order(ACCOUNT_ID, CONTRACT_ID, 0, 2)\n"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `barstep script FILE --out kept`; whatever still runs at the end of a test is killed."""
    running: list[subprocess.Popen[Any]] = []

    def started(file: str, **given: Any) -> subprocess.Popen[Any]:
        command = [sys.executable, "-m", "barstep", "script", file, "--out", "kept", "-q"]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given))
        return running[-1]

    yield started
    for one in running:
        with one:
            one.kill()


@pytest.mark.parametrize("ending", ["", "sys.exit()", "sys.exit(0)", "raise SystemExit"])
def test_a_position_is_closed_and_the_folder_written_however_it_ends_well(
    play: Callable[..., object], ending: str
) -> None:
    done = play(LONG + ending)
    assert (done.code, done.result["status"], done.result["trades"]) == (0, "done", 1)
    assert done.table("fills")[-1]["position_after"] == 0
    assert sorted(path.name for path in done.folder.iterdir()) == sorted(
        ["result.json", "manifest.json", "config.resolved.yaml"]
        + [f"{name}.parquet" for name in ("fills", "trades", "orders", "equity", "ambiguous", "notes", "mismatches")]
    )


@pytest.mark.parametrize(
    ("code", "told"), [("3", "sys.exit(3)"), ("'no more'", "sys.exit: no more"), ("True", "(True)")]
)
def test_another_status_is_a_failed_run(play: Callable[..., object], code: str, told: str) -> None:
    done = play(f"{LONG}sys.exit({code})")
    assert (done.code, done.result["status"], done.result["trades"]) == (1, "failed", 1)
    assert told in done.err
    assert f"marked failed: {done.folder}" in done.err


def test_an_exception_shows_the_scripts_own_lines_only(play: Callable[..., object], here: Path) -> None:
    (here / "sums.py").write_text("import json\n\ndef broken(text):\n    return json.loads(text)\n", encoding="utf-8")
    done = play(LONG + "import sums\ndef work():\n    sums.broken('{')\nwork()\n")
    assert (done.code, done.result["status"], done.result["trades"]) == (1, "failed", 1)
    files = [line.split('"')[1] for line in done.err.splitlines() if line.startswith("  File")]
    assert [Path(file).name for file in files] == ["my.py", "my.py", "sums.py"]
    assert "error: script my, sums.py:4, bar ending 2013-09-01 17:01:00 CDT: json.decoder.JSONDecodeError: " in done.err
    assert "JSONDecodeError" in done.result["warnings"][-1]


def test_the_cause_of_an_exception_stays_but_without_our_lines(play: Callable[..., object]) -> None:
    done = play("try:\n    place_order()\nexcept TypeError as error:\n    raise ValueError('mine') from error\n")
    assert "TypeError" in done.err
    assert "ValueError: mine" in done.err
    assert "helpers.py" not in done.err
    assert "before the first bar: ValueError: mine" in done.err


@pytest.mark.parametrize(
    ("text", "line"), [("x = 1\ndef f(:\n", 2), ("get_next_bar()\nreturn 1\n", 2), ("x = '\xff\n", 1)]
)
def test_what_is_not_python_is_told_with_its_line_and_nothing_runs(
    play: Callable[..., object], text: str, line: int
) -> None:
    done = play(text)
    assert done.code == 2
    assert f"my.py:{line}: this is not Python: " in done.err
    assert not done.folder.exists()


def test_orders_left_working_are_cancelled_with_a_warning(play: Callable[..., object]) -> None:
    done = play("bar = get_next_bar()\nplace_order(ACCOUNT_ID, CONTRACT_ID, 0, 1, 1, bar['l'] - 50)\n")
    assert done.result["warnings"][0].startswith(
        "1 order was still working when the script ended, and cancelled: Order(#"
    )
    assert [order["status"] for order in done.table("orders")] == ["cancelled"]
    bracket = play("get_next_bar()\nplace_order(ACCOUNT_ID, CONTRACT_ID, 0, 1, sl_ticks=400, tp_ticks=400)\n")
    told = "the script ended before the bars did, 1 long: closed at the last close"
    assert bracket.result["warnings"] == [told]  # its exits go with the position


def test_a_script_without_bars_ends_with_a_warning(play: Callable[..., object]) -> None:
    done = play("print('nothing')")
    assert (done.code, done.result["bars"], done.result["status"]) == (0, 0, "done")
    assert done.result["warnings"] == ["the script read no bar: get_next_bar() plays the next one and returns it"]
    assert done.result["start"] == done.result["end"] == "2013-09-01T17:00:00-05:00"


def test_a_script_may_end_the_replay_itself_and_ask_for_trades_after_it(play: Callable[..., object]) -> None:
    text = LONG + (
        "api('Replay/end', {'accountId': ACCOUNT_ID})\n"
        "print(json.dumps(api('Replay/end', {'accountId': ACCOUNT_ID})['results']))\n"
        "print(len(api('Trade/search', {'accountId': ACCOUNT_ID, 'startDate': START_DATE})['trades']), get_next_bar())\n"
        "print(place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)['success'], get_account()['balance'])"
    )
    done = play(text)
    lines = done.out.splitlines()
    results = json.loads(lines[0])
    assert (results["totalTrades"], results["finalBalance"]) == (2, done.result["final_balance"])
    assert lines[1] == "2 None"
    assert lines[2] == f"False {done.result['final_balance']}"
    assert (done.code, done.result["fills"]) == (0, 2)


def test_starting_a_second_replay_is_refused(play: Callable[..., object]) -> None:
    body = "{'instrumentSymbol': INSTRUMENT, 'startDate': START_DATE, 'timeframe': TIMEFRAME}"
    done = play(
        f"r = api('Replay/start', {body})\nprint(r['success'], r['accountId'])\nprint(api('Replay/start', {body}))"
    )
    assert done.out.splitlines()[0] == "True 1001"
    assert "'errorCode': 409" in done.out
    assert "[ERROR] Replay/start: HTTP 409: this run has one replay" in done.err


def test_ctrl_c_keeps_what_is_done(here: Path, start: Start) -> None:
    text = (
        "import signal\nfor i in range(MAX_BARS):\n    bar = get_next_bar()\n"
        "    i or place_order(ACCOUNT_ID, CONTRACT_ID, 0, 1)\n"
        "    if i == 99:\n        print('ready', flush=True)\n        time.sleep(60)\n"
    )
    (here / "slow.py").write_text(text, encoding="utf-8")
    running = start("slow.py", text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "interrupted: the 100 bars played are kept" in err
    result = json.loads((here / "kept" / "result.json").read_text(encoding="utf-8"))
    assert (result["status"], result["bars"], result["trades"]) == ("interrupted", 100, 1)


def test_ctrl_c_inside_a_helper_waits_for_the_next_call(play: Callable[..., object]) -> None:
    text = (
        "import signal\n"
        "class Loud(dict):\n"
        "    def get(self, name, default=None):\n"  # called while the gateway reads the request
        "        if not told: told.append(signal.raise_signal(signal.SIGINT))\n"
        "        return dict.get(self, name, default)\n"
        "told = []\n"
        "get_next_bar()\n"
        "body = Loud(accountId=ACCOUNT_ID, contractId=CONTRACT_ID, type=2, side=0, size=1)\n"
        "print(api('Order/place', body)['success'], len(told))\n"
        "get_next_bar()\n"
        "print('never')\n"
    )
    done = play(text)
    assert done.out.splitlines()[0] == "True 1"
    assert "never" not in done.out
    assert (done.code, done.result["status"], done.result["bars"], done.result["trades"]) == (130, "interrupted", 1, 1)


CAUGHT = (
    "def pause():\n    print('ready', flush=True)\n    time.sleep(60)\n"
    "for i in range(MAX_BARS):\n    try:\n        bar = get_next_bar()\n        if i == 49: pause()\n"
    "    except:\n        pass\n"
)
DEAF = (
    CAUGHT
    + "while True:\n    try:\n        print('deaf', flush=True)\n        time.sleep(60)\n    except:\n        pass\n"
)
CALLING = (
    CAUGHT + "print('deaf', flush=True)\nwhile True:\n    try:\n        get_next_bar()\n    except:\n        pass\n"
)


@pytest.mark.parametrize(("text", "signals"), [(CAUGHT, 1), (DEAF, 2), (CALLING, 2)])
def test_ctrl_c_ends_a_script_that_catches_everything(here: Path, start: Start, text: str, signals: int) -> None:
    (here / "caught.py").write_text(text, encoding="utf-8")
    running = start("caught.py", text=True)
    assert running.stdout is not None
    for word in ("ready", "deaf")[:signals]:
        assert running.stdout.readline() == f"{word}\n"
        os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert "interrupted: the 50 bars played are kept" in err
    assert out.splitlines()[-1] == str(here / "kept")
    result = json.loads((here / "kept" / "result.json").read_text(encoding="utf-8"))
    assert (result["status"], result["bars"]) == ("interrupted", 50)
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel how full a pipe is")
def test_ctrl_c_in_the_middle_of_a_write_ends_a_script_that_catches_everything(here: Path, start: Start) -> None:
    import fcntl
    import termios

    text = DEAF.replace("print('deaf', flush=True)", "print('deaf', flush=True)\n        print('x' * 500_000)")
    (here / "caught.py").write_text(text, encoding="utf-8")
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    running = start("caught.py", bufsize=0, env=buffered)
    assert running.stdout is not None
    assert running.stdout.readline() == b"ready\n"
    os.kill(running.pid, signal.SIGINT)
    assert running.stdout.readline() == b"deaf\n"
    deadline = time.monotonic() + 120
    while (
        struct.unpack("i", fcntl.ioctl(running.stdout, termios.FIONREAD, bytes(4)))[0] < 60_000
    ):  # it holds 65,536 at most
        assert time.monotonic() < deadline, "the script never filled the pipe"
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert err.decode().count("interrupted: the 50 bars played are kept") == 1
    assert str(here / "kept") in out.decode().splitlines()
    assert json.loads((here / "kept" / "result.json").read_text(encoding="utf-8"))["status"] == "interrupted"


@pytest.mark.parametrize("where", [["--out", "same"], []])
def test_runs_of_one_second_keep_all_their_results(here: Path, where: list[str]) -> None:
    for name in ("plugins", "strategies", "configs"):
        (here / name).mkdir()
    (here / "my.py").write_text("get_next_bar()\nprint('ready', flush=True)\nsys.stdin.readline()\n", encoding="utf-8")
    command = [sys.executable, "-m", "barstep", "script", "my.py", "-q", *where]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    said = [one.communicate("\n") for one in both]
    assert [(one.returncode, err) for one, (_, err) in zip(both, said, strict=True)] == [(0, "")] * 4
    folders = {Path(out.splitlines()[-1]) for out, _ in said}
    assert len(folders) == 4
    assert all((folder / "result.json").is_file() for folder in folders)
