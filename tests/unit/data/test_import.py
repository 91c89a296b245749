"""Forms, clocks, repairs, merging and frames, each with a file small enough to read."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import barstep
from barstep.data import Store, SyntheticStream, front_contract, guess, instrument, store_writing, write_csv
from barstep.data.forms import detect
from barstep.domain.bar import Timeframe
from barstep.domain.errors import ConfigError, DataError

ROWS = ("2024-05-08T13:00:00Z,100,101,99.75,100.25,5", "2024-05-08T13:01:00Z,100.25,101,99.75,100.5,6",
        "2024-05-08T13:02:00Z,100.5,101,99.75,100.25,7")  # fmt: skip


def write(path: Path, *rows: str, header: str = "t,o,h,l,c,v") -> Path:
    path.write_text("\n".join([header, *rows] if header else rows) + "\n", "utf-8")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def week(tmp_path: Path) -> Path:
    item = instrument("ES")
    stream = SyntheticStream(
        front_contract(item, date(2024, 5, 6)),
        Timeframe.parse("1m"),
        seed=2,
        start=date(2024, 5, 6),
        end=date(2024, 5, 10),
    )
    write_csv(stream, tmp_path / "ES_week.csv")
    return tmp_path / "ES_week.csv"


def bars(store: Path) -> pl.DataFrame:
    held = Store(store)
    (manifest,) = held.series()
    return pl.read_parquet(held.bars(manifest))


@pytest.mark.parametrize(
    ("lines", "name", "zoned"),
    [
        (["20240508 130000;1;1;1;1;5"], "NinjaTrader", False),
        (["20240508;130000;1;1;1;1;5"], "NinjaTrader", False),
        (["20240508;1;1;1;1;5"], "NinjaTrader", False),
        (["20240508 130000;1;5"], "NinjaTrader ticks", False),
        (["20240508 130000 1230000;1;1;1.25;5"], "NinjaTrader ticks", False),
        (["time,open,high,low,close,Volume", "1715173200,1,1,1,1,5"], "TradingView", True),
        (["time,open,high,low,close", "2024-05-08T08:00:00-05:00,1,1,1,1"], "TradingView", True),
        (["time,open,high,low,close", "2024-05-08T08:00:00,1,1,1,1"], "TradingView", False),
        (["ts_event,rtype,open,high,low,close,volume", "1715173200000000000,33,1,1,1,1,5"], "Databento", True),
        (["ts_event,open,high,low,close,volume", "2024-05-08T13:00:00.000000000Z,1,1,1,1,5"], "Databento", True),
        (["Date, Time, Open, High, Low, Last, Volume", "2024/5/8, 13:00:00, 1, 1, 1, 1, 5"], "Sierra Chart", False),
        (["2024-05-08 13:00:00,1,1,1,1,5"], "FirstRate", False),
        (["2024-05-08 13:00:00,1,1,1,1,5,900"], "FirstRate", False),
        (["t,o,h,l,c,v", "2024-05-08T13:00:00Z,1,1,1,1,5"], "barstep", True),
        (["Datetime,Open,High,Low,Close,Adj Close,Volume", "2024-05-08 13:00:00+00:00,1,1,1,1,1,5"], "CSV", True),
        (["Date\tTime\tOpen\tHigh\tLow\tClose\tVol", "2024.05.08\t13:00\t1\t1\t1\t1\t5"], "CSV", False),
    ],
)
def test_forms(lines: list[str], name: str, zoned: bool) -> None:
    form = detect("x", lines)
    assert (form.name, form.zoned) == (name, zoned)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["t;o;h;l;c", "2024-05-08;1,5;1,5;1,5;1,5"], "the comma may be decimals or thousands"),
        (["open,high,low,close", "1,1,1,1"], "none that is t"),
        (["time,open,high,low,close,volume,vol", "1,1,1,1,1,1,1"], "volume and vol could each be v"),
        (["time,date time,open,high,low,close", "1,1,1,1,1,1"], "could each be t"),
        (["Time,time,open,high,low,close", "1,1,1,1,1,1"], "stands twice"),
        (["Date,Open,High,Low,Close", "05/08/2024 13:00,1,1,1,1"], "day and month are not guessed"),
        (["1,2,3"], "no header line"),
    ],
)
def test_forms_that_are_not_guessed(lines: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        detect("x.csv", lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("NQ 03-22.Last.txt", ("NQ", "NQH22")),
        ("NQH22-CME.txt", ("NQ", "NQH22")),
        ("MNQZ5", ("MNQ", "MNQZ5")),
        ("CME_MINI_NQ1!, 5.csv", ("NQ", None)),
        ("CME_MINI_DL_MES1!, 5_ab12.csv", ("MES", None)),
        ("ES_1m_2013.csv.gz", ("ES", None)),
        ("NQ=F.csv", ("NQ", None)),
        ("ESH5-ESM5", None),
        ("export.csv", None),
        ("ESTATE.csv", None),
    ],
)
def test_names(text: str, told: object) -> None:
    assert guess(text) == told


def test_a_manifest_tells_where_bars_come_from(week: Path, store: Path) -> None:
    got = barstep.import_bars(week, contract="ESM4", store=store)
    document = json.loads(Path(got.manifest).read_text("utf-8"))
    (entry,) = document["imports"]
    assert (document["series"], document["timeframe"], document["rows"]) == ("ESM24", "1m", got.total)
    assert (entry["source"], entry["form"], entry["zone"], entry["stamp"]) == ("ES_week.csv", "barstep", "UTC", "open")
    assert (entry["known_by"], entry["repairs"], len(entry["sha256"])) == ("form", {}, 64)
    assert Store(store).trouble(Store(store).series()[0]) is None


def test_what_was_imported_again_is_there_once(week: Path, store: Path) -> None:
    first = barstep.import_bars(week, store=store)
    again = barstep.import_bars(week, store=store)
    assert (again.added, again.total) == (0, first.total)
    assert len(json.loads(Path(again.manifest).read_text("utf-8"))["imports"]) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_parts_join_in_any_order(week: Path, store: Path, tmp_path: Path, order: tuple[int, int]) -> None:
    header, *rows = week.read_text("utf-8").splitlines()
    parts = [
        write(tmp_path / "ES_a.csv", *rows[:3_000], header=header),
        write(tmp_path / "ES_b.csv", *rows[2_500:], header=header),
    ]
    for k in order:
        got = barstep.import_bars(parts[k], store=store)
    assert got.total == len(rows)
    assert bars(store)["t"].is_sorted()
    assert len(list(store.rglob("*.parquet"))) == 1


def test_a_merge_goes_window_by_window(
    week: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    barstep.import_bars(week, store=store)
    whole = bars(store)
    monkeypatch.setattr(store_writing, "_GROUP_ROWS", 300)
    header, *rows = week.read_text("utf-8").splitlines()
    for k in range(2):
        share = [row for number, row in enumerate(rows) if number % 3 != k]
        path = write(tmp_path / f"ES_{k}.csv", *share, header=header)
        barstep.import_bars(path, timeframe="1m", store=tmp_path / "parts")
    assert bars(tmp_path / "parts").equals(whole)
    for number in range(100, 5000, 1000):
        rows[number] = rows[number].rpartition(",")[0] + ",9999"
    path = write(tmp_path / "ES_other.csv", *rows[50:], header=header)
    with pytest.raises(DataError, match=r"in the store \(5\); the first at 2024-05-05T23:40:00Z"):
        barstep.import_bars(path, timeframe="1m", store=store)
    assert barstep.import_bars(path, timeframe="1m", store=store, replace=True).replaced == 5
    assert bars(store).filter(pl.col("v") == 9999).height == 5
    assert bars(store).drop("v").equals(whole.drop("v"))


def test_bars_that_differ_are_refused_and_nothing_changes(week: Path, store: Path, tmp_path: Path) -> None:
    barstep.import_bars(week, store=store)
    before = bars(store)
    header, *rows = week.read_text("utf-8").splitlines()
    fields = rows[700].split(",")
    rows[700] = ",".join([*fields[:5], str(int(fields[5]) + 1)])
    other = write(tmp_path / "ES_other.csv", *rows, header=header)
    with pytest.raises(
        DataError,
        match=r"ES_other.csv: found bars that differ from those of ES 1m in the store \(1\).* Nothing was changed.*--replace",
    ):
        barstep.import_bars(other, store=store)
    assert bars(store).equals(before)
    got = barstep.import_bars(other, store=store, replace=True)
    assert (got.added, got.replaced, bars(store)["v"][700]) == (0, 1, int(fields[5]) + 1)


def test_an_import_that_is_interrupted_leaves_nothing(week: Path, store: Path) -> None:
    def stop(what: str, _done: int, _rows: int | None) -> None:
        if what == "checking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        barstep.import_bars(week, store=store, progress=stop)
    assert not store.exists()


REPAIRS = [
    ("sort", ("order",), lambda rows: rows[::-1], {"sort": 2}),
    ("dedupe", ("alike",), lambda rows: [*rows[:2], rows[1], rows[2]], {"dedupe": 1}),
    ("sort,dedupe", ("earlier",), lambda rows: rows + rows, {"sort": 1, "dedupe": 3}),
    ("last", ("other values",), lambda rows: [*rows[:1], rows[1][:-1] + "9", *rows[1:]], {"last": 1}),
    ("drop", ("cannot be read",), lambda rows: [*rows, "2024-05-08T13:03:00Z,x,1,1,1,1"], {"drop": 1}),
    ("drop", ("not whole",), lambda rows: [*rows, "2024-05-08T13:03:00Z,100,100,100,100,-1"], {"drop": 1}),
    ("drop", ("enclose",), lambda rows: [*rows, "2024-05-08T13:03:00Z,100,99,100,100,1"], {"drop": 1}),
]


@pytest.mark.parametrize(("names", "words", "spoil", "counts"), REPAIRS)
def test_repairs_mend_what_they_name(tmp_path: Path, store: Path, names: str, words, spoil, counts) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "ES.csv", *spoil(list(ROWS)))
    with pytest.raises(DataError, match=words[0] if words[0] != "order" else "earlier than"):
        barstep.import_bars(path, timeframe="1m", store=store)
    got = barstep.import_bars(path, timeframe="1m", repair=[names], store=store)
    assert got.repaired == counts
    assert bars(store)["v"].to_list() == [5, 6, 7]
    assert json.loads(Path(got.manifest).read_text("utf-8"))["imports"][0]["repairs"] == counts


def test_repairs_of_prices(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path / "ES.csv", *ROWS, "2024-05-08T13:03:00Z,100.1,100,99.8,100.05,1")
    got = barstep.import_bars(path, timeframe="1m", repair=["widen", "round"], store=store)
    assert got.repaired == {"round": 1, "widen": 0}
    assert bars(store).row(3)[1:5] == (100.0, 100.0, 99.75, 100.0)
    with pytest.raises(ConfigError, match="--repair: found 'mend', expected one or more of: round: prices"):
        barstep.import_bars(path, repair=["mend"], store=store)


def test_a_clock_that_nothing_tells_is_refused(tmp_path: Path, store: Path) -> None:
    rows = [f"2024050{day} 13{minute:02d}00;100;101;99.75;100.25;5" for day in (7, 8) for minute in range(20)]
    path = write(tmp_path / "ES 06-24.Last.txt", *rows, header="")
    with pytest.raises(DataError, match="NinjaTrader usually: --zone UTC --stamp close"):
        barstep.import_bars(path, store=store)
    got = barstep.import_bars(path, zone="UTC", stamp="close", store=store)
    assert (got.series, got.known_by) == ("ESM24", "declared")
    assert bars(store)["t"][0] == datetime(2024, 5, 7, 12, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"zone": "Chicago"}, "--zone: found 'Chicago', expected an IANA zone"),
        ({"zone": "America/Chicago"}, "carry their zone"),
        ({"stamp": "begin"}, "--stamp: found 'begin'"),
        ({"timeframe": "1 min"}, "--timeframe: found '1 min'"),
        ({"instrument": "QN"}, "no instrument 'QN'"),
        ({"columns": {"t": "t", "o": "open"}}, "no column open; the file has t, o, h, l, c, v"),
        ({"columns": {"q": "t"}}, "found the unknown key q, expected t, o, h, l, c or v"),
        ({"columns": {"h": "o"}}, "found the columns t, h, l, c, v, but none that is o"),
        (
            {"time_format": "%d.%m.%Y"},
            "found the time '2024-05-05T22:00:00Z', expected it as --format says, '%d.%m.%Y'",
        ),
        ({"columns": {key: key for key in "tohl"} | {"c": "last"}}, "no column last; the file has t, o, h, l, c, v"),
    ],
)
def test_what_makes_no_sense(week: Path, store: Path, given: dict[str, object], message: str) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        barstep.import_bars(week, store=store, **given)  # type: ignore[arg-type]
    assert not store.exists()


def test_another_length_than_declared(week: Path, store: Path) -> None:
    with pytest.raises(DataError, match="most bars stand 1m apart, expected 5m"):
        barstep.import_bars(week, timeframe="5m", store=store)


def test_days(tmp_path: Path, store: Path) -> None:
    days = [f"2024050{day};100;101;99.75;100.25;5" for day in (6, 7, 8, 9)]
    got = barstep.import_bars(write(tmp_path / "ES.txt", *days, header=""), timeframe="1D", store=store)
    assert got.warnings == []
    assert bars(store)["t"][0] == datetime(2024, 5, 5, 22, tzinfo=UTC), "a trading day begins the evening before"


def test_days_without_a_trading_day(tmp_path: Path, store: Path) -> None:
    days = [f"202601{day};100;101;99.75;100.25;5" for day in (16, 19, 20, 21)]  # the 19th is Martin Luther King day
    path = write(tmp_path / "ES.txt", *days, header="")
    with pytest.raises(DataError, match=r"no trading days \(1\): 2026-01-19. .* --repair drop"):
        barstep.import_bars(path, store=store)
    got = barstep.import_bars(path, repair="drop", store=store)
    assert (got.repaired, bars(store)["t"].dt.day().to_list()) == ({"drop": 1}, [15, 18, 20])


def test_an_hour_that_comes_twice(tmp_path: Path, store: Path) -> None:
    moments = [datetime(2026, 11, 1, 4, tzinfo=UTC) + timedelta(minutes=5 * k) for k in range(60)]
    local = [
        f"{moment.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M},100,100,100,100,1" for moment in moments
    ]
    path = write(tmp_path / "MBT.csv", *local, header="time,open,high,low,close,Volume")
    with pytest.raises(
        DataError, match=r"earlier than .* The clocks of America/New_York repeat an hour near 2026-11-01T05:"
    ):
        barstep.import_bars(path, zone="America/New_York", stamp="open", store=store)


def test_a_name_that_says_something_else_is_told(week: Path, store: Path, tmp_path: Path) -> None:
    assert barstep.import_bars(week, instrument="ES", contract="ESM4", store=store).warnings == []
    got = barstep.import_bars(week, instrument="NQ", store=store)
    assert got.warnings == ["its name says ES, and it was imported as NQ, as declared"]
    path = tmp_path / "ESM24.csv"
    path.write_bytes(week.read_bytes())
    got = barstep.import_bars(path, contract="ESU4", store=store)
    assert got.warnings == ["its name says ESM24, and it was imported as ESU24, as declared"]


def test_named_columns_and_format(tmp_path: Path, store: Path) -> None:
    rows = [f"08.05.2024 15:{minute:02d};100;101;99,75;100" for minute in range(20)]
    header = "When;First;Top;Bottom;Final"
    given = {"columns": dict(zip("tohlc", header.split(";"), strict=True)), "time_format": "%d.%m.%Y %H:%M"}
    with pytest.raises(DataError, match="found the price 99,75"):
        barstep.import_bars(write(tmp_path / "ES.csv", *rows, header=header), store=store, **given)  # type: ignore[arg-type]
    path = write(tmp_path / "ES.csv", *(row.replace(",", ".") for row in rows), header=header)
    got = barstep.import_bars(path, zone="Europe/Berlin", stamp="open", store=store, **given)  # type: ignore[arg-type]
    assert got.first == "2024-05-08T13:00:00Z"
    assert any(text.startswith("no_volume") for text in got.warnings)


def test_what_is_not_known_is_said_and_the_rest_is_found(week: Path, store: Path, tmp_path: Path) -> None:
    barstep.import_bars(week, store=store)
    rows = [line.split(",") for line in week.read_text("utf-8").splitlines()[1:]]
    told = [(datetime.fromisoformat(t).strftime("%d/%m/%Y,%H:%M"), ",".join(rest)) for t, *rest in rows]
    path = write(tmp_path / "ES_dmy.csv", *map(",".join, told), header="Date,Time,First,High,Low,Close,Volume")
    with pytest.raises(DataError, match="none that is o"):
        barstep.import_bars(path, store=tmp_path / "a")
    with pytest.raises(DataError, match="day and month are not guessed"):
        barstep.import_bars(path, columns={"o": "First"}, store=tmp_path / "a")
    got = barstep.import_bars(path, columns={"o": "First"}, time_format="%d/%m/%Y %H:%M", store=tmp_path / "a")
    assert got.known_by == "proved"
    assert bars(tmp_path / "a").equals(bars(store))
    text = pl.read_csv(path, infer_schema=False)
    got = barstep.import_bars(
        text, instrument="ES", columns={"o": "First"}, time_format="%d/%m/%Y %H:%M", store=tmp_path / "b"
    )
    assert bars(tmp_path / "b").equals(bars(store))


@pytest.mark.parametrize(
    "header", ["t,o,h,l,c,v", "time,open,high,low,close,Volume", "Time,Open,High,Low,Close,Volume"]
)
def test_names_of_columns_are_no_promise_of_a_clock(tmp_path: Path, store: Path, week: Path, header: str) -> None:
    rows = [line.replace("Z,", ",") for line in week.read_text("utf-8").splitlines()[1:]]
    whole = write(tmp_path / "ES_naive.csv", *rows, header=header)
    assert barstep.import_bars(whole, store=store).known_by == "proved"
    short = write(tmp_path / "ES_short.csv", *rows[:50], header=header)
    for source in (short, pl.read_csv(short, try_parse_dates=True)):
        with pytest.raises(DataError, match="must be known, and the breaks of trading do not prove them"):
            barstep.import_bars(source, instrument="ES", store=store)
    if header != "t,o,h,l,c,v":
        with pytest.raises(
            DataError, match=r"the stamp side of the times must be known.* Declare them: --stamp open \(or"
        ):
            barstep.import_bars(short, zone="UTC", store=store)
    assert barstep.import_bars(short, zone="UTC", stamp="open", store=store).known_by == "declared"


def test_frames(week: Path, store: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(week, try_parse_dates=True)
    barstep.import_bars(frame, instrument="ES", store=store)
    whole = bars(store)
    barstep.import_bars(frame.lazy(), instrument="ES", store=tmp_path / "b")
    barstep.import_bars(frame.rename({"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "t": "time"}),
                        instrument="ES", stamp="open", store=tmp_path / "c")  # fmt: skip
    for name in "bc":
        assert bars(tmp_path / name).equals(whole)
    with pytest.raises(
        ConfigError, match=r"found builtins.list, expected the path of a file or a polars, pandas or Arrow"
    ):
        barstep.import_bars([1], instrument="ES", store=store)


def test_pandas_frames(week: Path, store: Path, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    barstep.import_bars(week, store=store)
    frame = pd.read_csv(week)
    text = barstep.import_bars(frame, instrument="ES", store=tmp_path / "a")
    indexed = frame.assign(t=pd.to_datetime(frame["t"])).set_index("t")
    moments = barstep.import_bars(indexed, instrument="ES", store=tmp_path / "b")
    naive = indexed.tz_localize(None)
    proved = barstep.import_bars(naive.rename_axis("time"), instrument="ES", store=tmp_path / "c")
    assert [got.known_by for got in (text, moments, proved)] == ["form", "form", "proved"]
    for name in "abc":
        assert bars(tmp_path / name).equals(bars(store))
    with pytest.raises(DataError, match="the column c stands twice"):
        barstep.import_bars(pd.concat([frame, frame[["c"]]], axis=1), instrument="ES", store=store)
    assert "pyarrow" not in sys.modules
