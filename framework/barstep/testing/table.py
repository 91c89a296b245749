"""Scenario tables: bars and orders in, what happens out, one line for each bar.

    open high low close | orders            | what happens
    400  402  398 400   | buy 2 sl 6; buy 1 | denied buy 1: max_position: at most 2 contracts
    400  403  399 402   |                   | open buy 2 @ 401 R6
    402  402  393 394   |                   | path sell 2 @ 394 R8
    new day
    394  396  392 395   |                   |

A bar may have its volume behind the close, else 100. `orders` are given when the bar is complete, so they can fill from the
next one on; several are parted by `;`. `new day` puts the following bars on the next calendar day. Lines that begin with `#`
and a first line of names are for the reader only.

An order is `buy 2` or `sell 1`, then any of `limit P`, `stop P`, `trail T`, `sl T`, `tp T`, `trailing T` (the last three are
a bracket's distances in ticks), `tag WORD`, `reduce`. Besides there are `position N`, `close` and `cancel TAG`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from barstep.engine.context import Context

_PRICES = {"limit": "limit", "stop": "stop"}
_TICKS = {"trail": "trail_ticks", "sl": "stop_loss_ticks", "tp": "take_profit_ticks", "trailing": "trailing_stop_ticks"}


class Ask(NamedTuple):
    """One thing that a table's strategy asks for: `buy`, `sell`, `position`, `close` or `cancel`, and its terms."""

    verb: str
    size: int
    terms: dict[str, Any]

    def do(self, ctx: Context) -> None:
        """Ask for it."""
        if self.verb == "buy":
            ctx.buy(self.size, **self.terms)
        elif self.verb == "sell":
            ctx.sell(self.size, **self.terms)
        elif self.verb == "position":
            ctx.set_position(self.size)
        elif self.verb == "close":
            ctx.close()
        else:
            for order in list(ctx.orders):
                if order.tag == self.terms["tag"]:
                    ctx.cancel(order)


class Row(NamedTuple):
    """A bar of a table: its day from 0, prices and volume, what is asked after it and what is expected, None if nothing is."""

    day: int
    bar: tuple[float, float, float, float, int]
    asks: tuple[Ask, ...]
    expected: str | None


@dataclass(slots=True)
class Table:
    """A scenario table that was read."""

    rows: list[Row] = field(default_factory=list)

    @property
    def asks(self) -> dict[int, tuple[Ask, ...]]:
        """What is asked after each bar, by its number."""
        return {number: row.asks for number, row in enumerate(self.rows) if row.asks}


def read_table(text: str) -> Table:
    """Read a scenario table; a ValueError names the line that is wrong."""
    table, day = Table(), 0
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith("#") or bare.lower().startswith("open "):
            continue
        if re.fullmatch(r"new\s+day", bare):
            day += bool(table.rows)
            continue
        try:
            table.rows.append(_row(day, bare))
        except ValueError as error:
            raise ValueError(f"line {number} of the table, {bare!r}: {error}") from error
    if not table.rows:
        raise ValueError("the table has no bars: write lines such as `400 402 398 400 | buy 1 |`")
    return table


def _row(day: int, line: str) -> Row:
    cells = [cell.strip() for cell in line.split("|", 2)]
    figures = cells[0].split()
    if len(figures) not in (4, 5):
        raise ValueError(f"{len(figures)} figures, expected open high low close, and a volume if it matters")
    try:
        o, h, low, c = (float(figure) for figure in figures[:4])
        volume = int(figures[4]) if len(figures) == 5 else 100
    except ValueError:
        raise ValueError(f"{cells[0]!r}, expected prices, and a whole number of contracts") from None
    asks = tuple(read_ask(part) for part in (cells[1] if len(cells) > 1 else "").split(";") if part.strip())
    return Row(day, (o, h, low, c, volume), asks, cells[2] if len(cells) > 2 else None)


def read_ask(text: str) -> Ask:
    """Read one order such as `buy 2 limit 398 sl 6`; a ValueError says what is expected."""
    words = text.split()
    verb, *rest = words
    if verb == "close" and not rest:
        return Ask("close", 0, {})
    if verb == "cancel" and len(rest) == 1:
        return Ask("cancel", 0, {"tag": rest[0]})
    if verb == "position" and len(rest) == 1 and re.fullmatch(r"[+-]?\d+", rest[0]):
        return Ask("position", int(rest[0]), {})
    if verb not in ("buy", "sell") or not rest or not rest[0].isdigit():
        raise ValueError(f"{text.strip()!r}, expected buy N, sell N, position N, close or cancel TAG")
    terms: dict[str, Any] = {}
    left = rest[1:]
    while left:
        word = left.pop(0)
        if word == "reduce":
            terms["reduce_only"] = True
            continue
        value = left.pop(0) if left else ""
        if word == "tag" and value:
            terms["tag"] = value
        elif word in _PRICES and re.fullmatch(r"-?\d+(\.\d+)?", value):
            terms[_PRICES[word]] = float(value)
        elif word in _TICKS and value.isdigit():
            terms[_TICKS[word]] = int(value)
        else:
            known = ", ".join((*_PRICES, *_TICKS, "tag", "reduce"))
            raise ValueError(
                f"{f'{word} {value}'.strip()!r} of {text.strip()!r}, expected a value behind one of {known}"
            )
    return Ask(verb, int(rest[0]), terms)
