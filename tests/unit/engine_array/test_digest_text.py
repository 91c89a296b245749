"""The digest's lines, written by compiled code, are those that Python would write."""

from __future__ import annotations

import numpy as np
import pytest
from small import account_of

from barstep.arrays import ArrayBars
from barstep.domain.bar import BarColumns
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.work import Work

MOMENTS = [
    0, 1, 999, 10**9, 999_999_999 * 10**9, 10**18, 1_577_921_460 * 10**9, 1_577_921_460 * 10**9 + 7,
    9_223_372_036 * 10**9, 2**63 - 1, -1, -60 * 10**9,
]  # fmt: skip
NUMBERS = [0, 1, 9, 10, 99, 100, 999, 1000, 1001, 99_999, 100_000, 1_000_000, 123_456_789_012, -1, -40, -1000, -99_999]


def test_every_length_of_number_and_kind_of_moment(bars: ArrayBars) -> None:
    ends = np.array(MOMENTS, np.int64)
    columns = BarColumns(ends - 1, ends, *(np.ones(len(ends), np.int64) for _ in range(5)))
    account = account_of(bars)
    account.bars = ArrayBars(bars.feed, columns, np.zeros(len(ends), bool))
    rows = [
        (row, sign, size, price)
        for row in range(len(MOMENTS))
        for sign in (1, -1)
        for size in (1, 10, 250)
        for price in NUMBERS
    ]
    fills = np.zeros((len(rows), at.FILL), np.int64)
    fills[:, [at.F_BAR, at.F_SIGN, at.F_SIZE, at.F_PRICE]] = rows
    contract = bars.feed.contract.id
    wanted = "".join(
        f"{MOMENTS[row]}|{contract}|{'buy' if sign > 0 else 'sell'}|{size}|{price}\n" for row, sign, size, price in rows
    )
    assert bytes(Work().digest_text(account, fills)).decode() == wanted


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_text_is_as_long_as_its_fills(bars: ArrayBars, count: int) -> None:
    work = Work()
    fills = np.ones((40, at.FILL), np.int64)
    work.digest_text(account_of(bars), fills)  # leaves a longer text behind
    assert bytes(work.digest_text(account_of(bars), fills[:count])).count(b"\n") == count
