"""Bars and an account, small enough to play in microseconds."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from barstep.data import SyntheticStream, front_contract, instrument
from barstep.domain.bar import Timeframe
from barstep.domain.fill_options import FillOptions
from barstep.engine.array.account import Account, make_account
from barstep.engine.array.bars import ArrayBars

FIRST = date(2020, 1, 2)


def stream(bars: int) -> Any:
    return SyntheticStream(
        front_contract(instrument("ES"), FIRST), Timeframe.parse("1m"), seed=3, start=FIRST, bars=bars
    )


def account_of(bars: ArrayBars, shut: Any = None, **fills: Any) -> Account:
    sessions = stream(10).sessions
    found, index, _ = sessions.locate(bars.start_ns)
    shut = np.zeros(len(bars), bool) if shut is None else shut
    return make_account(bars, found, index, shut, FillOptions.of(**fills), 1_890_000, 50_000_000_000)
