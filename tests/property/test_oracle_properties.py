"""The oracle's own properties."""

from __future__ import annotations

import pathlib
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from oracle import Ask, Guard, Options, OracleError, Order, Result, Sim, run

small = st.integers(1, 8)


price = st.integers(388, 412)


maybe = st.none() | small

FAR = [Ask("limit", 1, 1, limit=-9999), Ask("stop", 1, 1, stop=9999), Ask("limit", -1, 1, limit=9999)]


@st.composite
def ask(draw, last: int = 1) -> Ask:
    kind = draw(st.sampled_from(["market", "limit", "stop", "stop_limit", "trailing_stop"]))
    more = {}
    if kind in ("limit", "stop_limit"):
        more["limit"] = draw(price)
    if kind in ("stop", "stop_limit"):
        more["stop"] = draw(price)
    if kind == "trailing_stop":
        more |= {"trail": draw(small), "ref": draw(price)}
    if draw(st.booleans()):
        more |= {"sl": draw(maybe), "tp": draw(maybe), "trailing_sl": draw(st.none() | st.none() | small)}
    return Ask(
        kind, draw(st.sampled_from([1, -1])), draw(st.integers(1, 3)),
        oco=draw(st.sampled_from([None, None, 1])), reduce_only=draw(st.sampled_from([False, False, False, True])),
        bar=draw(st.integers(1, last)), **more,
    )  # fmt: skip


@st.composite
def bar(draw) -> tuple[int, int, int, int]:
    o, c = draw(st.integers(395, 405)), draw(st.integers(395, 405))
    return o, max(o, c) + draw(st.integers(0, 8)), min(o, c) - draw(st.integers(0, 8)), c


guards_of = st.lists(
    st.builds(
        Guard, st.sampled_from(["equity", "position"]), st.sampled_from(["floor", "cap"]), small,
        st.sampled_from(["fail", "lock", "flatten"]),
    ).map(lambda g: replace(g, level=-g.level if g.side == "floor" else g.level)),
    max_size=2,
)  # fmt: skip


options_of = st.builds(
    Options,
    market_slip_ticks=st.integers(0, 2),
    stop_slip_ticks=st.integers(0, 2),
    forced_slip_ticks=st.integers(0, 3),
    limit_through_ticks=st.integers(0, 2),
    gap_price=st.sampled_from(["limit", "open"]),
    intrabar=st.sampled_from(["pessimistic", "pessimistic", "optimistic", "nearest_extreme", "ohlc", "olhc",
                              "candle_colour", "adverse"]),
    children=st.sampled_from(["path", "path", "next_bar"]),
    trail_update=st.sampled_from(["path", "path", "bar_close"]),
    clamp_slippage=st.booleans(),
    latency_bars=st.sampled_from([0, 0, 1]),
    at_end=st.sampled_from(["mark", "close"]),
)  # fmt: skip


three_bars = st.lists(bar(), min_size=1, max_size=3)


asks_of = st.lists(ask(last=3), min_size=1, max_size=5)


many = settings(max_examples=400, deadline=None, derandomize=True)


def flip(value: int | None) -> int | None:
    return None if value is None else -value


def mirror_ask(a: Ask) -> Ask:
    return replace(a, side=-a.side, limit=flip(a.limit), stop=flip(a.stop), ref=flip(a.ref))


def same_state(one: Result, two: Result, *, mirrored: bool = False, shift: int = 0) -> None:
    sign = -1 if mirrored else 1
    assert [(k, oid, sign * s, n, sign * p + shift, r, ph) for k, oid, s, n, p, r, ph in one.fills] == two.fills
    assert one.equity == two.equity
    assert one.final_equity == two.final_equity
    assert (one.ambiguous, one.failed, one.locked) == (two.ambiguous, two.failed, two.locked)
    assert (one.working, sign * one.position) == (two.working, two.position)


@many
@given(three_bars, asks_of, options_of, guards_of)
def test_mirror_symmetry(bars, asks, options, guards) -> None:
    # ties of the two tie rules (nearest extreme, candle colour) have no mirror: move them off
    bars = [(o, h + (h - o == o - low), low, c) for o, h, low, c in bars]
    if options.intrabar == "candle_colour":
        bars = [b for b in bars if b[0] != b[3]]
    swap = {"ohlc": "olhc", "olhc": "ohlc"}.get(options.intrabar, options.intrabar)
    twin = [(-o, -low, -h, -c) for o, h, low, c in bars]
    one = run(bars, asks, options, guards, fee=1, tick_value=2)
    two = run(twin, [mirror_ask(a) for a in asks], replace(options, intrabar=swap), guards, fee=1, tick_value=2)
    same_state(one, two, mirrored=True)


@many
@given(three_bars, asks_of, options_of, guards_of, st.integers(-1000, 1000))
def test_shift_invariance(bars, asks, options, guards, shift) -> None:
    def up(value: int | None) -> int | None:
        return None if value is None else value + shift

    twin = [tuple(x + shift for x in b) for b in bars]
    moved = [replace(a, limit=up(a.limit), stop=up(a.stop), ref=up(a.ref)) for a in asks]
    same_state(run(bars, asks, options, guards), run(twin, moved, options, guards), shift=shift)


def badness(result: Result) -> tuple[bool, bool, int]:
    return (not result.failed, not result.locked, result.equity[-1])


@many
@given(bar(), st.lists(ask(), min_size=1, max_size=5), options_of, guards_of)
def test_pessimistic_is_never_better_and_optimistic_never_worse(one_bar, asks, options, guards) -> None:
    got = {
        mode: run([one_bar], asks, replace(options, intrabar=mode, latency_bars=0), guards)
        for mode in ("pessimistic", "optimistic", "ohlc", "olhc", "nearest_extreme")
    }
    a, b, worst, best = (got[m] for m in ("ohlc", "olhc", "pessimistic", "optimistic"))
    assert badness(worst) <= min(badness(a), badness(b))
    assert badness(best) == max(badness(a), badness(b))
    differ = (a.ledger, a.failed, a.locked) != (b.ledger, b.failed, b.locked)
    assert (best.ambiguous == {1}) == differ
    if differ:
        assert worst.ambiguous == {1}
    if not worst.ambiguous:
        assert worst.fills == got["nearest_extreme"].fills == a.fills
    if badness(a) == badness(b) == badness(worst):
        assert worst.fills == got["nearest_extreme"].fills  # the order of R17: nearest extreme, then without R17b


@many
@given(three_bars, asks_of, options_of, guards_of)
def test_path_a_equals_three_one_way_bars(bars, asks, options, guards) -> None:
    options = replace(
        options, intrabar="ohlc", children="path", trail_update="path", clamp_slippage=False, latency_bars=0
    )
    cut = [leg for o, h, low, c in bars for leg in ((o, h, o, h), (h, h, low, low), (low, c, low, c))]
    whole = run(bars, asks, options, guards)
    # A rising bar is walked one way by B (o, l = o, h, c = h), a falling one by A: that is candle_colour.
    one_way = replace(options, intrabar="candle_colour")
    parts = run(cut, [replace(a, bar=3 * a.bar - 2) for a in asks], one_way, guards)
    assert whole.ledger == parts.ledger
    assert (whole.failed, whole.locked, whole.position) == (parts.failed, parts.locked, parts.position)
    assert whole.working == parts.working
    assert whole.final_equity == parts.final_equity
    if not whole.failed:
        assert whole.equity == parts.equity[2::3]


@many
@given(three_bars, asks_of, options_of, guards_of)
def test_r28_and_r20_at_the_end_of_every_bar(bars, asks, options, guards) -> None:
    options = replace(options, at_end="mark")
    for n in range(1, len(bars) + 1):
        result = run(bars[:n], asks, options, guards, fee=1)
        if len(result.equity) < n:
            continue  # failed earlier
        c, q = bars[n - 1][3], options.limit_through_ticks
        for order in result.orders:
            if order.eligible > n:
                continue
            s, a = order.ask.side, order.ask
            assert a.kind != "market"
            if a.kind == "limit" or order.triggered:
                assert s * (c - a.limit) > -q
            elif a.kind == "trailing_stop":
                assert s * (c - (order.ref + s * a.trail)) < 0
            else:
                assert s * (c - a.stop) < 0
            if order.role is not None:
                assert result.position * s < 0  # a child never outlives its position
        flow = sum(-s * size * p - size for _, _, s, size, p, _, _ in result.fills)
        assert result.equity[-1] == flow + result.position * c
        assert result.position == sum(s * size for _, _, s, size, _, _, _ in result.fills)


@many
@given(three_bars, asks_of, options_of, guards_of, st.sampled_from(FAR))
def test_an_order_that_never_triggers_changes_nothing(bars, asks, options, guards, far) -> None:
    one = run(bars, asks, options, guards)
    two = run(bars, [*asks, far], options, guards)
    assert [f[:1] + f[2:] for f in one.fills] == [f[:1] + f[2:] for f in two.fills]
    assert (one.equity, one.ambiguous, one.failed, one.locked) == (two.equity, two.ambiguous, two.failed, two.locked)


@many
@given(three_bars, asks_of, options_of, guards_of)
def test_run_leaves_its_input_alone_and_repeats(bars, asks, options, guards) -> None:
    before = (list(bars), [replace(a) for a in asks], replace(options), [replace(g) for g in guards])
    first, second = run(bars, asks, options, guards), run(bars, asks, options, guards)
    same_state(first, second)
    assert before == (bars, asks, options, guards)


def test_the_oracle_catches_itself() -> None:
    sim = Sim(Options(), [], 0, 1, 0)
    sim.k, sim.bar = 1, (400, 404, 398, 402)
    sim.orders[1] = Order(1, Ask("limit", 1, 1, limit=410), 1, 1)
    with pytest.raises(OracleError, match="R28"):
        sim.phase_d()
