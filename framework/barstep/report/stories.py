"""The stories of a run's trades, as `barstep explain` tells them: the entry's order, then the exit's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from barstep.runs.explain.orders import headline, order_facts
from barstep.runs.explain.words import RULES

if TYPE_CHECKING:
    from barstep.report.record import RunRecord

MOST = 300
"""Trades whose stories go into a page; of more, the ambiguous ones first, then those with the largest results."""


def stories(run: RunRecord) -> dict[str, Any]:
    """The stories by order.

    Returns:
        `orders`: by id the title and the facts, each [time in the exchange's zone, text, rules]; `rules`: a sentence for
        each rule that is named.
    """
    trades = run.trades
    rank = np.lexsort((-np.abs(trades["net_pnl"]), ~trades["ambiguous"].astype(bool)))
    told: dict[str, Any] = {}
    named: set[str] = set()
    for row in rank[:MOST]:
        for number in (int(trades["entry_order"][row]), int(trades["exit_order"][row])):
            if str(number) not in told:
                order = run.stored.order(number)
                facts = order_facts(run.stored, order)
                named.update(rule for fact in facts for rule in fact.rules)
                told[str(number)] = {
                    "title": headline(run.stored, order),
                    "facts": [[run.stored.local(fact.when), fact.text, list(fact.rules)] for fact in facts],
                }
    return {"orders": told, "rules": {rule: text for rule, text in RULES.items() if rule in named}}
