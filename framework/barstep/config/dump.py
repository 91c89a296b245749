"""The resolved configuration as YAML: every value that a run used, and no secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, SecretStr

from barstep.config.account_schema import PlanConfig
from barstep.config.instrument_schema import PackagedInstrument
from barstep.config.positions import Path, Quoted
from barstep.config.problems import value_at
from barstep.config.source_schema import FileSource, GatewaySource, SampleSource, StoreSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.config.loader import Loaded

_NO_OPTIONS: Mapping[Path, Mapping[str, object]] = {}
_AS_GIVEN: Mapping[Path, str] = {}

_SECRET = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD)S?(_|$)", re.IGNORECASE)
"""Names of options that hold what must not be kept: the environment is to hold it."""


def is_secret(name: str) -> bool:
    """Whether an option or a key is named like something that must not be kept: `API_KEY`, `broker.token`."""
    return _SECRET.search(name.replace(".", "_")) is not None


class _Plain(str):
    """Text that is written without quotes, because a field's type will read it."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        return True


class _Quick(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # libyaml is not in every PyYAML
    ignore_aliases = _Dumper.ignore_aliases


def _plain(dumper: yaml.SafeDumper, text: _Plain) -> yaml.ScalarNode:
    # The tag that the text would get anyway: this is what makes the emitter leave the quotes away.
    tag = dumper.resolve(yaml.ScalarNode, str(text), (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, str(text))


def _quoted(dumper: yaml.SafeDumper, text: Quoted) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


for _each in (_Dumper, _Quick):
    _each.add_representer(_Plain, _plain)
    _each.add_representer(Quoted, _quoted)

_ODD = re.compile(r"[^\n -~]|\n\n|''|[\\!?|>]")
"""In what libyaml wrote: text that PyYAML's own emitter may write another way, such as empty or long keys, breaks, `!`."""


def _written(tree: dict[str, Any]) -> str:
    """A tree as YAML, the same bytes with and without libyaml, which is five times as quick where the text is plain."""
    style: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 10_000}
    text = ""
    with suppress(UnicodeError):  # half of a surrogate pair, which libyaml refuses
        text = yaml.dump(tree, Dumper=_Quick, **style)
    if not text or _ODD.search(text):
        text = yaml.dump(tree, Dumper=_Dumper, **style)
    return text


def dump_resolved(
    loaded: Loaded,
    options: Mapping[Path, Mapping[str, object]] = _NO_OPTIONS,
    *,
    uses: Mapping[Path, str] = _AS_GIVEN,
    place: Callable[[str], str] = str,
) -> str:
    """The configuration with all defaults as YAML text; reading it again gives the same configuration.

    Values from the environment are written as `${NAME}` again, and a gateway's token never otherwise.

    Args:
        loaded: What `load_run` or `load_mapping` returned.
        options: Validated options by the entry's path, `{("strategies", 0): {"fast": 10}}`; entries that
            are not in it have their raw options written.
        uses: What is written for a `use` instead, by its path.
        place: Makes what is written of the path of a bar file.
    """
    return _written(_Tree(loaded, options, uses, place).section(loaded.config, ()))


class _Tree:
    """Turns models into what is written, in the shape that the document had."""

    def __init__(
        self,
        loaded: Loaded,
        options: Mapping[Path, Mapping[str, object]],
        uses: Mapping[Path, str],
        place: Callable[[str], str],
    ) -> None:
        self.document, self.environment = loaded.document, loaded.positions.environment
        self.options, self.uses, self.place = options, uses, place

    def section(self, model: BaseModel, path: Path) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, value in model:
            at = (*path, name)
            if name == "options":
                value = self.entry_options(path, value)
            if at == ("report",):
                continue  # it says nothing about what is played
            if at == ("account", "balance") and value_at(self.document, ("account", "plan")) is not None:
                continue  # the plan's start balance holds
            if path == ("account", "plan") and name in ("switches", "overrides"):
                value = _as_written(value)
            if at == ("fills", "participation") and value is None:
                value = _Plain("off")
            if value is None or value in ({}, ()):
                continue
            single = at == ("data",) and not isinstance(self.document.get("data"), list)
            tree[name] = self.value(value[0] if single else value, at)
        return tree

    def entry_options(self, path: Path, raw: dict[str, Any]) -> Any:
        validated = self.options.get(path)
        if validated is not None:
            return validated
        return {name: f"${{{name}}}" if _SECRET.search(name) else _as_written(value) for name, value in raw.items()}

    def value(self, value: Any, path: Path) -> Any:
        if path in self.environment:
            return self.environment[path]
        if path in self.uses:
            return self.uses[path]
        if isinstance(value, FileSource):
            value = value.model_copy(update={"path": self.place(value.path)})
        if isinstance(value, PurePath):
            return self.place(value.as_posix())
        if isinstance(value, SecretStr):
            return "${BARSTEP_TOKEN}"
        if isinstance(value, BaseModel):
            short = isinstance(value_at(self.document, path), str)
            return _short(value) if short else self.section(value, path)
        if isinstance(value, Mapping):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            if len(value) == 1 and isinstance(value_at(self.document, path), str):
                return self.value(value[0], (*path, 0))  # a text that stands for a list of one
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        return _scalar(value)


def _short(model: BaseModel) -> str:
    """The text that stood for a whole section: `instrument: ES`, `source: sample`."""
    if isinstance(model, PackagedInstrument):
        return model.use
    if isinstance(model, FileSource):
        return model.path
    if isinstance(model, SampleSource | StoreSource | GatewaySource):
        return model.kind
    if isinstance(model, PlanConfig):
        return model.name
    raise TypeError(f"{type(model).__name__} has no short form")


def _as_written(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _as_written(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_as_written(value) for value in raw]
    return _Plain(raw) if type(raw) is str and raw else raw


def _scalar(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _Plain(format(value, "f"))
    if isinstance(value, float):
        return _Plain(repr(value))
    if isinstance(value, datetime | date):
        return _Plain(value.isoformat())
    if isinstance(value, time):
        return _Plain(value.isoformat("seconds" if value.second else "minutes"))
    return value
