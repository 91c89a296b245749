"""Where plugins are found, and what is refused with the line to change."""

from __future__ import annotations

import os
import sys
import textwrap
from functools import partial
from importlib import invalidate_caches
from importlib.metadata import EntryPoints
from pathlib import Path

import pytest

from barstep.domain.errors import ConfigError, PluginError
from barstep.hooks import loader as loading

GOOD = """
    from barstep import Strategy, hookimpl

    class Good(Strategy):
        @hookimpl
        def on_bar(self, bar, ctx):
            pass
"""


def refusal(loader, use: str, section: str = "strategies") -> str:
    with pytest.raises(ConfigError) as caught:
        loader.load(use, section)
    return str(caught.value)


def test_a_path_beside_the_configuration_wins_over_the_workspace(loader, write):
    write("configs/good.py", GOOD.replace("Good", "Beside"))
    write("strategies/good.py", GOOD)
    assert loader.load("good.py", "strategies").cls.__name__ == "Beside"
    assert loader.load("good", "strategies").cls.__name__ == "Good"


def install(site: Path, name: str, value: str) -> None:
    """Make a package that offers `sma_crossover`."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[barstep]\nsma_crossover = {value}\n", encoding="utf-8")
    invalidate_caches()


def test_the_workspace_wins_over_an_entry_point_and_that_over_the_bundled(loader, write, monkeypatch, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    (site / "its_module.py").write_text(textwrap.dedent(GOOD), encoding="utf-8")
    again = partial(loading.Loader, loader.base, loader.workspace)

    assert loader.load("sma_crossover", "strategies").origin == "bundled"
    install(site, "one", "its_module:Good")
    found = again().load("sma_crossover", "strategies")
    assert (found.origin, found.cls.__name__, found.package) == ("entry point", "Good", "one 1.0")
    install(site, "other", "its_module:Other")
    message = refusal(again(), "sma_crossover")
    assert "its_module:Good of one 1.0" in message
    assert "its_module:Other of other 1.0" in message
    write("strategies/sma_crossover.py", GOOD)
    assert again().load("sma_crossover", "strategies").origin == "workspace"


def test_what_is_installed_is_looked_up_once(loader, monkeypatch):
    looks = []
    monkeypatch.setattr(loading, "entry_points", lambda **given: looks.append(given) or EntryPoints())
    loader.load("sma_crossover", "strategies")
    loader.load("max_position", "risk")
    assert len(looks) == 1


def test_a_near_name_is_suggested(loader):
    assert "did you mean sma_crossover?" in refusal(loader, "sma_crosover")


def test_a_file_with_several_classes_needs_one_named(loader, write):
    write("strategies/two.py", GOOD + GOOD.replace("Good", "Other"))
    assert "two.py:Good" in refusal(loader, "two")
    assert loader.load("two.py:Other", "strategies").cls.__name__ == "Other"
    assert "no plugin class Third; it has Good, Other" in refusal(loader, "two.py:Third")


def test_files_of_one_name_in_two_folders_are_two_modules(loader, write):
    (loader.workspace / "a").mkdir()
    (loader.workspace / "b").mkdir()
    one = write("a/same.py", GOOD.replace("Good", "One"))
    two = write("b/same.py", GOOD.replace("Good", "Two"))
    assert loading.import_file(one).One
    assert loading.import_file(two).Two
    assert loading.import_file(one).One, "and neither shadows the other"
    import sys

    assert not any(str(loader.workspace) in entry for entry in sys.path)


def test_an_edited_file_is_what_runs_next(loader, write):
    path = write("strategies/good.py", GOOD)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    before = loader.load("good", "strategies").cls
    write("strategies/good.py", GOOD.replace("Good", "Best"))
    os.utime(path, ns=times)  # of the same size, and in the same moment
    assert loader.load("good", "strategies").cls.__name__ == "Best"
    write("strategies/good.py", GOOD)
    again = loader.load("good", "strategies").cls
    assert again.__name__ == "Good"
    assert again is not before


def test_nothing_that_a_file_keeps_lives_on_into_the_next_run(loader, write):
    write("strategies/good.py", "SEEN = []\n" + textwrap.dedent(GOOD).replace("pass", "SEEN.append(bar)"))
    loader.load("good", "strategies").cls().on_bar("bar", None)
    again = loader.load("good", "strategies").cls
    assert sys.modules[again.__module__].SEEN == []


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("def on_bar(self, bar, ctx): pass", 4, "on_bar is named like a hook but not marked: write @hookimpl above it"),
        ("@hookimpl\n    def on_baar(self, bar): pass", 4, "there is no such hook: did you mean on_bar?"),
        ("@hookimpl\n    def on_bar(self, bar, ctx=None): pass", 4, "ctx has a default, so it would never receive"),
        ("@hookimpl\n    def on_bar(self, candle): pass", 4, "takes 'candle', but on_bar gives only bar, ctx"),
        (
            "@hookimpl(tryfirst=True)\n    def on_bar(self, bar): pass",
            4,
            "plugins run in the order of the configuration",
        ),
        ("@hookimpl\n    def on_risk(self, order): pass", 4, "only a risk rule is asked about orders"),
        ("def helper(self): pass", 3, "has no hooks: mark at least one method with @hookimpl"),
        ("@hookimpl\n    def on_fill(self, fill): pass", 3, "has no on_bar"),
    ],
)
def test_a_silent_plugin_is_refused_with_its_line(loader, write, body, line, says):
    path = write(
        "strategies/silent.py", f"from barstep import Strategy, hookimpl\n\nclass Silent(Strategy):\n    {body}\n"
    )
    message = refusal(loader, "silent")
    assert says in message
    assert f"{path}:{line}" in message


def test_a_strategy_under_risk_is_told_where_it_belongs(loader, write):
    write("plugins/good.py", GOOD)
    assert "list it under strategies:" in refusal(loader, "good", "risk")


def test_a_file_that_is_not_python_is_named_with_its_line(loader, write):
    path = write("strategies/broken.py", "x = 1\ndef on_bar(\n")
    assert f"{path}:2: this is not Python" in refusal(loader, "broken")


def test_a_file_that_raises_while_imported_is_a_plugins_error(loader, write):
    write("strategies/raises.py", "import no_such_module_anywhere\n")
    with pytest.raises(PluginError) as caught:
        loader.load("raises", "strategies")
    assert caught.value.plugin == "raises"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
