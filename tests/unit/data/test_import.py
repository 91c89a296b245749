"""Repairs, merging, names and frames, each with a file small enough to read."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from imported import bars, write

import barstep
from barstep.data import Store, store_writing
from barstep.domain.errors import ConfigError, DataError

ROWS = ("2024-05-08T13:00:00Z,100,101,99.75,100.25,5", "2024-05-08T13:01:00Z,100.25,101,99.75,100.5,6",
        "2024-05-08T13:02:00Z,100.5,101,99.75,100.25,7")  # fmt: skip


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
