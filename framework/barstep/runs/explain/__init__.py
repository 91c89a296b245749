"""Why a stored run did what it did: the story of an order or of a bar, from the run's folder and the bars it played.

records.py   the folder's tables and documents
bars.py      the bars, read again where their source is unchanged
fills.py     fills and ambiguous bars in sentences
orders.py    the life of an order
moments.py   what happened in a bar
words.py     a sentence for each rule
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from barstep.runs.explain.moments import bar_facts, find_end
from barstep.runs.explain.orders import headline, order_facts
from barstep.runs.explain.records import Records
from barstep.runs.explain.words import RULES

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.runs.explain.fills import Fact


@dataclass(slots=True)
class Story:
    """An explanation.

    Attributes:
        title: What is explained, in one line.
        facts: What happened, in order.
        records: The rows it comes from, by table.
        remarks: What could not be looked up, such as bars whose source has changed.
        run: The stored run.
    """

    title: str
    facts: list[Fact]
    records: dict[str, list[dict[str, Any]]]
    remarks: list[str]
    run: Records

    @property
    def rules(self) -> dict[str, str]:
        """The rules that the facts name, each with its sentence, in the order of their numbers."""
        named = {rule for fact in self.facts for rule in fact.rules}
        return {rule: text for rule, text in RULES.items() if rule in named}

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints; times are UTC."""
        return {
            "run": str(self.run.folder),
            "title": self.title,
            "facts": [{"time": fact.when, "text": fact.text, "rules": list(fact.rules)} for fact in self.facts],
            "rules": self.rules,
            "records": self.records,
            "remarks": self.remarks,
        }


def explain_order(folder: Path, number: int) -> Story:
    """Why an order was filled, not filled, denied, resized or cancelled.

    Raises:
        ConfigError: There is no such order.
    """
    run = Records(folder)
    order = run.order(number)
    fills = run.rows("fills", order_id=number)
    bars = {(fill["contract"], fill["bar_end"]): None for fill in fills}
    ambiguous = [row for contract, end in bars for row in run.rows("ambiguous", contract=contract, bar_end=end)]
    rows = {"orders": [order], "fills": fills, "ambiguous": ambiguous}
    facts = order_facts(run, order)
    return Story(headline(run, order), facts, rows, _remarks(run), run)


def explain_bar(folder: Path, text: str) -> Story:
    """What happened in the bar that covers a time, or has a number.

    Raises:
        ConfigError: There is no such bar.
    """
    run = Records(folder)
    end = find_end(run, text)
    rows = {table: run.rows(table, bar_end=end) for table in ("fills", "ambiguous", "mismatches")}
    rows["equity"] = run.rows("equity", time=end)
    return Story(f"bar ending {run.local(end)}", bar_facts(run, end), rows, _remarks(run), run)


def _remarks(run: Records) -> list[str]:
    """Why bars are not shown, where they are not."""
    whys = [run.bars(place).why for place in range(len(run.contracts))]
    return [f"no prices of bars: {why}" for why in dict.fromkeys(filter(None, whys))]
