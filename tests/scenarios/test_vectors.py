"""The vectors V1 to V28 of the fill model, each in the default mode and in the other modes its line states."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest
from table import buy, floor, play, sell


class Vector(NamedTuple):
    name: str
    bars: list
    orders: list
    fills: list
    equity: int
    ambiguous: bool = False
    position: int | None = None
    failed: bool = False
    guards: tuple = ()
    options: Mapping = MappingProxyType({})


FIRST = [(400, 404, 398, 402)]
GAP = [(400, 404, 399, 402), (390, 393, 388, 392)]
V8 = ([(400, 408, 394, 402)], [buy(sl=4, tp=4)])
V11 = ([(400, 412, 396, 410)], [buy(stop=404, sl=6, tp=4)])
V12 = ([(400, 404, 394, 399)], [buy(limit=396, sl=8, tp=4)])
V16 = ([(400, 406, 394, 399)], [buy(stop=404, oco="pair"), sell(stop=396, oco="pair")])
V17 = ([(400, 410, 392, 405)], [buy(tp=8)])
V26 = ([(400, 405, 393, 405)], [buy(2, stop=405, sl=5), sell(limit=404)])

BOUGHT = "1 open buy 1 @ 401 R6"
V8_STOP = [BOUGHT, "1 path sell 1 @ 396 R8"]
V8_TARGET = [BOUGHT, "1 path sell 1 @ 405 R7"]
V11_TARGET = ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 409 R7"]
V12_OPEN = ["1 path buy 1 @ 396 R7"]
V12_TARGET = [*V12_OPEN, "1 path sell 1 @ 400 R7"]
V16_BUY = ["1 path buy 1 @ 405 R8"]
V16_SELL = ["1 path sell 1 @ 395 R8"]
V17_OUT = [BOUGHT, "1 path sell 1 @ 393 R19"]
V17_TARGET = [BOUGHT, "1 path sell 1 @ 409 R7"]
V26_BOTH = ["1 path buy 2 @ 406 R8", "1 path sell 1 @ 404 R7"]


def mode(name):
    return {"intrabar": name}


VECTORS = [
    Vector("V1", FIRST, [buy()], [BOUGHT], +1, position=1),
    Vector("V2", FIRST, [buy(limit=402)], ["1 open buy 1 @ 401 R7"], +1, position=1),
    Vector("V3", FIRST, [buy(limit=398)], [], 0, position=0),
    Vector("V3 q=0", FIRST, [buy(limit=398)], ["1 path buy 1 @ 398 R7"], +4, options={"limit_through_ticks": 0}),
    Vector("V4", [(400, 404, 397, 402)], [buy(limit=398)], ["1 path buy 1 @ 398 R7"], +4),
    Vector("V5", GAP, [buy(limit=398)], ["2 open buy 1 @ 398 R7"], -6),
    Vector("V5 gap open", GAP, [buy(limit=398)], ["2 open buy 1 @ 390 R7"], +2, options={"gap_price": "open"}),
    Vector("V6", [(400, 403, 395, 397)], [buy(), sell(stop=396)], [BOUGHT, "1 path sell 1 @ 395 R8"], -6),
    Vector("V7", [(400, 403, 398, 401), (390, 392, 388, 391)], [buy(), sell(stop=396)],
           [BOUGHT, "2 open sell 1 @ 389 R8"], -12),
    Vector("V8", *V8, V8_STOP, -5, ambiguous=True),
    Vector("V8 A", *V8, V8_TARGET, +4, options=mode("ohlc")),
    Vector("V8 optimistic", *V8, V8_TARGET, +4, ambiguous=True, options=mode("optimistic")),
    Vector("V8 B", *V8, V8_STOP, -5, options=mode("olhc")),
    Vector("V8 nearest", *V8, V8_STOP, -5, options=mode("nearest_extreme")),
    Vector("V9", [(400, 408, 396, 402)], [buy(sl=10, tp=4)], V8_TARGET, +4),
    Vector("V10", [(400, 405, 396, 402)], [buy(sl=10, tp=4)], [BOUGHT], +1, position=1),
    Vector("V11", *V11, ["1 path buy 1 @ 405 R8", "1 path sell 1 @ 398 R17b"], -7, ambiguous=True),
    *[
        Vector(f"V11 {name}", *V11, V11_TARGET, +4, options=mode(name))
        for name in ("ohlc", "olhc", "nearest_extreme", "candle_colour", "adverse", "optimistic")
    ],
    Vector("V12", *V12, V12_OPEN, +3, ambiguous=True, position=1),
    Vector("V12 B", *V12, V12_TARGET, +4, options=mode("olhc")),
    Vector("V12 optimistic", *V12, V12_TARGET, +4, ambiguous=True, options=mode("optimistic")),
    Vector("V13", [(400, 408, 398, 401)], [buy(), sell(trail=4)], [BOUGHT, "1 path sell 1 @ 403 R10"], +2),
    Vector("V14", [(400, 408, 399, 406)], [buy(stop=404, limit=405)], ["1 path buy 1 @ 405 R9"], +1),
    Vector("V15", [(407, 409, 402, 403)], [buy(stop=404, limit=405)], ["1 path buy 1 @ 405 R9"], -2),
    Vector("V16", *V16, V16_BUY, -6, ambiguous=True, position=1),
    Vector("V16 B", *V16, V16_SELL, -4, position=-1, options=mode("olhc")),
    Vector("V16 optimistic", *V16, V16_SELL, -4, ambiguous=True, position=-1, options=mode("optimistic")),
    Vector("V17", *V17, V17_OUT, -8, ambiguous=True, failed=True, guards=(floor(-6),)),
    Vector("V17 A", *V17, V17_TARGET, +8, guards=(floor(-6),), options=mode("ohlc")),
    Vector("V17 optimistic", *V17, V17_TARGET, +8, ambiguous=True, guards=(floor(-6),), options=mode("optimistic")),
    Vector("V18", [(400, 404, 398, 402), (402, 403, 399, 400)], [buy(), sell(2, bar=2)],
           [BOUGHT, "2 open sell 2 @ 401 R6"], +1, position=-1),
    Vector("V19", [(400, 412, 396, 410), (410, 411, 396, 397)], V11[1],
           ["1 path buy 1 @ 405 R8", "2 open sell 1 @ 409 R7"], +4, options={"children": "next_bar"}),
    Vector("V20", V11[0], [buy(stop=404, sl=12, tp=4)], V11_TARGET, +4),
    Vector("V21", [(400, 404, 391, 403)], [buy(limit=396, sl=4, tp=4)],
           ["1 path buy 1 @ 396 R7", "1 path sell 1 @ 391 R8"], -5),
    Vector("V22", [(400, 406, 393, 400)], [sell(sl=4, tp=4)],
           ["1 open sell 1 @ 399 R6", "1 path buy 1 @ 404 R8"], -5, ambiguous=True),
    Vector("V23", [(400, 401, 390, 392)], [buy(sl=6)], V17_OUT, -8, failed=True, guards=(floor(-6),)),
    Vector("V24", [(400, 401, 395, 396)], [buy(sl=4)], V8_STOP, -5, failed=True, guards=(floor(-5),)),
    Vector("V25", FIRST, [buy(stop=404), buy(stop=404)], ["1 path buy 1 @ 405 R8"] * 2, -6, position=2),
    Vector("V26", *V26, [*V26_BOTH, "1 path sell 1 @ 400 R8"], -8, ambiguous=True, position=0),
    Vector("V26 B", *V26, V26_BOTH, -3, position=1, options=mode("olhc")),
    Vector("V27", [(400, 402, 399, 401)], [buy(sl=1)], [BOUGHT, "1 open sell 1 @ 399 R8"], -2),
    Vector("V28", [(400, 408, 399, 402)], [buy(sl=4, tp=4), sell(limit=402)], [BOUGHT, "1 path sell 1 @ 402 R7"], +1,
           position=0),
]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector):
    played = play(vector.bars, *vector.orders, guards=vector.guards, finish=False, **vector.options)
    assert played.fills == vector.fills
    assert played.equity[-1] == vector.equity
    assert bool(played.ambiguous) == vector.ambiguous
    assert bool(played.exchange.failed) == vector.failed
    certain = {"certain"} if not vector.ambiguous else {"certain", "ambiguous"}
    assert {fill.certainty for fill in played.records} <= certain
    if vector.position is not None:
        assert played.position == vector.position
    if not played.position and not vector.name.startswith("V3"):
        assert played.working == [], "nothing is left of a bracket once the position is closed"


def test_every_vector_is_here():
    assert {vector.name.split()[0] for vector in VECTORS} == {f"V{number}" for number in range(1, 29)}


@pytest.mark.parametrize("name", ["V8", "V11", "V12", "V16", "V17", "V22", "V26"])
def test_fills_of_an_ambiguous_path_say_so(name):
    vector = next(v for v in VECTORS if v.name == name)
    played = play(vector.bars, *vector.orders, guards=vector.guards)
    assert {fill.certainty for fill in played.records if fill.phase == "path"} == {"ambiguous"}
    assert {fill.certainty for fill in played.records if fill.phase == "open"} <= {"certain"}
    assert sum(chosen for _, _, chosen in played.outcomes) == 1
