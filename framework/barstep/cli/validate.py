"""`barstep validate`: check a configuration, and show what it comes to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from barstep.cli.output import JsonOption, SetOption, columns, console, emit, moment, prints_to_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from barstep.runs.assemble import RunPlan


def validate(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="The YAML file of a run or a grid.", show_default=False)
    ],
    overrides: SetOption = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print all values, the order of plugins, fills, fees and dates.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a configuration without running it; every mistake is told with its line and what to write instead."""
    from barstep.config.grid_loader import is_grid
    from barstep.runs.assemble import load_plan

    if is_grid(config):
        _grid(config, overrides or (), as_json=as_json)
        return
    with prints_to_stderr():
        plan = load_plan(config, overrides or ())
        document = _document(plan, config)
    if as_json:
        emit(document)
        return
    if show:
        _show(console(), document)
    for warning in document["warnings"]:
        typer.echo(f"warning: {warning}")
    counts = ", ".join(f"{name} {len(listed)}" for name, listed in document["plugins"].items())
    typer.echo(f"{config}: valid ({counts})")


def _grid(config: Path, overrides: Sequence[str], *, as_json: bool) -> None:
    """Check a grid and count its points."""
    from barstep.batch.grid import check_grid

    with prints_to_stderr():
        document = check_grid(config, overrides)
    if as_json:
        emit({"valid": True, "config": str(config), **document})
    else:
        typer.echo(f"{config}: valid (a grid of {document['points']:,} points over {', '.join(document['axes'])})")


def _document(plan: RunPlan, config: Path) -> dict[str, Any]:
    """Everything that `--show` prints."""
    from barstep.config import dump_resolved
    from barstep.domain.instrument import MICROS
    from barstep.hooks.extension import EXTENSIONS
    from barstep.hooks.manager import HookManager, Registered
    from barstep.hooks.plugin import KINDS
    from barstep.runs.extent import extent

    made = [Registered(p.name, p.make(), None) for p in plan.plugins]
    bars, model = [], next((p.name for p in plan.of("fees")), None)
    for stream, fee in zip(plan.streams, plan.fees, strict=True):
        found = extent(stream)
        entry: dict[str, Any] = {"contract": stream.feed.contract.name, "id": stream.feed.contract.id}
        entry |= {"timeframe": stream.feed.timeframe.text, "start": found.start, "end": found.end}
        entry |= {"first_day": found.first_day, "last_day": found.last_day, "bars": stream.count()}
        entry |= {
            "volume_known": stream.volume_known,
            "fee_per_side": None if model else fee / MICROS,
            "source": stream.source,
        }
        bars.append(entry)
    run = plan.loaded.config
    return {
        "valid": True,
        "config": str(config),
        "name": run.name,
        "workspace": str(plan.workspace),
        "resolved": dump_resolved(plan.loaded, {p.path: p.options for p in plan.named}),
        "plugins": {
            section: [
                {"name": p.name, "class": p.found.cls.__name__, "origin": p.found.origin, "file": str(p.found.file)}
                for p in plan.named
                if p.section == section
            ]
            + [
                {"name": s.name, "class": "script", "origin": s.origin, "file": str(s.file)}
                for s in (plan.script,)
                if s is not None and section == "strategies"
            ]
            for section in (*KINDS, *(s for s in EXTENSIONS if any(p.section == s for p in plan.extensions)))
        },
        "hooks": {hook: names for hook, names in HookManager(made, lambda: "-").order().items() if names},
        "fills": {"profile": run.fills.profile, **asdict(run.fills.options()), "resolution": _resolution(plan)},
        "data": bars,
        "warnings": [text for stream in plan.streams for text in stream.warnings] + plan.warnings,
    }


def _show(out: Console, document: dict[str, Any]) -> None:
    from barstep.domain.fill_options import PROFILES

    _heading(out, "Configuration, with every default")
    out.print(document["resolved"].rstrip(), soft_wrap=True)
    _heading(out, "Plugins in the order in which each hook calls them")
    columns(out, ("hook", "plugins"), [(hook, ", ".join(names)) for hook, names in document["hooks"].items()])
    _heading(out, "Where they come from")
    listed = [p for section in document["plugins"].values() for p in section]
    columns(out, ("plugin", "origin", "file"), [(p["name"], p["origin"], p["file"]) for p in listed])
    fills = dict(document["fills"])
    profile = fills.pop("profile")
    _heading(out, f"Fills: profile {profile}")
    usual = {**asdict(PROFILES[profile]), "resolution": "none"}
    rows = [(name, _text(v), "" if usual[name] == v else _text(usual[name])) for name, v in fills.items()]
    columns(out, ("option", "value", "profile has"), rows)
    _heading(out, "Fees, per contract")
    fees = [(b["contract"], *_fees(b["fee_per_side"])) for b in document["data"]]
    columns(out, ("contract", "USD per side", "USD round trip"), fees, right=("USD per side", "USD round trip"))
    _heading(out, "Bars")
    for b in document["data"]:
        volume = "" if b["volume_known"] else "; volume unknown"
        out.print(f"{b['contract']} {b['timeframe']}: first bar starts {moment(b['start'])}", soft_wrap=True)
        out.print(f"  last bar ends {moment(b['end'])}; trading days {b['first_day']} to {b['last_day']}{volume}")
    out.print()


def _fees(per_side: float | None) -> tuple[str, str]:
    """A fee per side and for a round trip; a fee model tells them fill by fill."""
    return ("by the model", "") if per_side is None else (f"{per_side:.2f}", f"{2 * per_side:.2f}")


def _resolution(plan: RunPlan) -> str:
    """The timeframe of the finer bars that decide inside a bar, or none."""
    return next((finer.feed.timeframe.text for finer in plan.finer if finer is not None), "none")


def _heading(out: Console, text: str) -> None:
    out.print()
    out.print(text, style="bold")


def _text(value: object) -> str:
    return "off" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
