"""`barstep evaluate`: a run or a ledger under the rules of a plan."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, console, emit
from barstep.cli.runs import complete, workspace

if TYPE_CHECKING:
    from barstep.evaluate.odds import Draw
    from barstep.rules import Plan

DAYS, FUNDED_DAYS = 60, 120
_Text = str | None


def _plans(incomplete: str) -> list[str]:
    from barstep.rules import plan_names

    return [name for name in plan_names() if name.startswith(incomplete)]


def evaluate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|LEDGER",
            help="A run (a folder, the beginning of its hash, or last), a .json of Trade/search, or a .csv of fills or trades.",
            autocompletion=complete,
        ),
    ],
    plan: Annotated[
        str, typer.Option("--plan", metavar="NAME", help="See `barstep plans list`.", autocompletion=_plans)
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Another figure or reading: consistency.share=0.5, dll=bought."
        ),
    ] = None,
    what_if: Annotated[
        bool, typer.Option("--what-if", help="Try each rule alone, without each rule, and other readings.")
    ] = False,
    floors: Annotated[
        Path | None,
        typer.Option("--floors", metavar="FILE", help="Write floor and equity at every bar: .parquet, .csv."),
    ] = None,
    attempts: Annotated[
        int | None, typer.Option("--attempts", metavar="N", min=1, help="Draw so many attempts from the days.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help=f"Trading days of an attempt; {DAYS}.")] = None,
    funded_days: Annotated[
        int | None, typer.Option("--funded-days", min=1, help=f"Trading days in the funded account; {FUNDED_DAYS}.")
    ] = None,
    sizes: Annotated[_Text, typer.Option("--sizes", metavar="1,2,3", help="Multiples of the recorded size.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="The same seed gives the same odds; 1.")] = None,
    block: Annotated[
        int | None, typer.Option("--block", min=1, help="Days drawn in a row; the cube root of their number.")
    ] = None,
    payout: Annotated[
        _Text, typer.Option("--payout", metavar="PATH", help="The funded account's way to payouts.")
    ] = None,
    bars: Annotated[
        _Text,
        typer.Option("--bars", metavar="FILE", help="Bars of a ledger of fills: a file, sample, or a run's YAML."),
    ] = None,
    zone: Annotated[_Text, typer.Option("--zone", metavar="ZONE", help="Zone of a ledger's times without one.")] = None,
    fees: Annotated[
        _Text, typer.Option("--fees", metavar="NAME|USD", help="Fees a side of a ledger's rows without any; topstepx.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a run or a ledger by the rules of a plan: passed, failed, or still open, when and why.

    With --attempts, draw whole trading days many times and tell the chance of a pass, what it takes and what it costs.
    A failed account is a result: the exit code is 0.
    """
    from barstep.cli.evaluation import show
    from barstep.evaluate.document import document
    from barstep.evaluate.evaluation import Request
    from barstep.evaluate.evaluation import evaluate as run_evaluation
    from barstep.evaluate.floors import FloorTable
    from barstep.evaluate.open_record import open_record

    chosen, changed = _plan(plan, overrides or [])
    given = {"--days": days, "--funded-days": funded_days, "--sizes": sizes, "--seed": seed, "--block": block}
    drawn = _drawing(attempts, given | ({"--payout": payout} if chosen.stage == "evaluation" else {}))
    funded = _funded(chosen, overrides or []) if attempts is not None else None
    record = open_record(source, workspace(), bars=bars, zone=zone, fees=fees)
    with FloorTable(floors) if floors is not None else nullcontext() as table:
        request = Request(chosen, changed, funded, payout, what_if, drawn, _sizes(sizes), table)
        found = document(run_evaluation(record, request))
    if as_json:
        emit(found)
    else:
        show(console(), found, floors)


def _plan(name: str, changes: list[str]) -> tuple[Plan, dict[str, Any]]:
    """A plan under the switches and figures that were given."""
    from barstep.data.hours import near_names
    from barstep.domain.errors import ConfigError
    from barstep.rules import adjusted, load_plan
    from barstep.rules.adjust import PlanError
    from barstep.rules.plan import SECTIONS

    plan = load_plan(name)
    switches: dict[str, str] = {}
    figures: dict[str, Any] = {}
    for text in changes:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {text}: expected KEY=VALUE such as consistency.share=0.5")
        if key in plan.switches:
            switches[key] = value
            continue
        section, dot, _ = key.partition(".")
        if section not in SECTIONS:
            known = SECTIONS if dot else [*SECTIONS, *plan.switches]
            raise ConfigError(f"--set {text}: no figure or switch {key!r}; {near_names(section, known)}")
        told = None if value.lower() in ("none", "null") else value
        *groups, figure = key.split(".")
        place = figures
        for group in groups:
            if not isinstance(place.get(group), dict):
                place[group] = {}
            place = place[group]
        place[figure] = told
    try:
        return adjusted(plan, switches, figures)
    except PlanError as error:
        raise ConfigError([f"--set {'.'.join(fault.path[1:])}: {fault.text}" for fault in error.faults]) from None


def _funded(plan: Plan, changes: list[str]) -> Plan | None:
    """The plan that follows a pass, under the same choices where it has them: a daily limit that was bought stays."""
    from barstep.rules import adjusted, load_plan

    if plan.funded is None or plan.stage != "evaluation":
        return None
    funded = load_plan(plan.funded)
    given = dict(text.split("=", 1) for text in changes)
    chosen = {
        k: v for k, v in given.items() if k in plan.switches and v in getattr(funded.switches.get(k), "values", {})
    }
    return adjusted(funded, chosen)[0]


def _drawing(attempts: int | None, given: dict[str, Any]) -> Draw | None:
    from barstep.domain.errors import ConfigError
    from barstep.evaluate.odds import Draw

    if attempts is None:
        named = [name for name, value in given.items() if value is not None]
        if named:
            raise ConfigError(f"{named[0]} is for drawn attempts: give --attempts too, such as --attempts 10000")
        return None
    return Draw(
        attempts,
        given["--days"] or DAYS,
        given["--funded-days"] or FUNDED_DAYS,
        1 if given["--seed"] is None else given["--seed"],
        given["--block"],
    )


def _sizes(text: str | None) -> tuple[int, ...]:
    from barstep.domain.errors import ConfigError

    try:
        found = tuple(int(part) for part in (text or "1").split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 1 or len(set(found)) < len(found):
        raise ConfigError(f"--sizes {text}: expected multiples of the recorded size such as 1,2,3")
    return found
