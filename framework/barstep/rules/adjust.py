"""A plan with other readings, choices and figures than the file's, and what was changed in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from barstep.domain.errors import ConfigError
from barstep.rules.plan import SECTIONS, PayoutPath, Plan, figures

_KINDS = {
    "float": "a number", "int": "a whole number", "bool": "true or false", "null": "null", "str": "text", "object": "a mapping",
    "array": "a list",
}  # fmt: skip

_PATH = PayoutPath.__struct_fields__  # the one group within a group


class PlanFault(NamedTuple):
    """What is wrong with a change of a plan: where, `("overrides", "max_loss_limit", "us")`, and what in words."""

    path: tuple[str, ...]
    text: str


class PlanError(ConfigError):
    """Faults of the changes that were asked of a plan; `faults` has their places."""

    def __init__(self, plan: str, faults: list[PlanFault]) -> None:
        self.faults = faults
        super().__init__([f"plan {plan}: {'.'.join(fault.path)}: {fault.text}" for fault in faults])


def adjusted(
    plan: Plan, switches: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> tuple[Plan, dict[str, Any]]:
    """A plan under some switches and with some figures replaced.

    Args:
        plan: The plan as stored.
        switches: Values by name; those not given keep their default.
        overrides: Sections with the figures to replace, such as {"daily_loss_limit": {"usd": 800}}; None takes a section
            away. They win over switches. Text is read as a number where one is expected.

    Returns:
        The plan, and the figures by path that no longer are those of the file.

    Raises:
        PlanError: With every unknown switch, value or figure; for a value that does not fit, and for rules that contradict
            each other.
    """
    tree = msgspec.to_builtins(plan)
    faults: list[PlanFault] = []
    for name, value in (switches or {}).items():
        at = ("switches", name)
        if name not in plan.switches:
            faults.append(PlanFault(at, f"got the unknown switch {name}, {_one_of(name, plan.switches)}"))
        elif value not in plan.switches[name].values:
            faults.append(PlanFault(at, f"got {value}, {_one_of(value, plan.switches[name].values)}"))
        else:
            _merge(tree, plan.switches[name].values[value])
    for name, value in (overrides or {}).items():
        if name in SECTIONS:
            faults += _unknown_figures(name, value)
            _merge(tree, {name: value})
        else:
            faults.append(PlanFault(("overrides", name), f"got the unknown figure {name}, {_one_of(name, SECTIONS)}"))
    if faults:
        raise PlanError(plan.name, faults)
    try:
        changed = msgspec.convert(tree, Plan, strict=False)
    except msgspec.ValidationError as error:
        raise PlanError(plan.name, [_misfit(str(error), overrides or {})]) from None
    faults = [PlanFault(("overrides", *fault.path), fault.text) for fault in contradictions(changed)]
    if faults:
        raise PlanError(plan.name, faults)
    before, after = figures(plan), figures(changed)
    moved = [path for path in {**before, **after} if before.get(path, ...) != after.get(path, ...)]
    return changed, {path: msgspec.to_builtins(after.get(path)) for path in moved}


def contradictions(plan: Plan) -> list[PlanFault]:
    """Figures of a plan that cannot hold together, by their paths."""
    loss, day, cap = plan.max_loss_limit, plan.daily_loss_limit, plan.position_cap
    faults = []
    if loss is not None and loss.trail != "static" and loss.lock is not None and loss.lock < -loss.usd:
        told = f"got {loss.lock:g}, expected no less than the first floor, {-loss.usd:g} from the start balance"
        faults.append(PlanFault(("max_loss_limit", "lock"), told))
    if loss is not None and loss.trail == "equity" and loss.checked == "close":
        told = "got close, expected live: what trails equity moves inside the bar"
        faults.append(PlanFault(("max_loss_limit", "checked"), told))
    if loss is not None and day is not None and loss.trail == "static" and day.usd > loss.usd:
        told = f"got {day.usd:g}, expected at most max_loss_limit.usd {loss.usd:g}: the account fails first"
        faults.append(PlanFault(("daily_loss_limit", "usd"), told))
    if cap is not None and cap.scaling:
        starts = [row[0] for row in cap.scaling]
        if starts != sorted(set(starts)):
            faults.append(PlanFault(("position_cap", "scaling"), "expected rows that ascend by balance"))
        most = max(lots for _, lots in cap.scaling)
        if most > cap.lots:
            told = f"got {most:g} lots in a row, expected at most position_cap.lots {cap.lots:g}"
            faults.append(PlanFault(("position_cap", "scaling"), told))
    return faults


def _unknown_figures(name: str, given: Any) -> list[PlanFault]:
    section = _section(name)
    if section is None or not isinstance(given, Mapping):
        return []
    names = section.__struct_fields__
    unknown = [key for key in given if key not in names]
    return [
        PlanFault(("overrides", name, key), f"got the unknown figure {key}, {_one_of(key, names)}") for key in unknown
    ]


def _section(name: str) -> type[msgspec.Struct] | None:
    """The class of a section of a plan, None for a plain figure."""
    hint = get_type_hints(Plan)[name]
    return next((kind for kind in (*get_args(hint), hint) if isinstance(kind, type(msgspec.Struct))), None)


def _misfit(message: str, overrides: Mapping[str, Any]) -> PlanFault:
    """A fault of msgspec, `Expected `float`, got `str` - at `$.max_loss_limit.lock``, in our words."""
    told, _, place = message.partition(" - at `$.")
    parts: list[str] = []
    value: Any = overrides
    for part in place.rstrip("`").replace("[...]", "[]").split("."):
        name = part.removesuffix("[]")
        parts.append(name)
        value = value.get(name) if isinstance(value, Mapping) else value
        if (
            name != part and isinstance(value, Mapping) and len(value) == 1
        ):  # an entry of a mapping, whose name is not told
            ((name, value),) = value.items()
            parts.append(name)
    path = tuple(parts)
    got = f"got {'a mapping' if isinstance(value, Mapping) else value}"
    if told.startswith("Object missing required field"):
        return PlanFault(("overrides", *path), f"expected the figure {told.split('`')[1]} too")
    if told.startswith("Object contains unknown field"):
        unknown = told.split("`")[1]
        return PlanFault(("overrides", *path, unknown), f"got the unknown figure, {_one_of(unknown, _PATH)}")
    section = _section(path[0])
    if told.startswith("Invalid enum value") and section is not None:
        choices = [str(choice) for choice in get_args(get_type_hints(section)[path[-1]])]
        return PlanFault(("overrides", *path), f"{got}, {_one_of(str(value), choices)}")
    expected = re.sub("`(.*?)`", lambda word: _words(word[1]), told.partition(", got")[0].removeprefix("Expected "))
    if "matching regex" in told:
        expected = "a time of day such as 15:10"
    return PlanFault(("overrides", *path), f"{got}, expected {expected}")


def _words(word: str) -> str:
    return " or ".join(_KINDS.get(part, part) for part in word.split(" | "))


def _merge(tree: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Replace figures of nested sections; what is not named stays."""
    for name, value in change.items():
        held = tree.get(name)
        if isinstance(value, dict) and isinstance(held, dict):
            _merge(held, value)
        else:
            tree[name] = deepcopy(value)


def _one_of(word: str, names: Iterable[str]) -> str:
    known = list(names)
    if not known:
        return "expected none: the plan has no switches"
    near = get_close_matches(word, known, 1)
    return f"expected one of {', '.join(known)}" + (f"; did you mean {near[0]}?" if near else "")
