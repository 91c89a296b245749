"""`barstep explain`: why an order did what it did, or what happened in a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from barstep.cli.output import JsonOption, columns, console, emit
from barstep.cli.runs import RunArgument, workspace

if TYPE_CHECKING:
    from barstep.runs.explain import Story


def explain(
    run: RunArgument,
    order: Annotated[int | None, typer.Option("--order", metavar="ID", help="An order, as in orders.parquet.")] = None,
    bar: Annotated[
        str | None,
        typer.Option("--bar", metavar="TIME", help="A time inside a bar, in the exchange's zone, or its number."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why an order was filled, not filled, denied, resized or cancelled, or what happened in a bar.

    The answer comes from the run's folder, and from its bars where they are still there unchanged.
    """
    from barstep.domain.errors import ConfigError
    from barstep.runs.explain import explain_bar, explain_order
    from barstep.runs.folder import find_run

    if (order is None) == (bar is None):
        raise ConfigError("give one of --order ID and --bar TIME")
    folder = find_run(run, workspace())
    story = explain_order(folder, order) if order is not None else explain_bar(folder, bar or "")
    if as_json:
        emit(story.as_dict())
    else:
        _show(story)


def _show(story: Story) -> None:
    out = console()
    out.print()
    out.print(story.title, style="bold")
    out.print()
    columns(out, ("", ""), story_rows(story))
    if story.rules:
        out.print()
        columns(out, ("", ""), story.rules.items())
    for remark in story.remarks:
        out.print()
        out.print(remark, soft_wrap=True)


def story_rows(story: Story) -> list[tuple[str, str]]:
    """The facts of a story as rows: when, and what by which rules."""
    return [(story.run.local(fact.when), _with_rules(fact.text, fact.rules)) for fact in story.facts]


def _with_rules(text: str, rules: tuple[str, ...]) -> str:
    return f"{text} ({', '.join(rules)})" if rules else text
