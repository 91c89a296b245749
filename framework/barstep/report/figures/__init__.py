"""The figures, as functions that give plotly figures: the report, notebooks and programs use the same ones.

price.py       bars with entries, exits and waiting orders
account.py     equity with the plan's floor, drawdown
days.py        results by trading day
trades.py      how results spread, by hour and reason, and how far trades went
grid.py        heatmap, plateau, fans, walk-forward, overfitting
odds.py        fans and causes of failure of an evaluation
"""

from barstep.report.figures.account import equity
from barstep.report.figures.days import calendar
from barstep.report.figures.price import price
from barstep.report.figures.trades import by_hour, by_reason, excursions, results

__all__ = ["by_hour", "by_reason", "calendar", "equity", "excursions", "price", "results"]
