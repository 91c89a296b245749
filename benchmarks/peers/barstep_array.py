"""barstep's array lane on bars that are ready, without risk rules, as vectorbt: fills, digest, equity, statistics of trades."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from barstep.engine.array.account import make_account
from barstep.engine.array.bars import ArrayBars
from barstep.engine.array.kernel import layout as at
from barstep.engine.array.points import digest_of, point_of
from barstep.engine.array.signals import wants_of
from barstep.engine.array.work import Work
from barstep.runs.assemble import load_plan
from barstep.runs.sources import sessions_of
from barstep.stats.trades import TRADES
from benchmarks.peers.barstep_run import config
from benchmarks.work import FEE, Answer

if TYPE_CHECKING:
    from benchmarks.work import Series


def run(work: str, bars: Series, variant: str = "") -> Answer:
    """One run from columns to digest and figures; the same run file as that of the whole run, but for its risk rules."""
    plan = load_plan(config(work, len(bars.close), variant))
    stream = plan.streams[0]
    columns, sessions, session_of, inside = ArrayBars.read(stream, sessions_of(stream).locate)
    strategy = next(p for p in plan.plugins if p.section == "strategies").make()
    options, balance = plan.loaded.config.fills.options(), plan.account.start_balance
    room = Work()
    start = time.perf_counter()
    account = make_account(columns, sessions, session_of, ~inside, options, plan.fees[0], balance)
    left = room.play(account, wants_of(strategy.positions(columns), len(columns)), at.TABLES)
    point = point_of(account, left, digest_of(account, left, room))
    TRADES.headlines(room.trades(account, left))
    room.equity(account, left)
    seconds = time.perf_counter() - start
    ticks = left.figures[at.L_CASH] + left.figures[at.L_POSITION] * columns.close_ticks[-1]
    fees = point.fees / 1e6
    return Answer(seconds, round(fees / FEE), float(ticks * left.figures[at.TICK_VALUE] / 1e6 - fees))
