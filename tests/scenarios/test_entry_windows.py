"""Rules that keep entries out for a while: windows of the day, and news."""

from datetime import UTC, datetime

import pytest
from desk import FLAT, START, at, bar_file, buys, days, entry, plugin_file, reasons, run

import barstep
from barstep import ConfigError


def test_entries_are_cancelled_before_a_window_and_denied_in_it(tmp_path):
    trades = at({0: lambda ctx: ctx.buy(1, limit=390, tag="rests"), 2: lambda ctx: ctx.buy(), 4: lambda ctx: ctx.buy()})
    ran = run(tmp_path, FLAT * 2, trades, entry("no_trade_windows", windows=["12:02-12:05"]))
    reason = "no trades from 12:02 to 12:05"
    row = ran.table("orders").row(0, named=True)
    assert (row["status"], row["reason"], row["ended_at"]) == (
        "cancelled",
        reason,
        datetime(2024, 1, 2, 12, 2, tzinfo=UTC),
    )
    assert reasons(ran) == [f"no_trade_windows: {reason}"], "the one asked for at 12:03"
    assert ran.fills[0].startswith("5 open buy"), "the one asked for at 12:05 is free"


def test_a_bar_that_would_reach_into_the_window_is_kept_free_too(tmp_path):
    ran = run(
        tmp_path, days(FLAT, minutes=5), buys(0, 1), entry("no_trade_windows", windows=["12:07-12:08"]), timeframe="5m"
    )  # fmt: skip
    assert ran.orders[0] == "#1 buy 1/1 market cancelled: no trades from 12:07 to 12:08", "it waited for the open"
    assert [fill.split(" ")[0] for fill in ran.fills] == ["2"]


def test_exits_stay_through_a_window(tmp_path):
    bars = [*FLAT[:4], (400, 401, 380, 381), *FLAT[:2]]
    ran = run(tmp_path, bars, buys(0, stop_loss_ticks=10), entry("no_trade_windows", windows=["12:02-12:30"]))
    assert ran.fills[-1] == "4 path sell 1 @ 390 R8"


@pytest.mark.parametrize("text", ["12:02", "12:02-12:02", "noon-1pm"])
def test_a_window_that_is_none(tmp_path, text):
    with pytest.raises(ConfigError, match=f"windows: got '{text}', expected two times of day such as 11:30-13:00"):
        run(tmp_path, FLAT, buys(0), entry("no_trade_windows", windows=[text]))


def news(tmp_path, *lines, head="time,title,currency") -> str:
    path = tmp_path / "news.csv"
    path.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return str(path)


def test_nothing_opens_around_news(tmp_path):
    """07:04 in New York is 12:04 UTC; two minutes before and after it are free of entries."""
    listed = news(tmp_path, "2024-01-02 07:04,CPI,USD", "2024-01-01T00:00:00Z,old,USD")
    rule = entry("news_blackout", file=listed, zone="America/New_York", before=2, after=2)
    ran = run(tmp_path, FLAT * 2, buys(0, 1, 4, 5), rule)
    assert ran.orders[1] == "#2 buy 1/1 market cancelled: news: CPI", "asked for when the blackout began at 12:02"
    assert reasons(ran) == ["news_blackout: news: CPI"], "asked for at 12:05"
    assert [fill.split(" ")[0] for fill in ran.fills] == ["1", "6"]


@pytest.mark.parametrize(
    ("lines", "options", "says"),
    [
        (["2024-01-02 08:30,CPI,USD"], {}, "news.csv:2: 2024-01-02 08:30 has no zone: add an offset such as -04:00"),
        (["8:30,CPI,USD"], {"zone": "UTC"}, "news.csv:2: got '8:30', expected a time such as 2026-09-11 08:30"),
        (["2024-01-02 08:30,CPI,USD"], {"zone": "NYC"}, "zone: got 'NYC', expected an IANA time zone"),
    ],
)
def test_news_that_cannot_be_read(tmp_path, lines, options, says):
    with pytest.raises(ConfigError, match=says) as raised:
        run(tmp_path, FLAT, buys(0), entry("news_blackout", file=news(tmp_path, *lines), **options))
    assert len(raised.value.problems) == 1


def test_news_without_its_columns_or_its_file(tmp_path):
    with pytest.raises(ConfigError, match="found when, what, expected the columns time and title"):
        run(tmp_path, FLAT, buys(0), entry("news_blackout", file=news(tmp_path, head="when,what")))
    with pytest.raises(ConfigError, match=r"nowhere\.csv cannot be read: No such file"):
        run(tmp_path, FLAT, buys(0), entry("news_blackout", file="nowhere.csv"))


def test_a_path_is_relative_to_the_configuration_and_stays_with_the_run(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    news(home, "2024-01-02T12:03:00Z,CPI,USD")
    source = bar_file(FLAT, home / "bars.csv", START)
    strategy = plugin_file(buys(1), tmp_path)
    (home / "run.yaml").write_text(
        "version: 1\n"
        f"data: {{instrument: {{name: TICK, tick_size: 1, tick_value: 1}}, timeframe: 1m, source: {source}}}\n"
        "account: {fees: none}\n"
        f"strategies: [{{use: {strategy}}}]\n"
        "risk: [{use: news_blackout, options: {file: news.csv}}]\n",
        encoding="utf-8",
    )
    result = barstep.run(home / "run.yaml", out=tmp_path / "elsewhere" / "run")
    assert result.denied_orders == 1
    again = barstep.run(tmp_path / "elsewhere" / "run" / "config.resolved.yaml", out=tmp_path / "again")
    assert (again.digest, again.denied_orders) == (result.digest, 1)
