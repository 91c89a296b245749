"""Runs every snippet of README.md and docs/*.md, document by document, each in a workspace of its own.

A document starts in a copy of the repository's plugins, strategies and configs; one that runs `barstep init` itself
starts in an empty folder. What a fence does is told by its info string:

- `python plugins/x.py`, `yaml configs/x.yaml`, `csv x.csv`: the file is written; where the repository has it, the text
  must equal it. A plugin file is loaded too, so that one which barstep would refuse fails here; a script is not.
- `console`: each line after `$ ` runs in bash, in the present folder; `cd X` changes that for the rest of the document.
  The lines below it are the whole output, stdout and stderr together, 80 columns wide; `...` in a line is any text, a
  line of `...` any lines. Nothing below it: any output. `(exit 2)` at the end: that exit code, else 0. A command that
  ends in ` &` is left running once it has printed a line; port 8087 is then whatever port is free.
- `python`: runs in one namespace per document, with the present folder as current one; `>>>` lines are checked.
- `yaml`: a part of a run file; laid over BASE, key by key, it must be a valid run, plugins and bars included.
- `text`: is not looked at. A fence under `<!-- run -->` or `<!-- test -->` is run by `.ci/run`.
"""

from __future__ import annotations

import doctest
import inspect
import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from barstep.hooks.checks import faults
from barstep.hooks.loader import import_file
from barstep.hooks.plugin import Plugin
from barstep.runs.assemble import load_plan
from barstep.runs.script_plan import find_script

REPO = Path(__file__).resolve().parents[2]
PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]
FOLDERS = ("plugins", "strategies", "configs")
BARS = {"instrument": "ES", "timeframe": "1m", "source": "sample"}
BASE = {"version": "1", "data": BARS, "strategies": [{"use": "sma_crossover"}]}
_FENCE = re.compile(r"^(<!-- (?:run|test) -->\n)?```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
_EXIT = re.compile(r"\(exit (\d+)\)")


class Snippet(NamedTuple):
    kind: str
    path: str
    text: str
    line: int


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    found = [(m, text.count("\n", 0, m.start(2)) + 1) for m in _FENCE.finditer(text) if not m[1]]
    return [Snippet(m[2], m[3] or "", m[4], line) for m, line in found]


class Document:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, bare: bool) -> None:
        self.here = folder / "desk"
        self.here.mkdir()
        self.names: dict[str, Any] = {"__name__": "snippet"}
        self.left = ExitStack()  # what still runs
        for name in () if bare else FOLDERS:
            shutil.copytree(REPO / name, self.here / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "bin").mkdir()
        for name, arguments in (("barstep", "-m barstep"), ("python", "")):
            (folder / "bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            (folder / "bin" / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "80")
        self.chdir = monkeypatch.chdir

    def play(self, snippet: Snippet) -> None:
        self.chdir(self.here)
        if snippet.path:
            self.file(snippet)
        elif snippet.kind != "text":
            {"console": self.console, "python": self.python, "yaml": self.fragment}[snippet.kind](snippet)

    def file(self, snippet: Snippet) -> None:
        ours, path = REPO / snippet.path, self.here / snippet.path
        if ours.exists():
            assert snippet.text == ours.read_text(encoding="utf-8"), f"{snippet.path} differs from the repository's"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet.text, encoding="utf-8")
        if path.suffix == ".py" and find_script(path.name, path.parent, path.parent) is None:
            module = import_file(path)
            mine = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
            assert [fault for c in mine if issubclass(c, Plugin) for fault in faults(c)] == []

    def console(self, snippet: Snippet) -> None:
        before, *parts = re.split(r"^\$ ", snippet.text, flags=re.M)
        assert not before, "a console begins with $ and a command"
        for part in parts:
            command, *expected = part.rstrip().split("\n")
            code = _EXIT.fullmatch(expected[-1]) if expected else None
            if command.startswith("cd "):
                self.here = (self.here / command[3:]).resolve()
                continue
            self.chdir(self.here)
            if command.endswith(" &"):
                self.start(command.removesuffix(" &"))
                continue
            done = subprocess.run(["bash", "-c", f"exec 2>&1\n{command}"], stdout=-1, text=True, timeout=240)
            shown = "\n".join(line.rstrip() for line in done.stdout.rstrip().split("\n"))
            assert done.returncode == (int(code[1]) if code else 0), f"$ {command}\n{shown}"
            if lines := expected[:-1] if code else expected:
                pattern = "".join(_pattern(line.rstrip()) for line in lines)
                assert re.fullmatch(pattern, shown + "\n"), f"$ {command}\n{shown}\n-- expected --\n" + "\n".join(lines)

    def start(self, command: str) -> None:
        server = subprocess.Popen(
            ["bash", "-c", f"exec env {command}"], stdout=-1, stderr=subprocess.DEVNULL, text=True
        )
        assert server.stdout is not None
        self.left.callback(server.stdout.close)
        self.left.callback(server.wait)
        self.left.callback(server.terminate)
        assert server.stdout.readline(), f"$ {command} & printed nothing"

    def python(self, snippet: Snippet) -> None:
        if ">>>" not in snippet.text:
            exec(compile(snippet.text, f"line {snippet.line}", "exec"), self.names)  # noqa: S102
            return
        test = doctest.DocTestParser().get_doctest(snippet.text, self.names, "snippet", None, snippet.line)
        test.globs = self.names
        said: list[str] = []
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        result = doctest.DocTestRunner(optionflags=flags).run(test, out=said.append, clear_globs=False)
        assert not result.failed, "".join(said)

    def fragment(self, snippet: Snippet) -> None:
        self.chdir(self.here / "configs")
        load_plan(_laid_over(BASE, yaml.load(snippet.text, yaml.BaseLoader)))  # noqa: S506 - plain text only


def _pattern(line: str) -> str:
    return r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(re.escape("..."), ".*") + r"\n"


def _laid_over(base: Any, part: Any) -> Any:
    if not isinstance(base, dict) or not isinstance(part, dict):
        return part
    return {**base, **{key: _laid_over(base.get(key), value) for key, value in part.items()}}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_snippet_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = snippets(page)
    text = page.read_text(encoding="utf-8")
    assert len(found) == len(re.findall(r"^```\w", text, re.M)) - len(
        re.findall(r"^<!-- (?:run|test) -->\n```", text, re.M)
    )
    document = Document(tmp_path, monkeypatch, bare=any("$ barstep init" in s.text for s in found))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    with document.left:
        for snippet in found:
            try:
                document.play(snippet._replace(text=snippet.text.replace("8087", port)))
            except Exception as error:
                error.add_note(f"in the snippet at {page.name}:{snippet.line}")
                raise
