"""A report as one HTML file that needs nothing else: no network, no other file."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from barstep._version import __version__
from barstep.domain.errors import BarstepError
from barstep.report.library import plotly_js
from barstep.report.style import DARK, LIGHT
from barstep.report.words import sentence

if TYPE_CHECKING:
    from pathlib import Path

_ASSETS = files("barstep.report") / "assets"


def section(name: str, title: str, note: str, *parts: str) -> str:
    """A section with its heading and a line on what it shows; the parts are markup."""
    told = f'<p class="note">{escape(note)}</p>' if note else ""
    return f'<section id="{name}"><h2>{escape(title)}</h2>{told}{"".join(parts)}</section>'


def figure_box(name: str, label: str) -> str:
    """The place of a figure; a page draws it when it comes into view."""
    told = f'role="img" aria-label="{escape(label)}"'
    return f'<div class="figure" id="fig-{name}" data-figure="{name}" {told}></div>'


def time_chart(name: str, label: str, place: int = 0) -> str:
    """The place of a chart over time of a contract, which keys, buttons and the mouse zoom, with a line on what is drawn.

    The buttons wake up when the single bars are unpacked.
    """
    told = f'role="group" tabindex="0" aria-label="{escape(label)}; arrow keys move, + and - zoom, 0 shows all"'
    buttons = (
        f'<button type="button" disabled data-zoom="{kind}" data-for="fig-{name}" title="{title}" '
        f'aria-label="{title}">{sign}</button>'
        for kind, sign, title in _ZOOMS
    )
    return (
        f'<div class="figure" id="fig-{name}" data-figure="{name}" data-time data-place="{place}" {told}></div>'
        f'<p class="note" data-told="fig-{name}"></p><div class="tools">{"".join(buttons)}</div>'
    )


_ZOOMS = (
    ("left", "←", "Earlier"),
    ("right", "→", "Later"),
    ("in", "+", "Zoom in"),
    ("out", "−", "Zoom out"),
    ("all", "All", "All"),
)


def definitions(rows: list[tuple[str, str]], *, wide: bool = False) -> str:
    """Names and values; wide ones stand in two columns."""
    return (
        f"<dl{' class=wide' * wide}>"
        + "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in rows)
        + "</dl>"
    )


def plain_table(head: list[str], rows: list[list[str]], numbers: range = range(0)) -> str:
    """A table of text; which of its columns are `numbers`."""

    def line(cells: list[str], kind: str) -> str:
        marked = (
            f"<{kind}{' class=num' * (place in numbers)}>{escape(cell)}</{kind}>" for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(marked)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    return (
        f'<div class="scroll"><table class="plain"><thead>{line(head, "th")}</thead><tbody>{body}</tbody></table></div>'
    )


def cards(made: list[str]) -> str:
    """Headline figures in rows of one length where that can be."""
    columns = next((count for count in (4, 5, 3) if len(made) % count == 0), 4)
    return f'<div class="cards" style="--columns: {columns}">{"".join(made)}</div>'


def says(lines: list[str], kind: str = "", more: str = "") -> str:
    """Remarks that must not be overlooked, marked `good`, `bad` or as a doubt; empty without any. `more` is markup."""
    told = "".join(f"<p>{escape(sentence(line))}</p>" for line in lines)
    return f'<div class="{f"says {kind}".strip()}">{told}{more}</div>' if told else ""


def card(name: str, value: str, small: str = "", tone: str = "") -> str:
    """A headline figure."""
    told = f"<small>{escape(small)}</small>" if small else ""
    return f'<div class="card"><span>{escape(name)}</span><b class="{tone}">{escape(value)}</b>{told}</div>'


def page(
    title: str, sections: list[tuple[str, str]], body: str, figures: dict[str, Any], *, shared: dict[str, Any],
    data: dict[str, Any] | None = None, scripts: tuple[str, ...] = (), footer: str = "",
) -> str:  # fmt: skip
    """A whole page.

    Args:
        title: Of the window.
        sections: Id and short name of what the bar at the top leads to.
        body: Markup.
        figures: plotly figures by the names of their places.
        shared: What scripts need before the first figure is drawn.
        data: What they need after it, or None.
        scripts: Assets beside core.js.
        footer: Markup.
    """
    drawn = {name: json.loads(made.to_json()) for name, made in figures.items()}
    common = {**shared, "figures": drawn, "palettes": {"light": LIGHT, "dark": DARK}}
    return Template(_asset("page.html")).substitute(
        title=escape(title),
        style=_asset("page.css"),
        nav="".join(f'<a href="#{name}">{escape(short)}</a>' for name, short in sections),
        body=body,
        footer=footer + f" Made by barstep {__version__}.",
        plotly=plotly_js().replace("</script", "<\\/script"),
        shared=_json(common),
        script="\n".join(_asset(name) for name in ("core.js", *scripts, "start.js")),
        data=_json(data or {}),
        late=f"firstFigures.then({'late' if data else 'ready'});",
    )


def write_whole(path: Path, text: str) -> None:
    """Write a file whole, or not at all.

    Raises:
        BarstepError: It cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise BarstepError(f"the report cannot be written to {path}: {error.strerror or error}") from error


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
