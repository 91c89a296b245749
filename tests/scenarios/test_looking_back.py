"""`ctx.bars` looks back over sessions and over the chunks in which bars are read: it shows what the strategy has seen."""

import pytest
from desk import run

from barstep import Strategy, hookimpl

MONTH = {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 3, "bars": 36_000}}


class LookingBack(Strategy):
    """Keeps its bars, and notes where what `ctx.bars` shows differs from them."""

    @hookimpl
    def on_start(self, ctx):
        self.seen, self.looks = [], 0

    @hookimpl
    def on_session_start(self, session, ctx):
        self.compare(ctx, 1, 3, 700)

    @hookimpl
    def on_bar(self, bar, ctx):
        self.seen.append(bar)
        if bar.index % 97 == 0 or bar.index % 1380 < 3 or 1020 < bar.index < 1030:  # 1,024 bars are the first chunk
            self.compare(ctx, 1, 2, 50, 1000)

    @hookimpl
    def on_stop(self, ctx):
        ctx.note(f"{self.looks} looks")

    def compare(self, ctx, *counts):
        facts = "index", "start_ns", "end_ns", "open", "high", "low", "close", "volume"
        for count in counts:
            self.looks += 1
            shown, kept = ([[getattr(bar, name) for name in facts] for bar in bars] for bars in (
                ctx.bars(count), self.seen[-count:]))  # fmt: skip
            if shown != kept:
                ctx.note(f"bar {len(self.seen) - 1}: bars({count}) differs")


def test_what_is_shown_is_what_was_seen(tmp_path):
    ran = run(tmp_path, None, LookingBack, data=MONTH)
    (note,) = ran.result.table("notes")["text"]
    assert int(note.split()[0]) > 1_500


class Closing(Strategy):
    """Turns round every few bars and notes the excursions of the trade that closed last, from some bar on."""

    @hookimpl
    def on_start(self, ctx):
        self.kept = ctx.trades if self.early else ()

    @hookimpl
    def on_bar(self, bar, ctx):
        trades = ctx.trades if bar.index >= 9_000 else self.kept
        if trades:
            ctx.note(f"{trades[-1].exit.bar_index} {trades[-1].mae} {trades[-1].mfe}")
        ctx.set_position(1 if bar.index // self.every % 2 else -1)


class EarlyCloser(Closing):
    early, every = True, 7


class LateCloser(Closing):
    early, every = False, 70


@pytest.mark.parametrize("closer", [EarlyCloser, LateCloser])
def test_a_trade_that_is_looked_at_knows_its_excursions_already(tmp_path, closer):
    ran = run(tmp_path, None, closer, data={**MONTH, "source": {**MONTH["source"], "bars": 19_000}})
    noted = {line.split()[0]: line for line in ran.table("notes")["text"]}
    trades = ran.table("trades").select("exit_bar", "mae", "mfe").rows()
    written = {str(bar): f"{bar} {mae} {mfe}" for bar, mae, mfe in trades}
    assert len(noted) > 100
    assert noted.items() <= written.items()


class LateReader(Strategy):
    """Turns round every 70 bars, hears of nothing, and reads its trades for the first time when two chunks are over."""

    @hookimpl
    def on_bar(self, bar, ctx):
        if bar.index >= 18_000 and bar.index % 500 == 0:
            ctx.note(" ".join(str(trade.exit.bar_index) for trade in ctx.trades))
        ctx.set_position(1 if bar.index // 70 % 2 else -1)


def test_trades_that_nobody_heard_of_are_there_when_they_are_read(tmp_path):
    ran = run(tmp_path, None, LateReader, data={**MONTH, "source": {**MONTH["source"], "bars": 19_000}})
    exits = ran.table("trades")["exit_bar"].to_list()
    for now, told in zip((18_000, 18_500), ran.table("notes")["text"], strict=True):
        closed = [bar for bar in exits if bar <= now]
        assert len(closed) > 250
        assert told == " ".join(map(str, closed))
