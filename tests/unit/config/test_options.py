from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barstep.config import Positions, validate_options
from barstep.config.positions import Quoted
from barstep.domain.option import Option, OptionField

PATH = ("strategies", 0, "options")


def read(hint: Any, raw: Any, **bounds: float) -> Any:
    fields = [OptionField("x", hint, Option(**bounds))]
    values, lines = validate_options(fields, {"x": raw}, PATH, Positions(), "sma")
    return lines if lines else values["x"]


@pytest.mark.parametrize(
    ("hint", "raw", "value"),
    [
        (int, "10", 10),
        (int, "-3", -3),
        (int, 7, 7),
        (float, "1e-3", 0.001),
        (float, ".5", 0.5),
        (float, "5", 5.0),
        (float, 2, 2.0),
        (bool, "true", True),
        (bool, False, False),
        (str, "15:10", "15:10"),
        (Decimal, "0.10", Decimal("0.10")),
        (Decimal, 0.1, Decimal("0.1")),
        (date, "2013-09-01", date(2013, 9, 1)),
        (time, "15:10", time(15, 10)),
        (time, "8:30:15", time(8, 30, 15)),
        (datetime, "2013-09-03T14:30:00Z", datetime(2013, 9, 3, 14, 30, tzinfo=UTC)),
        (Literal["long", "both"], "both", "both"),
        (Literal[1, 2], "2", 2),
        (int | None, None, None),
        (Optional[int], "4", 4),  # noqa: UP045
        (int | str, "4", 4),
        (int | str, Quoted("4"), "4"),
        (int | str, "four", "four"),
        (list[int], ["1", 2], [1, 2]),
        (list[time], ("15:10",), [time(15, 10)]),
        (list[float] | None, ["1"], [1.0]),
        (Any, "1", "1"),
    ],
)
def test_types(hint, raw, value):
    result = read(hint, raw)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("hint", "raw", "line"),
    [
        (int, "ten", "got ten, expected a whole number"),
        (int, "1_000", "got 1_000, expected a whole number; did you mean 1000?"),
        (int, "1,000", "got 1,000, expected a whole number; did you mean 1000?"),
        (int, "10.0", "got 10.0, expected a whole number; did you mean 10?"),
        (int, "010", "got 010, expected a whole number; did you mean 10?"),
        (int, "1" * 30, "got 111111111111111111111111111111, expected a whole number"),
        (int, True, "got true, expected a whole number"),
        (int, None, "got nothing, expected a whole number"),
        (float, "0,5", "got 0,5, expected a number"),
        (float, "1e999", "got 1e999, expected a number"),
        (float, "nan", "got nan, expected a number"),
        (Decimal, "$2.50", "got $2.50, expected a number; did you mean 2.50?"),
        (bool, "yes", "got yes, expected true or false; did you mean true?"),
        (bool, "off", "got off, expected true or false; did you mean false?"),
        (bool, 1, "got 1, expected true or false; did you mean true?"),
        (time, "25:00", "got 25:00, expected a time of day such as 15:10"),
        (time, "3pm", "got 3pm, expected a time of day such as 15:10"),
        (date, "01/09/2013", "got 01/09/2013, expected a date such as 2013-09-01"),
        (Literal["long", "both"], "lon", "got lon, expected one of long, both; did you mean long?"),
        (list[int], "5", "got 5, expected a list, each entry a whole number; did you mean [5]?"),
        (str, ["a"], "got a list, expected text"),
        (str, {}, "got a mapping, expected text"),
        (int | bool, "x", "got x, expected a whole number or true or false"),
        (str | None, 5, "got 5, expected text"),
        (
            dict,
            {},
            "got a mapping, expected an option of a type such as int, float, bool or str: sma declares x, but the type "
            "dict cannot be read from text",
        ),
    ],
)
def test_what_does_not_fit(hint, raw, line):
    assert read(hint, raw) == [f"strategies[0].options.x: {line}"]


@pytest.mark.parametrize(
    ("hint", "raw", "bounds", "line"),
    [
        (int, "0", {"ge": 1}, "got 0, expected a whole number >= 1"),
        (float, "1", {"gt": 0, "lt": 1}, "got 1, expected a number > 0 and < 1"),
        (Decimal, "2", {"le": 1.5}, "got 2, expected a number <= 1.5"),
        (int | None, "0", {"ge": 1}, "got 0, expected a whole number >= 1 or nothing"),
    ],
)
def test_bounds(hint, raw, bounds, line):
    assert read(hint, raw, **bounds) == [f"strategies[0].options.x: {line}"]


def test_every_entry_of_a_list_is_judged():
    assert read(list[int], ["1", "b", "-1"], ge=0) == [
        "strategies[0].options.x[1]: got b, expected a whole number >= 0",
        "strategies[0].options.x[2]: got -1, expected a whole number >= 0",
    ]


def test_defaults_missing_and_unknown_options():
    fields = [
        OptionField("fast", int, Option(default=10)),
        OptionField("size", int, Option(ge=1, help="contracts")),
        OptionField("levels", list[int], Option(default=[])),
    ]
    values, lines = validate_options(fields, {"fats": "1"}, PATH, Positions(), "sma")
    assert values == {"fast": 10, "levels": []}
    assert values["levels"] is not fields[2].spec.default
    assert lines == [
        "strategies[0].options.fats: got the unknown option of sma fats, expected one of fast, size, levels; "
        "did you mean fast?",
        "strategies[0].options.size: got nothing, expected a whole number >= 1 (contracts): sma needs this option",
    ]
    assert validate_options([], {"a": "1"}, PATH, Positions(), "sma")[1] == [
        "strategies[0].options.a: got the unknown option of sma a, expected none: it has no options"
    ]


@given(st.integers(-(10**17), 10**17))
def test_whole_numbers_survive_their_text(number):
    assert read(int, str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_their_text(number):
    assert read(float, repr(number)) == number


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=6))
def test_decimals_survive_their_text(number):
    assert read(Decimal, format(number, "f")) == number


@given(st.times().map(lambda moment: moment.replace(microsecond=0)), st.dates())
def test_times_and_dates_survive_their_text(clock, day):
    assert (read(time, clock.isoformat()), read(date, day.isoformat())) == (clock, day)


HINTS = [int, float, bool, Decimal, date, time, datetime, Literal["a", "b"], int | None, list[int]]


@given(st.sampled_from(HINTS), st.text() | st.none() | st.booleans() | st.floats() | st.lists(st.text(), max_size=2))
def test_nothing_gives_a_traceback(hint, raw):
    read(hint, raw)
