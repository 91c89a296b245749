"""The attempts of an account as a trader reads them: passed, failed or open, when, by which rule, how close."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from barstep.cli.output import columns, moment

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_SHOWN = 8  # attempts, the first ones


def attempts(out: Console, result: dict[str, Any]) -> None:
    """Print the plan and the attempts of a result, where it has such."""
    risk = result["risk"]
    plan, made = risk.get("plan"), risk.get("attempts") or []
    if plan is not None:
        changed = ", ".join(f"{path} {_text(value)}" for path, value in plan["changes"].items())
        chosen = ", ".join(f"{name} {value}" for name, value in plan["switches"].items())
        parts = (f"Plan {plan['name']} as of {plan['as_of']}", chosen, f"CHANGED: {changed}" if changed else "")
        out.print(", ".join(filter(None, parts)))
    if len(made) == 1:
        out.print(_sentence(made[0]))
    elif made:
        counts = {word: sum(each["verdict"] == word for each in made) for word in ("passed", "failed", "open")}
        told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        out.print(f"{len(made)} attempts: {told}", style="bold")
        rows = [
            (str(a["number"]), a["start"], a["end"], str(a["days"]), a["verdict"], a["rule"], *_margins(a))
            for a in made[:_SHOWN]
        ]
        head = ("", "from", "to", "days", "verdict", "rule", "margin", "headroom")
        columns(out, head, rows, right=("", "days", "margin", "headroom"))
        if len(made) > _SHOWN:
            out.print(f"... and {len(made) - _SHOWN} more in result.json")


def _sentence(attempt: dict[str, Any]) -> Text:
    from rich.text import Text

    days = f"{attempt['days']} day{'s' * (attempt['days'] != 1)}"
    margin, headroom = _margins(attempt)
    when = moment(datetime.fromisoformat(attempt["time"])) if attempt["time"] else ""
    close = f", smallest headroom {headroom} USD" if attempt["headroom"] is not None else ""
    if attempt["verdict"] == "failed":
        return Text(f"ACCOUNT FAILED by {attempt['rule']} at {when}, after {days}: {margin} USD", style="bold red")
    if attempt["verdict"] == "passed":
        return Text(
            f"PASSED on {attempt['end']}, after {days}: {margin} USD above what was needed{close}", style="bold green"
        )
    needed = f" of {attempt['needed']:,.2f} needed" if attempt["needed"] else ""
    return Text(f"OPEN after {days}: {attempt['net_pnl']:+,.2f} USD{needed}{close}", style="bold")


def _margins(attempt: dict[str, Any]) -> tuple[str, str]:
    both = (attempt["margin"], attempt["headroom"])
    return tuple("-" if usd is None else f"{usd:,.2f}" for usd in both)  # type: ignore[return-value]


def _text(value: Any) -> str:
    return "none" if value is None else f"{value:,.10g}" if isinstance(value, float | int) else str(value)
