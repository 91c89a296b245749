"""The oracle against the document's vectors V1-V28."""

from __future__ import annotations

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from oracle import Ask, Guard, Options, run

FIRST = (400, 404, 398, 402)


def market(side: int, size: int = 1, **more) -> Ask:
    return Ask("market", side, size, **more)


def limit(side: int, price: int, size: int = 1, **more) -> Ask:
    return Ask("limit", side, size, limit=price, **more)


def stop(side: int, price: int, size: int = 1, **more) -> Ask:
    return Ask("stop", side, size, stop=price, **more)


def stop_limit(side: int, trigger: int, price: int, **more) -> Ask:
    return Ask("stop_limit", side, 1, stop=trigger, limit=price, **more)


def guard(level: int, basis: str = "equity", side: str = "floor", action: str = "fail") -> Guard:
    return Guard(basis, side, level, action)


V11 = [stop(1, 404, sl=6, tp=4)]
V11_BARS = [(400, 412, 396, 410)]
V12 = [limit(1, 396, sl=8, tp=4)]
V16 = [stop(1, 404, oco=1), stop(-1, 396, oco=1)]
V17 = [market(1, tp=8)]
V8 = [market(1, sl=4, tp=4)]
V26 = [stop(1, 405, 2, sl=5), limit(-1, 404)]

# name, asks, bars, options, guards, fills as (bar, order id, side, size, price, phase), equity, position, ambiguous, failed
VECTORS = [
    ("V1", [market(1)], [FIRST], {}, [], [(1, 1, 1, 1, 401, "open")], 1, 1, set(), False),
    ("V2", [limit(1, 402)], [FIRST], {}, [], [(1, 1, 1, 1, 401, "open")], 1, 1, set(), False),
    ("V3", [limit(1, 398)], [FIRST], {}, [], [], 0, 0, set(), False),
    ("V3 q=0", [limit(1, 398)], [FIRST], {"limit_through_ticks": 0}, [], [(1, 1, 1, 1, 398, "path")], 4, 1, set(), False),
    ("V4", [limit(1, 398)], [(400, 404, 397, 402)], {}, [], [(1, 1, 1, 1, 398, "path")], 4, 1, set(), False),
    ("V5", [limit(1, 398)], [(400, 404, 399, 402), (390, 393, 388, 392)], {}, [],
     [(2, 1, 1, 1, 398, "open")], -6, 1, set(), False),
    ("V5 gap_price open", [limit(1, 398)], [(400, 404, 399, 402), (390, 393, 388, 392)], {"gap_price": "open"}, [],
     [(2, 1, 1, 1, 390, "open")], 2, 1, set(), False),
    ("V6", [market(1), stop(-1, 396)], [(400, 403, 395, 397)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 395, "path")], -6, 0, set(), False),
    ("V7", [market(1), stop(-1, 396)], [(400, 403, 398, 401), (390, 392, 388, 391)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (2, 2, -1, 1, 389, "open")], -12, 0, set(), False),
    ("V8", V8, [(400, 408, 394, 402)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 396, "path")], -5, 0, {1}, False),
    *[
        (f"V8 {mode}", V8, [(400, 408, 394, 402)], {"intrabar": mode}, [],
         [(1, 1, 1, 1, 401, "open"), (1, 3, -1, 1, 405, "path")], 4, 0, amb, False)
        for mode, amb in (("ohlc", set()), ("optimistic", {1}))
    ],
    *[
        (f"V8 {mode}", V8, [(400, 408, 394, 402)], {"intrabar": mode}, [],
         [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 396, "path")], -5, 0, set(), False)
        for mode in ("olhc", "nearest_extreme", "adverse")
    ],
    ("V9", [market(1, sl=10, tp=4)], [(400, 408, 396, 402)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (1, 3, -1, 1, 405, "path")], 4, 0, set(), False),
    ("V10", [market(1, sl=10, tp=4)], [(400, 405, 396, 402)], {}, [], [(1, 1, 1, 1, 401, "open")], 1, 1, set(), False),
    ("V11", V11, V11_BARS, {}, [], [(1, 1, 1, 1, 405, "path"), (1, 2, -1, 1, 398, "path")], -7, 0, {1}, False),
    *[
        (f"V11 {mode}", V11, V11_BARS, {"intrabar": mode}, [],
         [(1, 1, 1, 1, 405, "path"), (1, 3, -1, 1, 409, "path")], 4, 0, set(), False)
        for mode in ("ohlc", "olhc", "nearest_extreme", "candle_colour", "adverse", "optimistic")
    ],
    ("V12", V12, [(400, 404, 394, 399)], {}, [], [(1, 1, 1, 1, 396, "path")], 3, 1, {1}, False),
    *[
        (f"V12 {mode}", V12, [(400, 404, 394, 399)], {"intrabar": mode}, [],
         [(1, 1, 1, 1, 396, "path"), (1, 3, -1, 1, 400, "path")], 4, 0, amb, False)
        for mode, amb in (("olhc", set()), ("optimistic", {1}))
    ],
    ("V13", [market(1), Ask("trailing_stop", -1, 1, trail=4, ref=400)], [(400, 408, 398, 401)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 403, "path")], 2, 0, set(), False),
    ("V14", [stop_limit(1, 404, 405)], [(400, 408, 399, 406)], {}, [], [(1, 1, 1, 1, 405, "path")], 1, 1, set(), False),
    ("V15", [stop_limit(1, 404, 405)], [(407, 409, 402, 403)], {}, [], [(1, 1, 1, 1, 405, "path")], -2, 1, set(), False),
    ("V16", V16, [(400, 406, 394, 399)], {}, [], [(1, 1, 1, 1, 405, "path")], -6, 1, {1}, False),
    *[
        (f"V16 {mode}", V16, [(400, 406, 394, 399)], {"intrabar": mode}, [],
         [(1, 2, -1, 1, 395, "path")], -4, -1, amb, False)
        for mode, amb in (("olhc", set()), ("optimistic", {1}))
    ],
    ("V17", V17, [(400, 410, 392, 405)], {}, [guard(-6)],
     [(1, 1, 1, 1, 401, "open"), (1, 0, -1, 1, 393, "path")], -8, 0, {1}, True),
    *[
        (f"V17 {mode}", V17, [(400, 410, 392, 405)], {"intrabar": mode}, [guard(-6)],
         [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 409, "path")], 8, 0, amb, False)
        for mode, amb in (("ohlc", set()), ("optimistic", {1}))
    ],
    ("V18", [market(1), market(-1, 2, bar=2)], [FIRST, (402, 403, 399, 400)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (2, 2, -1, 2, 401, "open")], 1, -1, set(), False),
    ("V19", V11, [(400, 412, 396, 410), (410, 411, 396, 397)], {"children": "next_bar"}, [],
     [(1, 1, 1, 1, 405, "path"), (2, 3, -1, 1, 409, "open")], 4, 0, set(), False),
    ("V20", [stop(1, 404, sl=12, tp=4)], V11_BARS, {}, [],
     [(1, 1, 1, 1, 405, "path"), (1, 3, -1, 1, 409, "path")], 4, 0, set(), False),
    ("V21", [limit(1, 396, sl=4, tp=4)], [(400, 404, 391, 403)], {}, [],
     [(1, 1, 1, 1, 396, "path"), (1, 2, -1, 1, 391, "path")], -5, 0, set(), False),
    ("V22", [market(-1, sl=4, tp=4)], [(400, 406, 393, 400)], {}, [],
     [(1, 1, -1, 1, 399, "open"), (1, 2, 1, 1, 404, "path")], -5, 0, {1}, False),
    ("V23", [market(1, sl=6)], [(400, 401, 390, 392)], {}, [guard(-6)],
     [(1, 1, 1, 1, 401, "open"), (1, 0, -1, 1, 393, "path")], -8, 0, set(), True),
    ("V24", [market(1, sl=4)], [(400, 401, 395, 396)], {}, [guard(-5)],
     [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 396, "path")], -5, 0, set(), True),
    ("V25", [stop(1, 404), stop(1, 404)], [FIRST], {}, [],
     [(1, 1, 1, 1, 405, "path"), (1, 2, 1, 1, 405, "path")], -6, 2, set(), False),
    ("V26", V26, [(400, 405, 393, 405)], {}, [],
     [(1, 1, 1, 2, 406, "path"), (1, 2, -1, 1, 404, "path"), (1, 3, -1, 1, 400, "path")], -8, 0, {1}, False),
    ("V26 olhc", V26, [(400, 405, 393, 405)], {"intrabar": "olhc"}, [],
     [(1, 1, 1, 2, 406, "path"), (1, 2, -1, 1, 404, "path")], -3, 1, set(), False),
    ("V27", [market(1, sl=1)], [(400, 402, 399, 401)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 399, "open")], -2, 0, set(), False),
    ("V28", [market(1, sl=4, tp=4), limit(-1, 402)], [(400, 408, 399, 402)], {}, [],
     [(1, 1, 1, 1, 401, "open"), (1, 2, -1, 1, 402, "path")], 1, 0, set(), False),
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=[v[0] for v in VECTORS])
def test_vector(vector) -> None:
    name, asks, bars, options, guards, fills, equity, position, ambiguous, failed = vector
    result = run(bars, asks, Options(**options), guards)
    assert [fill[:5] + fill[6:] for fill in result.fills] == fills
    assert result.equity[-1] == equity
    assert (result.position, result.ambiguous, result.failed) == (position, ambiguous, failed)
    assert not result.locked
    if name in ("V6", "V8", "V9", "V20", "V21", "V22", "V23", "V27", "V28"):
        assert result.working == []  # flat: no child is left


def test_rule_ids_and_children_left() -> None:
    assert [fill[5] for fill in run(V11_BARS, V11).fills] == ["R8", "R17b"]
    assert [fill[5] for fill in run([(400, 410, 392, 405)], V17, None, [guard(-6)]).fills] == ["R6", "R19"]
    assert run([(400, 404, 394, 399)], V12).working == [2, 3]
    assert run([(400, 406, 394, 399)], V16).working == []


# a few hand-computed cases beyond the table


def test_fees_tick_value_and_at_end_close() -> None:
    result = run([FIRST], [market(1, 2)], Options(at_end="close"), fee=3, tick_value=5, start=1000)
    assert result.equity == [1000 + 2 * 5 * 1 - 6]
    assert result.fills[-1] == (1, 0, -1, 2, 401, "R25", "end")
    assert result.final_equity == 1000 - 12
    assert result.position == 0


def test_current_close_fills_in_phase_e_and_children_rest() -> None:
    options = Options(market_fill="current_close", market_slip_ticks=0)
    bars = [FIRST, (410, 411, 400, 400)]
    result = run(bars, [market(1, tp=4, bar=2)], options)
    assert result.fills == [(1, 1, 1, 1, 402, "R6", "close"), (2, 2, -1, 1, 406, "R7", "open")]
    with pytest.raises(ValueError, match="no close"):
        run(bars, [market(1)], options)


def test_latency() -> None:
    result = run([FIRST, (410, 411, 409, 410)], [market(1)], Options(latency_bars=1))
    assert result.ledger == [(1, 1, 1, 411)]


def test_clamp_is_for_stops_only() -> None:
    bars = [(400, 404, 398, 402)]
    assert run(bars, [stop(1, 404)], Options(clamp_slippage=True)).ledger == [(1, 1, 1, 404)]
    assert run([(400, 400, 400, 400)], [market(1)], Options(clamp_slippage=True)).ledger == [(1, 1, 1, 401)]


def test_trail_update_bar_close() -> None:
    ask = Ask("trailing_stop", -1, 1, trail=4, ref=400)
    bars = [(400, 408, 398, 406), (405, 407, 402, 402)]
    assert run(bars, [market(1), ask]).fills[1][:5] == (1, 2, -1, 1, 403)
    assert run(bars, [market(1), ask], Options(trail_update="bar_close")).fills[1][:5] == (2, 2, -1, 1, 401)


def test_trailing_child_instead_of_stop() -> None:
    result = run([(400, 408, 400, 401)], [market(1, trailing_sl=4, sl=1, tp=20)])
    assert result.fills[1] == (1, 2, -1, 1, 403, "R10", "path")
    assert result.working == []


def test_reduce_only_with_nothing_to_reduce_is_cancelled_and_oco_stays() -> None:
    result = run([FIRST], [stop(1, 403, reduce_only=True, oco=1), stop(-1, 390, oco=1)])
    assert result.fills == []
    assert result.working == [2]


def test_reversal_cancels_earlier_children_and_sizes_new_ones() -> None:
    asks = [market(1, 1, sl=9, tp=9), market(-1, 3, sl=8, tp=9)]
    result = run([FIRST], asks)
    assert result.position == -2
    assert [(o.role, o.ask.size) for o in result.orders] == [("stop", 2), ("target", 2)]
    assert result.working == [5, 6]


def test_lock_and_flatten() -> None:
    later = market(1, bar=2)
    bars = [(400, 401, 390, 392), (392, 394, 391, 393)]
    locked = run(bars, [market(1), later], None, [guard(-5, "position", action="lock")])
    assert locked.locked
    assert len(locked.fills) == 2
    flat = run(bars, [market(1), later], None, [guard(-5, "position", action="flatten")])
    assert (flat.locked, len(flat.fills), flat.position) == (False, 3, 1)


def test_cap_guard_comes_after_the_orders_of_its_tick() -> None:
    result = run([(400, 408, 399, 402)], [market(1, tp=4)], None, [guard(5, side="cap", action="lock")])
    assert result.ledger[1] == (2, -1, 1, 405)  # target E and cap both at 406; 405 - 401 = 4 < 5
    assert not result.locked


def test_fail_stops_the_run_at_the_end_of_the_bar() -> None:
    result = run([(400, 401, 390, 392), FIRST], [market(1), market(1, bar=2)], None, [guard(-6)])
    assert len(result.equity) == 1
    assert len(result.fills) == 2


def test_guards_come_between_the_orders_of_phase_b() -> None:
    result = run([(400, 404, 398, 402)], [market(1), market(1)], None, [guard(-1)])
    assert result.ledger == [(1, 1, 1, 401), (0, -1, 1, 398)]
    assert result.failed


def test_guards_are_tested_at_the_open_before_any_order() -> None:
    bars = [(400, 401, 398, 400), (390, 391, 389, 390)]
    result = run(bars, [market(1), limit(-1, 380, bar=2)], None, [guard(-5)])
    assert result.fills[1] == (2, 0, -1, 1, 388, "R19", "open")
    assert len(result.fills) == 2


def test_floor_after_a_fill_comes_before_the_new_children_are_tested() -> None:
    # bought at 405 with p = 404: equity -1; the stop child at 404 is reached too, but guards come first (R16)
    result = run([(400, 404, 398, 402)], [stop(1, 404, sl=1)], None, [guard(-1)])
    assert result.ledger == [(1, 1, 1, 405), (0, -1, 1, 402)]
    assert result.failed


def test_r17b_needs_a_parent_filled_in_phase_c() -> None:
    one_bar = [(400, 408, 396, 402)]
    in_b = run(one_bar, [market(1, trailing_sl=6, tp=4)])
    assert (in_b.ledger[1], in_b.ambiguous) == ((3, -1, 1, 405), set())
    # filled in phase C: the trailing sibling moved with p to 408 before the target was due (N4): level 402
    in_c = run([(400, 409, 396, 408)], [stop(1, 402, trailing_sl=6, tp=4)])
    assert (in_c.fills[1], in_c.ambiguous) == ((1, 2, -1, 1, 401, "R17b", "path"), {1})


def test_r17b_needs_a_parent_filled_in_the_same_bar() -> None:
    bars = [(400, 404, 400, 404), (404, 411, 402, 410)]
    result = run(bars, [stop(1, 404, trailing_sl=6, tp=4)])
    assert result.fills == [(1, 1, 1, 1, 405, "R8", "path"), (2, 3, -1, 1, 409, "R7", "path")]
    assert result.ambiguous == set()


def test_r17_prefers_the_nearest_path_before_the_walk_without_r17b() -> None:
    # A leaves the position open at 396 (equity 0); B with R17b stops out at 397 - 1 (equity 0); B is the nearest path
    result = run([(400, 406, 394, 396)], [limit(1, 396, trailing_sl=4, tp=4)])
    assert result.fills == [(1, 1, 1, 1, 396, "R7", "path"), (1, 2, -1, 1, 396, "R17b", "path")]
    assert result.ambiguous == {1}


def test_a_child_already_reached_when_created_in_the_path_fills_at_p() -> None:
    result = run([FIRST], [stop(1, 404, sl=1)], Options(stop_slip_ticks=2))
    assert result.ledger == [(1, 1, 1, 406), (2, -1, 1, 402)]


def test_plain_orders_survive_a_flat_position() -> None:
    result = run([(400, 404, 398, 402)], [market(1), limit(-1, 402), stop(-1, 390)])
    assert (result.position, result.working) == (0, [3])


def test_a_position_guard_needs_a_position() -> None:
    assert not run([FIRST], [limit(1, 380)], None, [guard(0, "position")]).failed
    assert run([FIRST], [limit(1, 380)], None, [guard(0, "equity")]).failed


def test_stop_limit_with_equal_prices_fills_at_the_trigger() -> None:
    result = run([(400, 404, 400, 404)], [stop_limit(1, 404, 404)])
    assert (result.ledger, result.ambiguous) == ([(1, 1, 1, 404)], set())
