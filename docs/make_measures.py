"""Writes docs/measures.md anew from the measures themselves: `python docs/make_measures.py`."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

from barstep.runs.statistics import GROUPS

PAGE = Path(__file__).with_name("measures.md")

HEAD = """\
# Measures

`barstep runs show RUN --statistics` prints them, `result.statistics()` gives them to a program. Those with a `·` are the headlines:
they stand in `result.json` under `metrics`. Those with a `±` come with a 95% interval, and with the mark PROVISIONAL while the
sample is small: fewer than 30 closed trades, fewer than 60 trading days.

Results are after fees unless the basis says gross. Trades are round trips matched first in, first out; a position that is open
at the end counts in days and equity and not in trades. A measure that has nothing to measure is null. A balance that a new
attempt is given is no result. This page is made from the code by `docs/make_measures.py`.
"""

TAIL = """\
## Drawdowns

Each is the largest fall to the lowest equity inside a bar. They differ in the level it is measured from, as the loss limits of
funded accounts do:

| basis | measured from |
|---|---|
| `static` | the start balance |
| `end_of_day` | the highest equity at the end of a trading day before, or the start balance |
| `intraday` | the highest equity inside any bar before, open profit included, or the start balance |

Each tells `usd`, when equity last stood at that level (`since`), when it was lowest (`lowest`), when it stood there again
(`recovered`, null if never), and the calendar days between them (`days_down`, `days_to_recover`).

## Breakdowns

Trades, net result, win rate, expectancy and profit factor by `hour` of the entry in the exchange's zone, by `weekday` of its trading
day (Sunday evening is Monday), by `session` (`regular`: the entry lay in the regular hours; `overnight`: outside, and on holidays), by `direction`,
`exit_reason` and `tag`. With several contracts the hours are those of the first. Rows of fewer than 30 trades are marked.

## Ambiguous bars

Where both paths through a bar end differently ([R17](fills.md#R17)) one outcome is kept; `ambiguous.parquet` has all. `readings` adds
up what the others would have come to: `pessimistic` is the net result less what the kept outcomes stood above the worst ones at
the close of their bars, `optimistic` the net result plus what the best ones stood above those kept. Under `intrabar: pessimistic`
the first is the net result, but for bars where a guard's lock decided. Neither is a run of its own: what an outcome would have
changed in later bars is not in it. Run again with `fills.intrabar=optimistic` for that.

## Intervals

The sample is drawn anew 1,000 times in blocks of neighbours, each the cube root of the sample long (circular block bootstrap, Politis
and Romano, 1992), always with the same seed. The interval holds the middle 95% of the figures. It tells how much chance is in
the sample; it knows nothing of markets that are not in it, nor of how many other settings were tried. A measure that one draw
in twenty leaves undefined gets none.

## Where others count differently

| measure | here | elsewhere |
|---|---|---|
| `sharpe`, `sortino` | results of days in USD | returns on the equity of the day before (empyrical, quantstats): the same on a constant balance |
| `sharpe` | standard deviation of a sample, 252 days | population; 365 days; by trade |
| `calmar` | mean · 252, nothing compounded, daily closes | compounded yearly growth, three years of months (Young) |
| `sqn` | population deviation, not capped | n capped at 100; sample deviation |
| `trade_deviation` | sample | population (both in pyalgotrade) |
| `max_drawdown` | inside bars, the start balance counts as a peak | closes only; a loss at the start left out |
| `win_rate` | a result of 0 is no win, and counts as a trade | trades of 0 left out |
| `winning_days` | days of 0 left out | all days |
| `profit_factor` | after fees | before fees (NinjaTrader, TradingView) |
| `days` | the exchange's trade dates: the short session of a holiday belongs to the next one | calendar dates; each session a day |
| `day_skew`, `day_kurtosis` | population, normal is 0 | corrected for small samples (pandas, Excel); normal is 3 |
| `average_mae`, `average_mfe` | prices on the bar's path from the entry to the exit, and the two fills' own | whole bars of entry and exit; closes |
| `exposure` | bars that end with a position | bars from entry to exit, both counted (backtesting.py); time |
| `longest_below_peak` | calendar days, inside bars | bars or trading days of closes |
| `average_r` | risk to the stop that came with the entry | planned risk typed in by hand; mean loss |
"""


def render() -> str:
    """The page's text."""
    parts = [HEAD]
    for group in GROUPS:
        parts.append(f"\n## Of {group.title}\n\n| measure | formula | basis | unit |\n|---|---|---|---|\n")
        for measure in group.measures.values():
            marks = f"{' ·' * measure.headline}{' ±' * measure.interval}"
            formula = measure.formula.removesuffix(".")
            formula = f"{formula} ({measure.source})" if measure.source else formula
            parts.append(f"| `{measure.name}`{marks} | {formula} | {measure.basis} | {measure.unit} |\n")
    return "".join([*parts, "\n", TAIL])


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
