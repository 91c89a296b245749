"""Files of fills and trades: what is read, what is refused and in which words, and what is known without bars."""

import json
from datetime import date

import pytest

from barstep.domain.errors import BarstepError, ConfigError, DataError
from barstep.domain.instrument import MICROS, micros
from barstep.evaluate.open_record import open_record
from barstep.evaluate.verdict import Series, walk_record
from barstep.rules.account_limits import Limits

FILLS = """\
time,contract,side,size,price,fees
2026-03-20T09:30:00-05:00,ESM6,buy,2,6500.00,2.80
2026-03-20T09:40:00-05:00,ESM6,sell,1,6510.00,1.40
2026-03-20T09:50:00-05:00,ESM6,sell,1,6490.00,1.40
2026-03-24T10:00:00-05:00,ESM6,sell,1,6480.00,1.40
2026-03-24T10:05:00-05:00,ESM6,buy,1,6470.25,1.40
"""
TRADES = """\
entry_time,exit_time,contract,side,size,entry_price,exit_price,fees,mae,mfe
2026-03-20T09:30:00-05:00,2026-03-20T09:40:00-05:00,NQM6,buy,1,24000,24020,2.80,-150,500
2026-03-20T10:30:00-05:00,2026-03-20T10:40:00-05:00,NQM6,sell,2,24000,24010,5.60,-600,0
"""
LOOSE = Limits(start=50_000 * MICROS, distance=100_000 * MICROS)


def written(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def days_of(source, folder, **options):
    record = open_record(source, folder, **options)
    return record, list(record.days())


def nets(days):
    return [int(day.close[-1] - day.open) / MICROS for day in days]


def test_fills_become_days_idle_ones_included(tmp_path):
    record, days = days_of(written(tmp_path, "fills.csv", FILLS), tmp_path)
    assert [day.date for day in days] == [date(2026, 3, d) for d in (20, 23, 24)]
    assert nets(days) == [500 - 500 - 5.60, 0.0, 9.75 * 50 - 2.80]
    assert [day.traded for day in days] == [True, False, True]
    assert record.certainty == "at_best"
    assert record.held.lots.max() == 2.0
    # at the second fill one contract is open at its price: 500 of two contracts, less fees
    assert int(days[0].close[1]) == micros(1000 - 4.20)
    assert int(days[0].balance[1]) == micros(500 - 4.20)


def test_the_answer_of_trade_search_in_both_dialects(tmp_path):
    live = [
        {"id": 1, "contractId": "CON.F.US.EP.M26", "creationTimestamp": "2026-03-20T14:30:00+00:00", "price": 6500.0,
         "profitAndLoss": None, "fees": 1.4, "side": 0, "size": 1, "voided": False},
        {"id": 2, "contractId": "CON.F.US.EP.M26", "creationTimestamp": "2026-03-20T14:40:00+00:00", "price": 6510.0,
         "profitAndLoss": 500.0, "fees": 1.4, "side": 1, "size": 1, "voided": False},
        {"id": 3, "contractId": "CON.F.US.EP.M26", "creationTimestamp": "2026-03-20T14:41:00+00:00", "price": 1.0,
         "profitAndLoss": None, "fees": 1.4, "side": 1, "size": 1, "voided": True},
    ]  # fmt: skip
    answer = {"success": True, "errorCode": 0, "errorMessage": None, "trades": live[::-1]}
    record, days = days_of(written(tmp_path, "live.json", json.dumps(answer)), tmp_path)
    assert nets(days) == [500 - 2.80]
    assert record.remarks == ["1 voided fills were left out"]
    played = [
        {"id": f"trd_{n}", "orderId": "ord_1", "accountId": 1, "contractId": "CON.F.US.EP.M26", "side": n % 2, "size": 1,
         "price": 6500.0 + 10 * n, "timestamp": f"2026-03-20T14:3{n}:00Z"} for n in range(2)
    ]  # fmt: skip
    record, days = days_of(written(tmp_path, "sim.json", json.dumps({"trades": played})), tmp_path, fees="1.25")
    assert nets(days) == [500 - 2.50]
    assert "fills without fees pay 1.25 (1.25 USD a side)" in record.remarks


def test_trades_one_at_a_time_are_exact_with_the_entry_fee_paid(tmp_path):
    record, days = days_of(written(tmp_path, "trades.csv", TRADES), tmp_path)
    assert record.certainty == "exact"
    (day,) = days
    assert day.close.tolist() == [micros(400 - 2.80), micros(400 - 2.80 - 400 - 5.60)]
    assert day.low.tolist() == [micros(-150 - 1.40), micros(397.20 - 600 - 2.80)]
    assert day.high.tolist() == [micros(500), micros(397.20)]


def test_trades_that_overlap_are_bounded_and_those_without_excursions_are_at_best(tmp_path):
    together = TRADES.replace("2026-03-20T10:30", "2026-03-20T09:35")
    record, days = days_of(written(tmp_path, "both.csv", together), tmp_path)
    assert record.certainty == "bounded"
    assert len(days[0].end_ns) == 1
    assert int(days[0].low[0]) == micros(-150 - 600 - 2.80 - 5.60)
    assert days[0].kindest is not None
    assert int(days[0].kindest.low[0]) == micros(397.20 - 405.60)
    bare = "\n".join(line.rsplit(",", 2)[0] for line in TRADES.splitlines())
    record, days = days_of(written(tmp_path, "bare.csv", bare), tmp_path)
    assert record.certainty == "at_best"
    assert days[0].low.tolist() == [0, micros(397.20 - 405.60)]


def test_times_without_a_zone_need_one_declared(tmp_path):
    naive = FILLS.replace("-05:00", "").replace("T", " ")
    with pytest.raises(DataError, match=r"fills.csv:2: time 2026-03-20 09:30:00 has no zone.*--zone America/Chicago"):
        open_record(written(tmp_path, "fills.csv", naive), tmp_path)
    _, days = days_of(str(tmp_path / "fills.csv"), tmp_path, zone="America/Chicago")
    assert nets(days) == nets(days_of(written(tmp_path, "zoned.csv", FILLS), tmp_path)[1])


FAULTS = {
    "unknown contract": ("ESM6,buy,2", "ESS6,buy,2", "fills.csv:2: unknown contract 'ESS6'; did you mean ES"),
    "unknown product": ("ESM6,buy,2", "CON.F.US.EPP.M26,buy,2", "fills.csv:2: unknown contract 'CON.F.US.EPP.M26'; did you"),
    "missing column": (",size,", ",quantity,", "fills.csv:1: no column size; a file of fills has time, contract, side, size"),
    "unknown column": (",fees\n", ",feees\n", "fills.csv:1: unknown column 'feees'; did you mean fees? Rename or remove it"),
    "column twice": ("price,fees", "price,price", "fills.csv:1: column price stands there twice"),
    "negative size": ("buy,2", "buy,-2", "fills.csv:2: size is -2, expected contracts: 1 or more; buy or sell stands in side"),
    "no size": ("buy,2", "buy,0", "fills.csv:2: size is 0"),
    "part of a contract": ("buy,2", "buy,0.5", "fills.csv:2: size is 0.5"),
    "unknown side": ("buy,2", "long,2", "fills.csv:2: side is 'long', expected buy or sell"),
    "off the grid": ("6500.00", "6500.10", "fills.csv:2: price 6500.1 is no price of ES; the nearest are 6500 and 6500.25"),
    "no number": ("6500.00", "n/a", "fills.csv:2: price is 'n/a', expected a number"),
    "year": ("2026-03-20T09:30", "4026-03-20T09:30", "fills.csv:2: time is 4026-03-20T09:30:00-05:00, expected a time"),
    "huge": ("2.80", "2e300", "fills.csv:2: fees is '2e300', expected a number below a billion"),
    "infinite": ("6500.00", "inf", "fills.csv:2: price is 'inf', expected a number"),
    "no time": ("2026-03-20T09:40:00-05:00", "soon", "fills.csv:3: time is 'soon', expected a time such as"),
    "unsorted": ("2026-03-20T09:50", "2026-03-20T09:35", "fills.csv:4: time is earlier than in the row before; sort the rows"),
    "negative fees": ("2.80", "-2.80", "fills.csv:2: fees is -2.80, expected 0 or more"),
    "open quote": ("ESM6,buy,1,6470.25,1.40", 'ESM6,buy,1,6470.25,"1.40', "fills.csv:6: no CSV: unexpected end of data"),
    "foreign": ("ESM6,buy,2", "ESTX,buy,2", "fills.csv:2: unknown contract 'ESTX'; did you mean"),
    "far off": ("ESM6,buy,2", "BUND,buy,2", "fills.csv:2: unknown contract 'BUND'; known: NQ, MNQ, ES,"),
    "fields": ("6490.00,1.40", "6490.00,1.40,9", "fills.csv:4: found 7 fields, expected 6 as in line 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_csv_is_one_message_with_its_line(tmp_path, name):
    old, new, message = FAULTS[name]
    assert old in FILLS
    with pytest.raises(DataError) as raised:
        open_record(written(tmp_path, "fills.csv", FILLS.replace(old, new, 1)), tmp_path)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_faults_of_trades_and_empty_files(tmp_path):
    for old, new, message in (
        ("-150", "150", "t.csv:2: mae is 150, expected 0 or less"),
        (",500\n", ",-500\n", "t.csv:2: mfe is -500, expected 0 or more"),
        ("2026-03-20T10:40", "2026-03-20T10:20", "t.csv:3: exit_time is earlier than entry_time"),
        ("2026-03-20T10:30:00-05:00,2026-03-20T10:40", "2026-03-20T09:20:00-05:00,2026-03-20T09:35", "t.csv:3: exit_time is"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=message):
            open_record(written(tmp_path, "t.csv", TRADES.replace(old, new, 1)), tmp_path)
    with pytest.raises(DataError, match=r"empty.csv: the file is empty"):
        open_record(written(tmp_path, "empty.csv", ""), tmp_path)
    with pytest.raises(DataError, match=r"head.csv: there are no rows below the header"):
        open_record(written(tmp_path, "head.csv", FILLS.splitlines()[0]), tmp_path)


def test_moments_outside_trading_hours_are_told(tmp_path):
    """The file's clock is Chicago's; read as UTC the fills of 15:59 and later would lie in the break from 16:00."""
    shifted = FILLS.replace("09:50", "16:30")
    assert not any("trading hours" in told for told in open_record(written(tmp_path, "a.csv", FILLS), tmp_path).remarks)
    remarks = open_record(written(tmp_path, "b.csv", shifted), tmp_path).remarks
    assert "1 of 5 fills lie outside trading hours: is the file's zone right?" in remarks
    late = TRADES.replace("2026-03-20T10:40", "2026-03-20T16:40")
    assert "1 of 4 entries and exits lie outside trading hours" in " ".join(
        open_record(written(tmp_path, "t.csv", late), tmp_path).remarks
    )


def test_an_id_counts_once(tmp_path):
    lines = FILLS.splitlines()
    twice = "\n".join([lines[0] + ",id", *(f"{line},{min(n, 3)}" for n, line in enumerate(lines[1:], 1))])
    with pytest.raises(DataError, match=r"f.csv:5: id 3 stands at f.csv:4 already; a fill counts once"):
        open_record(written(tmp_path, "f.csv", twice), tmp_path)


JSON_FAULTS = {
    "no json": ("{", "x.json:1:2: no JSON"),
    "no trades": ('{"orders": []}', "x.json: expected the answer of Trade/search"),
    "refused": ('{"success": false, "errorMessage": "no"}', "x.json: the gateway refused this search: no"),
    "none": ('{"trades": []}', "x.json: there is no fill in it"),
    "no object": ('{"trades": [3]}', r"x.json: trades\[0\] is int, expected an object"),
    "no side": ('{"trades": [{"contractId": "ES", "size": 1, "price": 1, "timestamp": "x"}]}', r"trades\[0\]: no side"),
    "no time": (
        '{"trades": [{"contractId": "ES", "size": 1, "price": 1, "side": 1}]}',
        "no creationTimestamp or timestamp",
    ),
    "bad side": (
        '{"trades": [{"contractId": "ES", "size": 1, "price": 1, "side": 2, "timestamp": "2026-03-20T14:30:00Z"}]}',
        r"trades\[0\]: side is 2, expected 0 \(buy\) or 1 \(sell\)",
    ),
}


@pytest.mark.parametrize("name", JSON_FAULTS)
def test_a_fault_in_json_is_one_message_with_its_row(tmp_path, name):
    text, message = JSON_FAULTS[name]
    with pytest.raises(DataError, match=message):
        open_record(written(tmp_path, "x.json", text), tmp_path)


def test_options_that_do_not_fit(tmp_path):
    trades = written(tmp_path, "t.csv", TRADES)
    fills = written(tmp_path, "f.csv", FILLS)
    for source, options, message in (
        (trades, {"bars": "sample"}, "--bars is for a file of fills"),
        (fills, {"zone": "Chicago"}, "expected an IANA zone"),
        (fills, {"fees": "cheap"}, "no fee schedule 'cheap'; it has none, topstepx"),
        (fills, {"fees": "-1"}, "--fees -1"),
        ("last", {"zone": "UTC"}, "--zone is for a file of fills or trades"),
        ("gone.csv", {}, "no file gone.csv"),
        ("last", {}, "no run 'last'"),
    ):
        with pytest.raises(ConfigError, match=message):
            open_record(source, tmp_path, **options)


SAMPLE_FILLS = """\
time,contract,side,size,price
2013-09-03T13:30:00Z,ESU3,buy,1,{entry}
2013-09-03T14:30:00Z,ESU3,sell,1,{exit}
"""


def test_bars_show_what_happened_between_fills(tmp_path):
    """One contract over an hour of the packaged sample: the low inside is the bars', in both readings of the edges."""
    from barstep.data import FileStream, front_contract, instrument, sample_path
    from barstep.domain.bar import Timeframe

    path = sample_path("ES", "1m")
    contract = front_contract(instrument("ES"), date(2013, 9, 3))
    (chunk,) = list(FileStream(path, contract, Timeframe.parse("1m")).chunks())
    first, last = (int((chunk.start_ns == ns).argmax()) for ns in (1378215000 * 10**9, 1378218600 * 10**9))
    entry, leaving = int(chunk.open[first]), int(chunk.open[last])
    item = contract.instrument
    text = SAMPLE_FILLS.format(entry=item.price(entry), exit=item.price(leaving))
    record, days = days_of(written(tmp_path, "f.csv", text), tmp_path, bars="sample", fees="none")
    assert record.certainty == "bounded"
    (day,) = days
    tick = item.tick_value
    inside = slice(first + 1, last)
    worst = (int(chunk.low[inside].min()) - entry) * tick
    at = slice(*((chunk.end_ns[first + 1], chunk.end_ns[last]) == day.end_ns[:, None]).argmax(axis=0).tolist())
    assert int(day.low[at].min()) == worst
    assert day.kindest is not None
    assert int(day.kindest.low[at].min()) == worst
    assert (day.low <= day.kindest.low).all()
    assert (day.high >= day.kindest.high).all()
    assert nets(days) == [(leaving - entry) * tick / MICROS]
    bare, (blind,) = days_of(str(tmp_path / "f.csv"), tmp_path, fees="none")
    assert bare.certainty == "at_best"
    assert int(blind.low.min()) > worst


def test_bars_of_other_days_or_prices_are_refused(tmp_path):
    text = SAMPLE_FILLS.format(entry=1640, exit=1641)
    for old, new, message in (
        ("2013-09-03", "2013-10-03", "--bars: fills go from 2013-10-03T13:30:00Z"),
        ("164", "264", "--bars: 2 of 2 fills lie outside the prices of their bars"),
        ("Z,ESU3,sell", "Z,NQU3,sell", "--bars: the ledger trades ESU3, NQU3, and bars are of one contract"),
    ):
        with pytest.raises(BarstepError, match=message):
            open_record(written(tmp_path, "f.csv", text.replace(old, new)), tmp_path, bars="sample")


def test_a_failure_between_fills_is_seen_with_bars_only(tmp_path):
    text = SAMPLE_FILLS.format(entry=1648.75, exit=1648.5).replace("13:30", "13:33").replace("14:30", "14:13")
    source = written(tmp_path, "f.csv", text)
    limits = Limits(start=50_000 * MICROS, distance=200 * MICROS)
    for bars, status in ((None, "open"), ("sample", "failed")):
        record = open_record(source, tmp_path, bars=bars)
        series = Series(limits, record.cost)
        walk_record(record, [series])
        assert series.first.status == status, (bars, series.first.nearest)
