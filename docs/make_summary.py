"""Renders docs/summary.svg: what `barstep run configs/sma_crossover.yaml` prints for people. Run it from anywhere."""

from __future__ import annotations

import html
import io
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from barstep import RunResult, run
from barstep.cli.summary import summary

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "summary.svg"
COMMAND = "barstep run configs/sma_crossover.yaml"

# A background of its own, so that it reads on a light page and on a dark one; red and green that both stand out on it.
_INK, _RED, _GREEN = (222, 226, 230), (255, 135, 135), (140, 220, 150)
_THEME = TerminalTheme((27, 31, 36), _INK, [(27, 31, 36), _RED, _GREEN] + [_INK] * 5)

# rich's own form without its web fonts, which a picture in a page may not load.
_FORM = """\
<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <title>What barstep prints after a run</title>
  <style>
    .{unique_id}-matrix {{
      font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
      font-size: {char_height}px;
    }}
    .{unique_id}-title {{ font-size: 18px; font-family: system-ui, Arial, sans-serif; }}
    {styles}
  </style>
  {chrome}
  <g class="{unique_id}-matrix" transform="translate({terminal_x}, {terminal_y})">
    {matrix}
  </g>
</svg>
"""
_COLUMN = 12.2  # width of a character in rich's picture
_RUN = re.compile(r'<text class="(barstep-r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')


def play() -> RunResult:
    """The run that the picture shows; its folder is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        return run(HERE.parent / "configs" / "sma_crossover.yaml", out=Path(folder, "run"))


def printed(result: RunResult) -> Text:
    """The command and its summary, with their colours."""
    screen = Console(
        file=io.StringIO(), width=80, force_terminal=True, color_system="standard", highlight=False, _environ={}
    )
    screen.print(f"$ {COMMAND}", style="dim")
    summary(screen, result.as_dict(), None)
    assert isinstance(screen.file, io.StringIO)  # noqa: S101 - made above
    return Text.from_ansi(screen.file.getvalue())


def picture(text: Text) -> str:
    """The SVG of printed text."""
    recorder = Console(file=io.StringIO(), width=80, record=True, _environ={})
    recorder.print(text)
    drawn = recorder.export_svg(title="barstep", theme=_THEME, code_format=_FORM, unique_id="barstep")
    return "\n".join(line.rstrip() for line in _RUN.sub(_pieces, drawn).splitlines()) + "\n"


def _pieces(run: re.Match[str]) -> str:
    """Each word group of a run of text at its own column, so that the columns stand whatever font there is."""
    style, left, top, said = run.groups()
    found = re.finditer(r"\S+(?: \S+)*", html.unescape(said).replace("\xa0", " "))
    return "\n".join(
        f'<text class="{style}" x="{float(left) + m.start() * _COLUMN:.1f}" y="{top}" '
        f'textLength="{len(m[0]) * _COLUMN:.1f}">{html.escape(m[0])}</text>'
        for m in found
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(printed(play())), encoding="utf-8")
