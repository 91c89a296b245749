"""`barstep instruments list|show`: the products that barstep knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, columns, console, emit

if TYPE_CHECKING:
    from barstep.domain.instrument import Instrument

app = typer.Typer(help="Products that barstep knows: tick, fees, trading hours.", no_args_is_help=True)


def _complete(incomplete: str) -> list[str]:
    from barstep.data import instrument_names

    return [name for name in instrument_names() if name.startswith(incomplete.upper())]


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the packaged instruments."""
    from barstep.data import instrument, instrument_names

    known = [_document(instrument(name)) for name in instrument_names()]
    if as_json:
        emit(known)
        return
    rows = [(d["name"], d["description"], d["tick_size"], f"{d['tick_value']:g}", _fee(d)) for d in known]
    head = ("name", "description", "tick", "USD per tick", "fee per side")
    columns(console(), head, rows, right=head[2:])


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as ES.", autocompletion=_complete)],
    as_json: JsonOption = False,
) -> None:
    """Show an instrument: tick, value, fees, months and trading hours."""
    from barstep.data import instrument
    from barstep.data.instruments import instruments_as_of

    document = {**_document(instrument(name)), "as_of": instruments_as_of()}
    if as_json:
        emit(document)
        return
    out = console()
    out.print(f"{document['name']}  {document['description']}, {document['exchange']}", style="bold")
    hours = document["session"]
    fees = ", ".join(f"{schedule} {usd:.2f}" for schedule, usd in document["fees"].items())
    rows = [
        ("tick size", document["tick_size"]),
        ("tick value", f"{document['tick_value']:g} USD"),
        ("point value", f"{document['point_value']:g} USD"),
        ("fees per side", f"{fees} USD"),
        ("contract months", document["months"]),
        ("gateway product", document["product_id"]),
        ("asset class", document["asset_class"]),
        ("trading hours", f"{', '.join(hours['spans'])} {hours['zone']} ({hours['name']})"),
        ("regular hours", hours["regular"] or "none"),
        ("holidays", hours["calendar"] or "no table"),
        ("figures as of", document["as_of"]),
    ]
    columns(out, ("", ""), rows)


def _document(item: Instrument) -> dict[str, Any]:
    from barstep.domain.instrument import MICROS

    hours = item.session
    return {
        "name": item.name,
        "description": item.description,
        "exchange": item.exchange,
        "asset_class": item.asset_class,
        "product_id": item.product_id,
        "months": item.months,
        "tick_size": _exact(item),
        "tick_value": item.tick_value / MICROS,
        "point_value": item.point_value,
        "fees": {schedule: fee / MICROS for schedule, fee in item.fees.items()},
        "session": {
            "name": hours.name,
            "zone": hours.zone,
            "spans": [_span(*span) for span in hours.spans],
            "regular": _span(*hours.regular) if hours.regular else None,
            "calendar": hours.calendar,
        },
    }


def _exact(item: Instrument) -> str:
    """The tick as a decimal where that is exact: `0.25`, `0.0000005`, `1/3`."""
    from decimal import Decimal

    step = item.tick_size
    decimal = Decimal(step.numerator) / Decimal(step.denominator)
    return f"{decimal:f}" if decimal * step.denominator == step.numerator else str(step)


def _span(opens: int, closes: int) -> str:
    """Minutes from the trade date's midnight as clock times."""
    first, last = opens % 1440, closes % 1440 if closes != 1440 else 1440
    return f"{first // 60:02d}:{first % 60:02d}-{last // 60:02d}:{last % 60:02d}"


def _fee(document: dict[str, Any]) -> str:
    usd = document["fees"].get("topstepx")
    return "-" if usd is None else f"{usd:.2f}"
