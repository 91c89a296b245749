"""Writes docs/rules/*.md, a page for each risk rule, from the plugins and the words below. Run it from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from barstep.config.reading import describe
from barstep.hooks.loader import import_file
from barstep.hooks.plugin import RiskRule, option_fields
from barstep.rules import load_source

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "rules"
OWN = "A trader's own rule: no firm's page gives its figures."


class Words(NamedTuple):
    """What a page says besides what the plugin itself tells."""

    title: str
    formula: str
    yaml: str
    example: str
    sources: tuple[tuple[str, str], ...] = ()
    before: str = ""


RULES: dict[str, Words] = {
    "max_loss_limit": Words(
        "Maximum loss limit",
        "First floor = start balance - `usd`. After each value of what is trailed:\n"
        "floor = max(floor, min(value - `usd`, start balance + `lock`)). `static` never moves it, `end_of_day` moves it\n"
        "between trading days after the last balance, `balance` after each bar that books a result, `equity` inside\n"
        "the bar. A breach is equity at or below the floor ([R19](../fills.md#R19)), with `touch: false` only below it.",
        "options: {usd: 2000, trail: end_of_day, lock: 0}",
        "Start 50,000, `usd` 2,000, `lock` 0. A day that touches 48,000 on the first day fails, whatever its close.\n\n"
        "| close of the day | 50,500 | 50,200 | 52,000 | 53,000 |\n|---|---|---|---|---|\n"
        "| floor afterwards | 48,500 | 48,500 | 50,000 | 50,000 |\n\n"
        "```python\n>>> from barstep.rules import raised_floor\n>>> floor = 48_000\n"
        ">>> for close in (50_500, 50_200, 52_000, 53_000):\n...     floor = raised_floor(floor, close, 2_000, 50_000)\n"
        "...     print(floor)\n48500\n48500\n50000\n50000\n\n```\n\n"
        "With `trail: equity` an open profit of 1,200 on the first day lifts the floor to 49,200 at once.",
        (("T2", "2026-09-18"), ("X9", "2026-06-02"), ("W17", "2026-11-22"), ("X3b", "2026-09-01")),
    ),
    "daily_loss_limit": Words(
        "Daily loss limit",
        "Level of equity = equity when the trading day began - `usd`. At or below it all is closed inside the bar; `lock`\n"
        "denies entries for the rest of the day, `fail` fails the account. Where a maximum loss limit is reached\n"
        "first, or at the same price, the account fails.",
        "options: {usd: 1000, action: lock}",
        "| the day begins with | maximum loss floor | marks of equity | what happens |\n|---|---|---|---|\n"
        "| 50,400 | 48,400 | 50,100, 49,700, 49,400 | the day is locked at 49,400 |\n"
        "| 50,600 | 50,000 | 50,300, 50,000 | the account fails at 50,000 |\n"
        "| 50,400 | 48,400 | 50,300, a gap to 48,300 | both are breached: the account fails |",
        (("T3", "2026-06-30"),),
    ),
    "daily_profit_cap": Words(
        "Daily profit cap",
        "Level of equity = equity when the trading day began + `usd`. At or above it all is closed inside the bar, and the\n"
        "rest of the day is locked.",
        "options: {usd: 1650}",
        "A day that begins with 50,000 and climbs to 51,700 is closed at 51,650, less the forced slip. One that gaps from\n"
        "51,000 to 51,700 is closed at 51,700.",
    ),
    "consistency": Words(
        "Consistency",
        "A firm asks: best day <= share x total, else the total that is needed is best day / share. This rule keeps\n"
        "each day below share x `target`, where it closes and locks the day, so the target never rises. A\n"
        "[plan](../plans.md) judges the firm's own rule when it says whether an attempt has passed.",
        "options: {share: 0.55, target: 3000}",
        "Days of 1,900, 600 and 500 reach 3,000, but 1,900 is 63.3 % of it: 3,454.55 are needed.\n\n"
        "```python\n>>> from barstep.rules import best_day_share, total_needed\n>>> days = [1_900, 600, 500]\n"
        ">>> round(best_day_share(days), 3), round(total_needed(max(days), 0.55, 3_000), 2)\n(0.633, 3454.55)\n\n```\n\n"
        "With this rule the first day stops at 1,650.",
        (("T4", "2026-09-17"),),
    ),
    "position_cap": Words(
        "Position cap",
        "Lots held = sum over contracts of contracts x weight, working orders at their worst. An order may open\n"
        "(lots allowed - lots of other contracts) / weight, less what its own side holds already. Weights are those of\n"
        "`barstep instruments`: a mini 1, a micro 0.1, SIL 0.2. With `scaling` the last row reached by the balance at\n"
        "the close of the day before holds.",
        "options: {lots: 5, scaling: [[0, 2], [1500, 3], [2000, 5]], contracts: {CL: 3}}",
        "With 3 lots and 2 minis held, 25 micros are cut to 10. The scaling plan of a funded 50K:\n\n"
        "```python\n>>> from barstep.rules import scaled_lots\n>>> rows = [[0, 2], [1_500, 3], [2_000, 5]]\n"
        ">>> [scaled_lots(rows, balance) for balance in (0, 1_499.99, 1_500, 2_000)]\n[2, 2, 3, 5]\n"
        ">>> scaled_lots(rows, 2_000, upper=False)\n3\n\n```",
        (("T1", "2026-09-24"), ("T6", "2026-07-16"), ("T21", "2026-09-24"), ("T13", "2026-09-17")),
    ),
    "trading_hours": Words(
        "Trading hours",
        "At the last bar that ends by `flat_by` all orders are cancelled and positions closed at its close less the\n"
        "forced slip ([R18](../fills.md#R18)); between that bar and `flat_by` nothing opens, also where bars are missing\n"
        "or straddle the time. On a day that closes early the time is the earlier of `flat_by` and the close less\n"
        "`before_early_close` minutes. A holiday that trades until noon belongs to the next trading day: there all is\n"
        "closed before the pause in the same way, and the evening is free again. Times are in the exchange's zone.",
        "options: {flat_by: 15:10, before_early_close: 15}",
        "3 July 2013: the equity indices close at 12:15 in Chicago. With 15 minutes before it the account is flat at 12:00.",
        (("T8", "2026-07-13"), ("T12", "2026-09-18")),
    ),
    "max_loss_per_trade": Words(
        "Maximum loss per trade",
        "Contracts = floor(`usd` / (stop distance in ticks x tick value)). Slippage and fees come on top. An entry\n"
        "without a stop of its own, or with a stop price but no price to measure from, is denied.",
        "options: {usd: 100}",
        "Twenty contracts of 1 USD a tick with a stop 9 ticks away: 100 / 9 lets 11 of them open.",
    ),
    "cool_down": Words(
        "Cool-down",
        "After `losses` trades in a row with a net result below 0, working entries are cancelled and new ones denied for\n"
        "`minutes`, or until the trading day ends. A win starts the count anew, and so does the cool-down itself.",
        "options: {losses: 3, minutes: 30}",
        "With two losses and four minutes: the second loss is booked at 12:05, entries are denied until 12:09.",
    ),
    "no_trade_windows": Words(
        "No-trade windows",
        "When the next bar would reach into a window, working entries are cancelled; until the window is over new ones are\n"
        "denied. Positions and their exits stay. A rule cannot know that the next bar is missing: where bars are, an order\n"
        "that works since before the gap may fill in the first bar inside the window.",
        "options: {windows: [11:30-13:00]}",
        "With a window from 12:02 to 12:05 and one-minute bars, a resting entry is cancelled at 12:02, an order at 12:03 is\n"
        "denied, one at 12:05 fills. Five-minute bars and a window from 12:07: an entry asked for at 12:05 is\n"
        "cancelled, since its bar reaches 12:10.",
    ),
    "news_blackout": Words(
        "News blackout",
        "A window from `before` minutes before each item of the list to `after` minutes behind it; entries are\n"
        "treated as in [no-trade windows](no_trade_windows.md). Times without an offset are read in `zone`; without a\n"
        "zone they are refused.",
        "options: {file: news.csv, zone: America/New_York, before: 2, after: 2}",
        "07:04 in New York is 12:04 UTC: between 12:02 and 12:06 nothing opens.",
        (("T13", "2026-09-17"),),
        "```csv configs/news.csv\ntime,title\n2026-09-11 08:30,CPI\n2026-09-16T14:00:00-04:00,FOMC\n```\n",
    ),
    "correlation_cap": Words(
        "Correlation cap",
        "rho = correlation of the changes of the last `bars` common closes of two contracts. A position the same way\n"
        "counts when rho >= `above`, one the other way when rho <= -`above`. Lots that count together, the order\n"
        "included, are at most `lots`.",
        "options: {lots: 3, above: 0.7, bars: 100}",
        "With `lots: 2.1`, two minis long in one contract leave room for one micro long in another that moves with\n"
        "it; short the micro may have 21, since the two do not win together.",
    ),
    "equity_curve_filter": Words(
        "Equity-curve filter",
        "At the start of a day: m = mean of equity at the start of the last `average` days, this one included. When\n"
        "equity is below m, `pause` days are without entries. Then trading resumes and the mean is taken anew.",
        "options: {average: 10, pause: 2}",
        "With an average of three days and a pause of two: losses on days 1 and 2, none may open on days 3 and 4,\n"
        "days 5 and 6 trade again.",
    ),
    "kill_switch": Words(
        "Kill switch",
        "After each bar: when the file exists all orders are cancelled, positions closed at the last close less the forced\n"
        "slip, and entries denied for good. The next run is denied too, as long as the file is there.",
        "options: {file: KILL}",
        "`touch configs/KILL` while a run goes on ends its trading after the bar; delete the file to trade again.",
    ),
    "max_position": Words(
        "Maximum position",
        "An order may open `contracts` - what its side holds already, working orders at their worst. For several\n"
        "contracts and for micros see [position cap](position_cap.md).",
        "options: {contracts: 5}",
        "With 5 contracts and 2 long, an order for 9 is cut to 3.",
    ),
    "max_trades": Words(
        "Maximum trades",
        "Entries = fills of the trading day that open a position from flat or turn it round. At `trades` of them\n"
        "nothing opens.",
        "options: {trades: 10}",
        "With one trade a day the first entry fills, and every later one of that day is denied.",
    ),
}


def page(name: str, words: Words) -> str:
    """The text of a rule's page."""
    module = import_file(ROOT / "plugins" / f"{name}.py")
    cls: Any = next(
        c for c in vars(module).values() if isinstance(c, type) and issubclass(c, RiskRule) and c is not RiskRule
    )
    about = " ".join((cls.__doc__ or "").split())
    rows = [
        f"| `{f.name}` | {describe(f.type, f.spec).replace('|', 'or')} | {_default(f.spec.default)} | {f.spec.help} |"
        for f in option_fields(cls)
    ]
    listed = [
        f"- {key}: {load_source(key).ref} ({load_source(key).note}); figures as of {day}" for key, day in words.sources
    ]
    return "\n".join(
        [
            f"# {words.title}", "", about, "", *([words.before] if words.before else []),
            "```yaml", "risk:", f"  - use: {name}", f"    {words.yaml}", "```", "",
            "| option | takes | default | meaning |", "|---|---|---|---|", *rows, "",
            "## Formula", "", words.formula, "", "## Worked example", "", words.example, "",
            "## Source", "", *(listed or [OWN]), "",
        ]
    )  # fmt: skip


def _default(value: Any) -> str:
    if not isinstance(value, bool | int | float | str | list | dict | Path) and value is not None:
        return "to be given"
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def pages() -> dict[str, str]:
    """Every page by its name."""
    return {name: page(name, words) for name, words in RULES.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / f"{name}.md").write_text(text, encoding="utf-8", newline="\n")
