"""The page of a sensitivity: one picture, one table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from barstep.report.figures.compared import sensitivities
from barstep.report.html import figure_box, page, plain_table, says, section
from barstep.report.words import usd

if TYPE_CHECKING:
    from barstep.runs.sensitivity import Sensitivity

_NOTE = (
    "Net result under each assumption, one varied at a time, all else as the file says. The dashed line, and dots in its "
    "colour, are as configured. A result that only one assumption carries is a result of that assumption."
)


def sensitivity_page(found: Sensitivity) -> str:
    """The page of a sensitivity."""
    base = found.outcomes[0]
    rows = [
        [
            f"{each.what} {each.value}".strip() + (" =" if each.configured and each is not base else ""),
            usd(each.net_pnl, sign=True), "" if each is base else usd(each.net_pnl - base.net_pnl, sign=True),
            usd(each.max_drawdown), f"{each.trades:,}", each.digest[:8], f"failed by {each.failed}" if each.failed else "",
        ]
        for each in found.outcomes
    ]  # fmt: skip
    head = ["", "net P&L", "change", "drawdown", "trades", "digest", ""]
    told = f'<div class="quiet">under other assumptions</div>{says(found.remarks)}'
    body = f"<header><h1>{escape(found.name)}</h1>{told}</header>"
    body += section("picture", "What hangs on assumptions", _NOTE, figure_box("picture", "Net result by assumption"))
    told = "= as configured; drawdown from the highest equity, inside bars; USD after fees."
    body += section("table", "Each assumption", told, plain_table(head, rows, range(1, 5)))
    nav = [("picture", "Picture"), ("table", "Table")]
    shared = {"zone": "UTC", "seconds": False, "decimals": 2}
    return page(f"{found.name}, varied – barstep", nav, body, {"picture": sensitivities(found.outcomes)}, shared=shared)
