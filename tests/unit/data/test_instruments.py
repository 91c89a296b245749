from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from barstep.data import front_contract, inline_instrument, instrument, instrument_names, parse_contract
from barstep.domain.errors import ConfigError


def test_the_table_is_whole() -> None:
    assert len(instrument_names()) == 34
    for name in instrument_names():
        item = instrument(name)
        assert item.name == name
        assert item.tick_value > 0
        assert set(item.fees) == {"none", "topstepx"}
        assert item.product_id
        assert item.session.zone == "America/Chicago"
        assert hash(item) == hash(instrument(name))


@pytest.mark.parametrize(
    ("name", "tick", "point_value", "fee"),
    [
        ("ES", "1/4", 50.0, 1_890_000),
        ("MYM", "1", 0.5, 610_000),
        ("ZF", "1/128", 1000.0, 1_160_000),
        ("6J", "1/2000000", 12_500_000.0, 2_110_000),
        ("MBT", "5", 0.1, 1_410_000),
    ],
)
def test_figures(name: str, tick: str, point_value: float, fee: int) -> None:
    item = instrument(name)
    assert item.tick_size == Fraction(tick)
    assert item.point_value == point_value
    assert item.fees["topstepx"] == fee


@pytest.mark.parametrize(("name", "message"), [("es", "did you mean ES"), ("NQQ", "NQ"), ("SPX", "known: NQ")])
def test_unknown_name(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        instrument(name)


@pytest.mark.parametrize(
    ("name", "day", "short"),
    [
        ("ES", date(2013, 9, 3), "ESU3"),
        ("ES", date(2013, 9, 19), "ESU3"),
        ("ES", date(2013, 9, 20), "ESZ3"),
        ("ES", date(2013, 12, 25), "ESH4"),
        ("GC", date(2013, 10, 7), "GCZ3"),
        ("GC", date(2013, 9, 30), "GCV3"),
        ("CL", date(2013, 12, 31), "CLF4"),
    ],
)
def test_front_contract(name: str, day: date, short: str) -> None:
    assert front_contract(instrument(name), day).name == short


@pytest.mark.parametrize(
    ("text", "near", "ident"),
    [
        ("ESU3", date(2013, 9, 1), "CON.F.US.EP.U13"),
        ("ESH0", date(2019, 12, 1), "CON.F.US.EP.H20"),
        ("ESZ25", date(2013, 9, 1), "CON.F.US.EP.Z25"),
        ("CON.F.US.EP.U13", date(2026, 9, 1), "CON.F.US.EP.U13"),
    ],
)
def test_parse_contract(text: str, near: date, ident: str) -> None:
    assert parse_contract(instrument("ES"), text, near).id == ident


@pytest.mark.parametrize("text", ["NQU3", "ESA3", "CON.F.US.ENQ.U13", "ES"])
def test_parse_contract_refuses(text: str) -> None:
    with pytest.raises(ConfigError, match=r"such as ESU3, or the gateway's id, such as CON\.F\.US\.EP\.U13"):
        parse_contract(instrument("ES"), text, date(2013, 9, 1))


def test_inline_instrument() -> None:
    item = inline_instrument("FDAX", Decimal("0.5"), "12.5", fees={"mine": "1.05"}, months="ZHMU", session="globex_23h")
    assert (item.tick_size, item.tick_value, item.months) == (Fraction(1, 2), 12_500_000, "HMUZ")
    assert dict(item.fees) == {"none": 0, "mine": 1_050_000}


@pytest.mark.parametrize(
    ("tick", "value", "message"),
    [
        ("0.25", "0.0000001", "micro-dollars"),
        ("0", "1", "above zero"),
        ("a quarter", "1", "not a number"),
        (0.25, "1", "exact text"),
    ],
)
def test_bad_inline_figures(tick: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        inline_instrument("X", tick, value)


def test_the_day_by_which_a_contract_has_ended():
    from barstep.data import instrument, last_day, parse_contract

    ended = [last_day(parse_contract(instrument(n[:2]), n, date(2021, 12, 1))) for n in ("ESZ1", "GCG2", "GCZ1")]
    assert ended == [date(2021, 12, 17), date(2022, 2, 28), date(2021, 12, 31)]
