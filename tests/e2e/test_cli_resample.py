"""`barstep data resample`, and runs on longer bars than their source has."""

from __future__ import annotations

import json

import polars as pl


def test_a_file_a_sample_and_a_configuration_give_the_same(desk, cli):
    assert cli("data", "resample", "sample", "minutes.csv", "-t", "1m").stdout == (
        "wrote 2,264 bars of ESU3 1m to minutes.csv\n"
    )
    told = "wrote 461 bars of ESU3 5m to {}, made of 1m bars\n"
    for source, out in (("minutes.csv", "a.csv"), ("sample", "b.csv.gz"), ("configs/run.yaml", "c.parquet")):
        result = cli("data", "resample", source, out, "--timeframe", "5m")
        assert (result.exit_code, result.stdout, result.stderr) == (0, told.format(out), "")
    one, two = (pl.read_csv(name) for name in ("a.csv", "b.csv.gz"))
    three = pl.read_parquet("c.parquet")
    assert one.equals(two)
    assert one.drop("t").equals(three.drop("t"))
    assert three["t"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list() == one["t"].to_list()


def test_json_tells_what_was_made_of_what(desk, cli):
    told = json.loads(cli("data", "resample", "sample", "a.csv", "-t", "1h", "--json").stdout)
    assert (told["bars"], told["timeframe"], told["source"]["resampled_from"]) == (39, "1h", "1m")


def test_days_and_columns_of_the_files_own(desk, cli):
    rows = [f"{hour:02}:{minute:02},1,2,1,2,3" for hour in (9, 10) for minute in range(60)]
    (desk / "own.csv").write_text("T,O,H,L,C,V\n" + "".join(f"2024-05-08 {row}\n" for row in rows))
    source = "{path: ../own.csv, columns: {t: T, o: O, h: H, l: L, c: C, v: V}, zone: America/Chicago, stamp: close}"
    (desk / "configs" / "own.yaml").write_text(
        f"version: 1\ndata: {{instrument: NQ, timeframe: 1m, source: {source}}}\nstrategies: [{{use: sma_crossover}}]\n"
    )
    assert (
        "wrote 1 bars of NQM4 1D to day.csv, made of 1m bars"
        in cli("data", "resample", "configs/own.yaml", "day.csv", "-t", "1D").stdout
    )
    assert (desk / "day.csv").read_text() == "t,o,h,l,c,v\n2024-05-07T22:00:00Z,1.0,2.0,1.0,2.0,360\n"


def test_what_is_refused(desk, cli):
    (desk / "there.csv").write_text("")
    for arguments, words in (
        (("sample", "there.csv", "-t", "5m"), "exists already"),
        (("sample", "a.txt", "-t", "5m"), "ends in .csv, .csv.gz or .parquet"),
        (("sample", "a.csv", "-t", "2D"), "no sample bars of ES 2D"),
        (("sample", "a.csv", "-t", "5m", "--from", "2m"), "data.resample: got 2m"),
        (("none.csv", "a.csv", "-t", "5m"), "no such file"),
        (("configs/run.yaml", "a.csv", "-t", "5m", "-i", "NQ"), "has bars of ES"),
        (("configs/none.yaml", "a.csv", "-t", "5m"), "none.yaml"),
    ):
        result = cli("data", "resample", *arguments)
        assert result.exit_code in (2, 3), result.stderr
        assert words in result.stderr
    assert not (desk / "a.csv").exists()


def test_a_run_tells_that_its_bars_are_made(desk, cli):
    result = cli("run", "configs/run.yaml", "--set", "data.timeframe=15m", "--out", "out")
    assert result.exit_code == 0
    assert "bars of 15m are made of them" in " ".join(result.stderr.split())
    assert json.loads((desk / "out" / "result.json").read_text())["bars"] == 154
    shown = cli("validate", "configs/run.yaml", "--set", "data.timeframe=15m").stdout
    assert "warning: the bars of the source are 1m" in shown
