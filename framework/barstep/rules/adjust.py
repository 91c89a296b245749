"""A plan with other readings, choices and figures than the file's, and what was changed in words."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from barstep.domain.errors import ConfigError
from barstep.rules.plan import WORDS, Plan, figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def adjusted(
    plan: Plan, switches: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> tuple[Plan, dict[str, Any]]:
    """A plan under some switches and with some figures replaced.

    Args:
        plan: The plan as stored.
        switches: Values by name; those not given keep their default.
        overrides: Sections with the figures to replace, such as {"daily_loss_limit": {"usd": 800}}; None takes a section
            away. They win over switches.

    Returns:
        The plan, and the figures by path that no longer are those of the file.

    Raises:
        ConfigError: For an unknown switch, value or figure, and for rules that contradict each other.
    """
    tree = msgspec.to_builtins(plan)
    for name, value in (switches or {}).items():
        switch = plan.switches.get(_known(name, plan.switches, f"a switch of {plan.name}"))
        assert switch is not None  # noqa: S101 - _known has raised otherwise
        _merge(tree, switch.values[_known(value, switch.values, f"a value of switch {name}")])
    for name, value in (overrides or {}).items():
        _known(name, [field for field in Plan.__struct_fields__ if field not in WORDS], "a figure of a plan")
        _merge(tree, {name: value})
    try:
        changed = msgspec.convert(tree, Plan, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"plan {plan.name}: {error}") from None
    faults = contradictions(changed)
    if faults:
        raise ConfigError(f"plan {plan.name}: {'; '.join(faults)}")
    before, after = figures(plan), figures(changed)
    moved = [path for path in {**before, **after} if before.get(path, ...) != after.get(path, ...)]
    return changed, {path: msgspec.to_builtins(after.get(path)) for path in moved}


def contradictions(plan: Plan) -> list[str]:
    """Rules of a plan that cannot hold together, in words."""
    loss, day, cap, share = plan.max_loss_limit, plan.daily_loss_limit, plan.position_cap, plan.consistency
    faults = []
    if loss is not None and loss.usd <= 0:
        faults.append(f"max_loss_limit.usd is {loss.usd:g}, expected more than 0")
    if loss is not None and loss.lock is not None and loss.trail != "static" and loss.lock < -loss.usd:
        faults.append(
            f"max_loss_limit.lock {loss.lock:g} is below the first floor, {-loss.usd:g} from the start balance"
        )
    if day is not None and day.usd <= 0:
        faults.append(f"daily_loss_limit.usd is {day.usd:g}, expected more than 0")
    if loss is not None and day is not None and loss.trail == "static" and day.usd > loss.usd:
        faults.append(
            f"daily_loss_limit.usd {day.usd:g} is more than max_loss_limit.usd {loss.usd:g}: the account fails first"
        )
    if cap is not None and [row[0] for row in cap.scaling] != sorted({row[0] for row in cap.scaling}):
        faults.append("position_cap.scaling does not ascend by balance")
    if cap is not None and any(lots > cap.lots for _, lots in cap.scaling):
        faults.append(f"position_cap.scaling allows more than position_cap.lots {cap.lots:g}")
    if share is not None and not 0 < share.share <= 1:
        faults.append(f"consistency.share is {share.share:g}, expected more than 0 and at most 1")
    if plan.profit_target is not None and plan.profit_target <= 0:
        faults.append(f"profit_target is {plan.profit_target:g}, expected more than 0")
    return faults


def _merge(tree: dict[str, Any], change: Mapping[str, Any]) -> None:
    """Replace figures of nested sections; what is not named stays."""
    for name, value in change.items():
        held = tree.get(name)
        if isinstance(value, dict) and isinstance(held, dict):
            _merge(held, value)
        else:
            tree[name] = value


def _known(word: str, names: Iterable[str], what: str) -> str:
    known = list(names)
    if word in known:
        return word
    near = get_close_matches(word, known, 1)
    told = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "it has none"
    raise ConfigError(f"{word!r} is not {what}; {told}")
