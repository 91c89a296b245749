"""A run under a plan's rules and its ledger evaluated afterwards agree: attempts, days, rules."""

import random
from datetime import timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from desk import MINUTE, PLAIN, START, at, bar_file, plugin_file, two
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import barstep
from barstep.domain.instrument import micros
from barstep.domain.session import NS
from barstep.evaluate.fills_record import fills_record
from barstep.evaluate.ledger import Ledger, LedgerFill
from barstep.evaluate.run_record import run_record
from barstep.evaluate.verdict import Series, walk_record
from barstep.rules import adjusted, load_plan
from barstep.rules.account_limits import limits_of
from barstep.runs.explain.records import Records
from barstep.runs.sources import make_stream

BARS, DAYS = 12, 12
INSTRUMENT = {**PLAIN, "lot_weight_tenths": 10}
SHAPES = [
    {"max_loss_limit": {"usd": 60, "trail": "end_of_day", "lock": 20}},
    {"max_loss_limit": {"usd": 60, "trail": "end_of_day", "lock": None, "touch": False}},
    {"max_loss_limit": {"usd": 60, "trail": "end_of_day", "checked": "close"}},
    {"max_loss_limit": {"usd": 70, "trail": "static"}, "daily_loss_limit": {"usd": 30, "action": "lock"}},
    {"max_loss_limit": {"usd": 60}, "daily_loss_limit": {"usd": 40, "action": "fail"}},
    {"max_loss_limit": None, "daily_loss_limit": {"usd": 30, "action": "fail"}},
    {"max_loss_limit": {"usd": 50, "trail": "equity", "lock": 30}},
    {"max_loss_limit": {"usd": 50, "trail": "equity", "lock": None}},
    {"max_loss_limit": {"usd": 50, "trail": "balance", "lock": 0}, "daily_loss_limit": {"usd": 35}},
]


def bars_of(dice):
    """Days of bars that wander, with gaps between and inside them."""
    rows, price = [], 400
    for day in range(DAYS):
        price += dice.randint(-4, 4)
        for bar in range(BARS):
            opened = price + dice.choice([0, 0, 0, -3, 3])
            close = opened + dice.randint(-6, 6)
            high, low = max(opened, close) + dice.randint(0, 5), min(opened, close) - dice.randint(0, 5)
            rows.append((START + timedelta(days=day) + bar * MINUTE, opened, high, low, close))
            price = close
    return rows


def actions_of(dice):
    """A trader without a plan: positions wanted, brackets, stops left behind."""

    def act():
        size, side = dice.randint(1, 3), dice.choice([-1, 1])
        kind = dice.randint(0, 3)
        if kind == 0:
            return lambda ctx: ctx.set_position(size * side)
        if kind == 1:
            stop, target = dice.randint(2, 15), dice.randint(2, 15)
            way = "buy" if side > 0 else "sell"
            return lambda ctx: getattr(ctx, way)(size, stop_loss_ticks=stop, take_profit_ticks=target)
        if kind == 2:
            return lambda ctx: ctx.close()
        return lambda ctx: ctx.set_position(0)

    return {bar: act() for bar in range(BARS * DAYS) if dice.random() < 0.3}


def played(folder, seed, overrides, flat):
    """The run's result, and the plan it was under."""
    dice = random.Random(seed)
    overrides = {
        "profit_target": 60, "min_days": dice.choice([0, 2]), "position_cap": None,
        "trading_hours": {"flat_by": "12:10"} if flat else None,
        "consistency": dice.choice([None, {"share": 0.55}]), **overrides,
    }  # fmt: skip
    strategy = plugin_file(at(actions_of(dice)), folder)
    config = {
        "version": 1,
        "name": "drawn",
        "data": {"instrument": INSTRUMENT, "timeframe": "1m", "source": bar_file(bars_of(dice), folder / "bars.csv")},
        "account": {
            "plan": {"name": "topstep-combine-50k", "overrides": overrides},
            "fees": dice.choice([0, 1.25]), "on_fail": "reset", "on_pass": "continue",
        },
        "fills": {"forced_slip_ticks": dice.choice([0, 2]), "at_end": "mark"},
        "strategies": [{"use": strategy}],
    }  # fmt: skip
    result = barstep.run(config, out=folder / "run")
    return result, adjusted(load_plan("topstep-combine-50k"), {}, overrides)[0]


def evaluated(folder, plan):
    record = run_record(folder)
    both = [Series(limits_of(plan), record.cost), Series(limits_of(plan), record.cost, kindest=True)]
    walk_record(record, both)
    return both


def told(series):
    return [
        (a.number, a.first_day.isoformat(), a.last_day.isoformat(), a.account.status, _rule(a.account))
        for a in series.attempts
    ]


def _rule(account):
    return account.failure.rule if account.failure else "profit_target" if account.status == "passed" else ""


@pytest.mark.parametrize("shape", range(len(SHAPES)))
@given(seed=st.integers(0, 10**9), flat=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_run_and_its_ledger_agree(tmp_path_factory, shape, seed, flat):
    overrides = SHAPES[shape]
    result, plan = played(tmp_path_factory.mktemp("run"), seed, overrides, flat)
    engine = [
        (a["number"], a["start"], a["end"], a["verdict"], a["rule"].rpartition(".")[2]) for a in result.risk["attempts"]
    ]
    harsh, kind = evaluated(result.folder, plan)
    if harsh.outcome() == kind.outcome():
        ours = told(harsh)
        for place, (mine, theirs) in enumerate(zip(ours, engine, strict=True)):
            if (
                mine[4] == "max_loss_limit"
                and theirs[4] == "daily_loss_limit"
                and plan.daily_loss_limit.action == "fail"
            ):
                ours[place] = (*mine[:4], theirs[4])  # one bar reached both: which was first is inside it
        assert ours == engine
    else:  # only a trail inside the bar hangs on the order of its extremes
        assert overrides["max_loss_limit"]["trail"] in ("equity", "balance")
        first = engine[0]
        assert told(harsh)[0][2] <= first[2] or first[3] == "passed"


def ledger_of(result):
    """The fills of a run as somebody else's list, a second after the open or before the end of their bars; and the bars."""
    stored = Records(result.folder)
    (contract,) = stored.contracts
    rows = pl.read_parquet(result.folder / "fills.parquet")
    at_open = (rows["phase"] == "open").to_list()
    starts, ends = rows["bar_start"].to_physical().to_list(), rows["bar_end"].to_physical().to_list()
    times = [start + NS if first else end - NS for first, start, end in zip(at_open, starts, ends, strict=True)]
    fills = [
        LedgerFill(
            at_ns,
            contract,
            row["size"] if row["side"] == "buy" else -row["size"],
            row["price_ticks"],
            micros(row["fees"]),
        )
        for at_ns, row in zip(times, rows.iter_rows(named=True), strict=True)
    ]
    return Ledger("fills", fills), make_stream(stored.options.data[0], result.folder)


@given(seed=st.integers(0, 10**9), flat=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fills_with_their_bars_enclose_what_the_run_knows(tmp_path_factory, seed, flat):
    """At every bar: the worse reading's extremes, the run's own, the kinder reading's; closes are equal."""
    result, _ = played(tmp_path_factory.mktemp("run"), seed, {"max_loss_limit": None}, flat)
    assume(result.fills)
    run = {day.date: day for day in run_record(result.folder).days()}
    ledger, bars = ledger_of(result)
    for day in fills_record(ledger, Decimal(0), [bars]).days():
        known, kind = run[day.date], day.kindest
        assert kind is not None
        assert day.end_ns.tolist() == known.end_ns.tolist()
        assert day.close.tolist() == known.close.tolist()
        assert day.balance.tolist() == known.balance.tolist()
        assert (day.low <= known.low).all()
        assert (known.low <= kind.low).all()
        assert (kind.high <= known.high).all()
        assert (known.high <= day.high).all()
        assert day.traded == known.traded


@given(seed=st.integers(0, 10**9))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fills_of_two_contracts_with_the_bars_of_each(tmp_path_factory, seed):
    """Bar by bar the ledger's equity at the close is the run's, and the run's extremes never lie outside the worse reading."""
    folder, dice = tmp_path_factory.mktemp("two"), random.Random(seed)
    first, second = bars_of(dice)[: BARS * 3], [bar for bar in bars_of(dice)[: BARS * 3] if dice.random() < 0.8]
    sections = two(folder, first, second)
    acts = {
        bar: dice.choice([lambda ctx: ctx.set_position(1), lambda ctx: ctx.sell(2, contract="TWO"), lambda ctx: ctx.close(),
                          lambda ctx: ctx.buy(2, contract="TWO"), lambda ctx: ctx.set_position(-2)])
        for bar in range(BARS * 3 - 1) if dice.random() < 0.3
    }  # fmt: skip
    acts[0] = lambda ctx: ctx.set_position(1)  # the contract of the first fill goes first, as it does in the run
    strategy = {"use": plugin_file(at(acts), folder), "contract": "ONE"}
    config = {
        "version": 1,
        "data": sections,
        "account": {"fees": 1},
        "strategies": [strategy],
        "fills": {"at_end": "mark"},
    }
    result = barstep.run(config, out=folder / "run")
    stored = Records(result.folder)
    contracts = {contract.id: contract for contract in stored.contracts}
    fills = []
    for row in pl.read_parquet(result.folder / "fills.parquet").iter_rows(named=True):
        at_ns = round(row["bar_start"].timestamp()) * NS + NS  # all fill at the open
        size = row["size"] if row["side"] == "buy" else -row["size"]
        fills.append(LedgerFill(at_ns, contracts[row["contract"]], size, row["price_ticks"], micros(row["fees"])))
    ledger = Ledger("fills", fills)
    streams = {data.instrument.name: make_stream(data, result.folder) for data in stored.options.data}
    assume(len(ledger.contracts) == 2)
    record = fills_record(ledger, Decimal(0), [streams[contract.instrument.name] for contract in ledger.contracts])
    equity = pl.read_parquet(result.folder / "equity.parquet").select("time", "equity", "low", "high")
    days = list(record.days())
    ends = np.concatenate([day.end_ns for day in days])
    known = equity.filter(equity["time"].to_physical().is_between(int(ends[0]), int(ends[-1])))
    close, low, high = ((known[name].to_numpy() - 50_000) * 1_000_000 for name in ("equity", "low", "high"))
    assert known["time"].to_physical().to_list() == ends.tolist()
    assert len(ends) > BARS
    assert np.concatenate([day.close for day in days]).tolist() == np.rint(close).tolist()
    assert (np.concatenate([day.low for day in days]) <= np.rint(low)).all()
    assert (np.concatenate([day.high for day in days]) >= np.rint(high)).all()
