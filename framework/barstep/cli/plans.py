"""`barstep plans list|show`: account types of firms, each figure with its source and date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, columns, console, emit

if TYPE_CHECKING:
    from rich.console import Console

    from barstep.rules import Plan

app = typer.Typer(help="Account types of firms: limits, targets, hours, fees.", no_args_is_help=True)

_TRAILS = {"static": "no", "end_of_day": "end of day", "balance": "balance", "equity": "equity"}


def _complete(incomplete: str) -> list[str]:
    from barstep.rules import plan_names

    return [name for name in plan_names() if name.startswith(incomplete.lower())]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the packaged plans."""
    from barstep.rules import load_plan, plan_names

    plans = [load_plan(name) for name in plan_names()]
    if as_json:
        emit([_summary(plan) for plan in plans])
        return
    rows = []
    for told in map(_summary, plans):
        late = ", checked at the close" if told["checked"] == "close" else ""
        figures = (_short(told[name]) for name in ("name", "start_balance", "profit_target", "max_loss"))
        rows.append((*figures, f"{_short(told['trails'])}{late}", told["as_of"]))
    columns(
        console(),
        ("name", "start", "target", "max loss", "trails", "as of"),
        rows,
        right=("start", "target", "max loss"),
    )


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as topstep-combine-50k.", autocompletion=_complete)],
    as_json: JsonOption = False,
) -> None:
    """Show a plan: its figures with their sources and dates, its readings and choices, and what is left out."""
    from barstep.rules import load_plan

    plan = load_plan(name)
    document = _document(plan)
    if as_json:
        emit(document)
        return
    _show(console(), document)


def _summary(plan: Plan) -> dict[str, Any]:
    loss = plan.max_loss_limit
    return {
        "name": plan.name,
        "start_balance": plan.start_balance,
        "profit_target": plan.profit_target,
        "max_loss": None if loss is None else loss.usd,
        "trails": None if loss is None else _TRAILS[loss.trail],
        "checked": None if loss is None else loss.checked,
        "as_of": plan.as_of.isoformat(),
    }


def _document(plan: Plan) -> dict[str, Any]:
    from barstep.rules import figures, load_source

    rows = []
    used: dict[str, None] = {}
    for figure, value in figures(plan).items():
        source = plan.source_of(figure)
        if source is not None:
            used |= dict.fromkeys(source.ids)
            told = {"sources": list(source.ids), "as_of": source.as_of.isoformat(), "confidence": source.confidence}
            rows.append({"figure": figure, "value": value, **told, "note": source.note})
    switches = []
    for name, switch in plan.switches.items():
        used |= dict.fromkeys(switch.sources)
        told = {"kind": switch.kind, "default": switch.default, "values": list(switch.values)}
        switches.append({"switch": name, **told, "note": switch.note, "sources": list(switch.sources)})
    return {
        "name": plan.name,
        "title": plan.title,
        "firm": plan.firm,
        "stage": plan.stage,
        "as_of": plan.as_of.isoformat(),
        "funded": plan.funded,
        "figures": rows,
        "switches": switches,
        "not_modelled": list(plan.not_modelled),
        "sources": {key: {"ref": load_source(key).ref, "note": load_source(key).note} for key in used},
    }


def _show(out: Console, document: dict[str, Any]) -> None:
    out.print(f"{document['title']}  ({document['stage']}, as of {document['as_of']})", style="bold")
    rows = [
        (row["figure"], _short(row["value"]), f"{' '.join(row['sources'])}  {row['as_of']}  {row['confidence']}")
        for row in document["figures"]
    ]
    columns(out, ("figure", "value", "source, date, confidence"), rows)
    remarks = dict.fromkeys((row["figure"].split(".")[0], row["note"]) for row in document["figures"] if row["note"])
    if remarks:
        out.print()
        columns(out, ("remarks", ""), remarks)
    if document["switches"]:
        out.print()
        listed = [
            (s["switch"], " | ".join(f"{v} (default)" if v == s["default"] else v for v in s["values"]), s["note"])
            for s in document["switches"]
        ]
        columns(out, ("switch", "values", "what it is"), listed)
    out.print()
    left_out = [("left out", text) for text in document["not_modelled"]]
    follows = [("funded plan", document["funded"])] if document["funded"] else []
    columns(out, ("", ""), follows + left_out + [(key, s["ref"]) for key, s in document["sources"].items()])


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return ", ".join(": ".join(_short(part) for part in row) for row in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return str(value)
