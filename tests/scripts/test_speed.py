"""The speed file: read at every bar, and whatever is no number of seconds changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

STEPS = "for wanted in WANTED:\n    get_next_bar()\n    put(wanted)\n    print(read_speed(), STEP_DELAY)\n"
PUT = "def put(data):\n    with open(os.environ['SPEED_FILE'], 'wb') as file: file.write(data)\n"


def test_a_change_is_seen_within_one_bar(play: Callable[..., object]) -> None:
    text = "WANTED = [b'0.5', b'0.25\\n', b' 1e-3 ', b'0', b'2']\n" + PUT + STEPS
    done = play(text, "--speed-file", "speed.txt")
    assert done.out.splitlines()[:5] == ["0.5 0.5", "0.25 0.25", "0.001 0.001", "0.0 0.0", "2.0 2.0"]


@pytest.mark.parametrize(
    "bad", [b"", b"fast", b"\x00\xff\x80", b"-1", b"nan", b"inf", b"1e300", b"0.1 0.2", b"0." + b"0" * 100 + b"1"]
)
def test_what_is_no_number_of_seconds_changes_nothing(play: Callable[..., object], bad: bytes) -> None:
    text = f"WANTED = [b'0.5', {bad!r}]\n" + PUT + STEPS
    assert play(text, "--speed-file", "speed.txt").out.splitlines()[:2] == ["0.5 0.5", "0.5 0.5"]


@pytest.mark.parametrize("name", ["missing.txt", "folder"])
def test_a_file_that_cannot_be_read_changes_nothing(play: Callable[..., object], here: Path, name: str) -> None:
    (here / "folder").mkdir()
    done = play("print(read_speed(), STEP_DELAY)", "--speed-file", name, "--set", "STEP_DELAY=0.02")
    assert done.out.splitlines()[0] == "0.02 0.02"


def test_a_speed_file_of_the_environment_and_none_at_all(
    play: Callable[..., object], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert play("print(read_speed())").out.splitlines()[0] == "0.0"
    (here / "speed.txt").write_text("0.125", encoding="utf-8")
    monkeypatch.setenv("SPEED_FILE", "speed.txt")
    assert play("print(read_speed())").out.splitlines()[0] == "0.125"


def test_a_script_keeps_the_pace(play: Callable[..., object]) -> None:
    text = (
        PUT + "put(b'0.05')\nbegun = time.monotonic()\n"
        "for i in range(4):\n    get_next_bar()\n    read_speed()\n    if STEP_DELAY > 0: time.sleep(STEP_DELAY)\n"
        "    if i == 1: put(b'0')\nprint(round(time.monotonic() - begun, 1))\n"
    )
    assert 0.1 <= float(play(text, "--speed-file", "speed.txt").out.split()[0]) < 2
