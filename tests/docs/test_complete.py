"""The pages name everything there is: hooks, options, keys, columns, measures; and their links, words and picture hold."""

from __future__ import annotations

import html
import importlib.util
import inspect
import re
from dataclasses import asdict, fields
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from barstep.config import account_schema, data_schema, fills_schema, instrument_schema, schema, source_schema
from barstep.config.fields import Section
from barstep.domain.fill_options import PROFILES, FillOptions
from barstep.engine.attempts import Attempt
from barstep.hooks.specs import HOOK_NAMES, HookSpecs
from barstep.rules import Plan
from barstep.runs import tables
from barstep.runs.explain.words import RULES
from barstep.runs.extensions import own_measures
from barstep.runs.result import RunResult

REPO = Path(__file__).resolve().parents[2]
PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]
TABLES = ("FILLS", "TRADES", "ORDERS", "EQUITY", "AMBIGUOUS", "MISMATCHES", "NOTES")
BANNED = ("candle", "symbol", "commission scheme", "protection", "sweep", "study", "/work/", "/home/", "/tmp/")  # noqa: S108


def page(name: str) -> str:
    return (REPO / "docs" / f"{name}.md").read_text(encoding="utf-8")


def make(name: str) -> Any:
    """A maker of something in docs/, as a module."""
    spec = importlib.util.spec_from_file_location(name, REPO / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker


def missing(names: object, text: str) -> list[str]:
    return [name for name in names if f"`{name}`" not in text]  # type: ignore[attr-defined]


@pytest.mark.parametrize("hook", HOOK_NAMES)
def test_each_hook_has_its_section_with_its_signature_and_an_example(hook: str) -> None:
    sections = re.split(r"^##+ ", page("hooks"), flags=re.M)
    section = next(text for text in sections if text.startswith(f"{hook}\n"))
    signature = str(inspect.signature(getattr(HookSpecs, hook))).replace("'", "")
    assert f"\n`{hook}{signature}`\n" in section
    assert f"    @hookimpl\n    def {hook}(" in section
    assert "- Returns nothing" in section or "- Return None" in section
    assert "Not called" in section or "Nothing is called" in section


@pytest.mark.parametrize("hook", HOOK_NAMES)
def test_each_hook_has_a_test_that_bears_its_name(hook: str) -> None:
    bearing = re.compile(rf"^\s*def test_(?:\w+_)?{hook}(?:_\w+)?\(", re.M)
    ours = (path for path in (REPO / "tests").rglob("test_*.py") if path != Path(__file__))
    assert any(bearing.search(path.read_text(encoding="utf-8")) for path in ours)


def test_the_table_of_fill_options_is_that_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+ \| \w+ \| \w+) \|", page("fills"), re.M))
    assert rows.pop("resolution") == "none | none | none"
    written = {name: "off" if name == "participation" else str(v).lower() for name, v in asdict(FillOptions()).items()}
    assert list(rows) == list(written)
    for place, profile in enumerate(PROFILES):
        values = {
            name: "off" if value is None else str(value).lower() for name, value in asdict(PROFILES[profile]).items()
        }
        assert {name: row.split(" | ")[place] for name, row in rows.items()} == values


def test_each_rule_has_an_anchor() -> None:
    anchors = set(re.findall(r'<a id="(R\d+b?)"></a>', page("fills")))
    assert anchors == {*(f"R{n}" for n in range(1, 29)), "R25b"}


def test_each_rule_has_its_sentence_in_explain() -> None:
    rows = dict(re.findall(r"^\| \[(R\d+b?)\]\(fills\.md#R\d+b?\) \| (.+) \|$", page("explain"), re.M))
    assert rows == RULES
    assert set(RULES) == {*(f"R{n}" for n in range(1, 29)), "R17b", "R25b"}


def test_each_configuration_key_is_described() -> None:
    modules = (schema, account_schema, fills_schema, data_schema, instrument_schema, source_schema)
    sections = [cls for module in modules for cls in vars(module).values() if inspect.isclass(cls)]
    keys = {key for cls in sections if issubclass(cls, Section) for key in cls.model_fields}
    assert missing(sorted(keys), page("configuration")) == []
    assert missing([field.name for field in fields(FillOptions)], page("configuration")) == []


@pytest.mark.parametrize("table", TABLES)
def test_each_column_of_a_table_is_described(table: str) -> None:
    name = table.lower()
    sections = re.split(r"^### ", page("results"), flags=re.M)
    section = next(text for text in sections if f"{name}.parquet" in text.split("\n")[0])
    assert missing(getattr(tables, table), section) == []


def test_each_measure_and_each_figure_of_a_result_is_described() -> None:
    assert missing(sorted(own_measures()), page("results")) == []
    assert missing([field.name for field in fields(RunResult) if field.name != "folder"], page("results")) == []


def test_the_page_of_measures_is_that_of_the_code() -> None:
    maker = make("make_measures")
    assert page("measures") == maker.render(), "docs/measures.md is stale: run python docs/make_measures.py"
    listed = [measure for group in maker.GROUPS for measure in group.measures.values()]
    assert len(listed) == len({measure.name for measure in listed}) > 40
    assert [measure.name for measure in listed if not (measure.formula and measure.unit and measure.basis)] == []


def test_relative_links_lead_somewhere() -> None:
    for source in PAGES:
        text = re.sub(r"^```.*?^```$", "", source.read_text(encoding="utf-8"), flags=re.M | re.S)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in link:
                continue
            path, _, anchor = link.partition("#")
            target = (source.parent / path).resolve() if path else source
            assert target.exists(), f"{source.name}: {link}"
            if anchor and f'<a id="{anchor}">' not in target.read_text(encoding="utf-8"):
                heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M)
                assert anchor in [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads], link


def test_the_readme_leads_to_each_page() -> None:
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    pages = [path.name for path in (REPO / "docs").iterdir() if path.suffix in (".md", ".ipynb")]
    assert sorted(name for name in pages if f"](docs/{name})" not in readme) == []


@pytest.mark.parametrize("source", PAGES, ids=lambda path: path.stem)
def test_words_we_do_not_use_and_the_length_of_pages(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    plain = text.lower().replace("candle_colour", "")
    plain = re.sub(r"(?:,|column |by its `)symbol", "", plain)  # the column's name in Databento's files
    assert [word for word in BANNED if re.search(rf"(?<!\w){re.escape(word)}", plain)] == []
    assert text.count("\n") <= 270


def test_each_risk_rule_has_its_page_and_no_page_is_stale() -> None:
    made = load_maker("make_rules").pages()
    stored = {path.stem: path.read_text(encoding="utf-8") for path in (REPO / "docs" / "rules").glob("*.md")}
    assert stored == made, "run python docs/make_rules.py"
    rules = {path.stem for path in (REPO / "plugins").glob("*.py") if "RiskRule" in path.read_text(encoding="utf-8")}
    assert set(made) == rules


def test_each_field_of_a_plan_is_described() -> None:
    told = page("plans")
    assert missing([f for f in Plan.__struct_fields__ if f not in ("name", "title", "firm", "stage")], told) == []
    assert missing([*Attempt.__dataclass_fields__.keys() - {"at_ns", "net"}, "time", "net_pnl"], told) == []


def load_maker(name: str) -> Any:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, REPO / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker


def test_the_picture_shows_the_figures_of_the_run() -> None:
    maker = load_maker("make_summary")
    result = maker.play()
    drawn = drawn_lines(maker.PICTURE.read_text(encoding="utf-8"))
    printed = [" ".join(line.split()) for line in maker.printed(result).plain.splitlines() if line.strip()]
    assert drawn == printed, "docs/summary.svg is stale: run python docs/make_summary.py"
    shown = "\n".join(drawn)
    for figure in (f"{result.net_pnl:+,.2f} USD", f"{result.final_balance:,.2f}", f"{result.bars:,} bars"):
        assert figure in shown
    assert f"Trades {result.trades:,}\n" in shown
    assert f"Orders denied {result.denied_orders:,}\n" in shown


def drawn_lines(svg: str) -> list[str]:
    """The words of a picture, line by line from the top and from left to right."""
    found = re.findall(r'<text class="\S+-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<', svg)
    words = sorted((float(y), float(x), html.unescape(text)) for x, y, text in found)
    lines = [" ".join(word for _, _, word in line) for _, line in groupby(words, key=lambda word: word[0])]
    return [" ".join(line.split()) for line in lines]
