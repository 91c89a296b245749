"""Conditions: what they can say, and that they can say nothing else."""

from __future__ import annotations

import pytest

from barstep.config.reading import RefusedError
from barstep.config.where import Condition, comparable

AXES = ["a.fast", "a.slow", "data.instrument", "b.on"]
POINT = {"a.fast": comparable("10"), "a.slow": comparable("0.3"), "data.instrument": "ES", "b.on": comparable("true")}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("fast == 10", True),
        ("a.fast > a.slow", True),
        ("slow == 0.1 + 0.2", True),  # exact
        ("fast % 3 == 1 and fast // 3 == 3", True),
        ("-fast < 0 < slow < fast", True),
        ("instrument == 'NQ' or slow > 1", False),
        ("instrument in ('ES', 'NQ')", True),
        ("instrument not in ['ES']", False),
        ("on", True),
        ("not on", False),
        ("on == true", True),
        ("(fast - 1) * 2 / 3 == 6", True),
    ],
)
def test_what_a_condition_says(text: str, holds: bool) -> None:
    assert Condition(text, AXES)(POINT) is holds


@pytest.mark.parametrize(
    "text", ["fast", "fast - 1", "instrument", "on and fast", "not slow", "fast > 1 or instrument"]
)
def test_a_number_is_no_condition(text: str) -> None:
    with pytest.raises(RefusedError, match="true or false"):
        Condition(text, AXES)({**POINT, "a.fast": comparable("0"), "b.on": comparable("true")})


@pytest.mark.parametrize(
    "text",
    [
        "fast ** 9", "fast << 9", "f(fast)", "fast.real", "[fast for x in y]", "lambda: fast", "fast if on else slow",
        "(fast := 3)", "f'{fast}'", "fast; slow", "", "fast <", "__import__", "fast[0]", "fast @ slow", "~fast",
        "'x' * 9", "fast < " + "9" * 600, "(" * 300 + "fast" + ")" * 300, "fast is 3", "fast and b'x'", "1j < fast",
    ],
)  # fmt: skip
def test_nothing_else_is_a_condition(text: str) -> None:
    with pytest.raises(RefusedError):
        Condition(text, AXES)(POINT)


def test_a_name_that_ends_several_axes_needs_its_path() -> None:
    with pytest.raises(RefusedError) as refused:
        Condition("size > 1", ["a.size", "b.size"])
    assert refused.value.expected == "one of a.size, b.size"
    assert Condition("a.size > 1", ["a.size", "b.size"])({"a.size": comparable("2"), "b.size": comparable("1")})
