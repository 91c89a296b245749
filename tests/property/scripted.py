"""A strategy whose wishes stand in a file: the same for both lanes."""

import json
from pathlib import Path

import numpy as np

from barstep import Bar, Context, Strategy, hookimpl, option
from barstep.arrays import KEEP, ArrayBars, WithBracket

NAMES = ("stop_loss_ticks", "take_profit_ticks", "trailing_stop_ticks")


class Scripted(Strategy):
    """Asks for what the file says: `positions` (None for no wish) and the three distances, one each or one for all."""

    wishes: str = option("", help="path of a JSON file")

    def read(self) -> dict:
        return json.loads(Path(self.wishes).read_text())

    @hookimpl
    def on_start(self, ctx: Context) -> None:
        self.wanted = self.read()

    @hookimpl
    def on_bar(self, bar: Bar, ctx: Context) -> None:
        size = self.wanted["positions"][bar.index]
        if size is not None:
            ticks = {name: self.wanted[name] for name in NAMES}
            ctx.set_position(size, **{n: (t if isinstance(t, int) else t[bar.index]) or None for n, t in ticks.items()})

    def positions(self, bars: ArrayBars) -> WithBracket:
        wanted, rows = self.read(), slice(len(bars))
        positions = np.array([KEEP if size is None else size for size in wanted["positions"]], np.int64)[rows]
        ticks = {n: t if isinstance(t := wanted[n], int) else np.array(t, np.int64)[rows] for n in NAMES}
        return WithBracket(positions, **ticks)
