"""The same run under other assumptions about fills and fees, one at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from barstep.domain.errors import ConfigError
from barstep.domain.fill_options import PROFILES
from barstep.runs.assemble import load_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from barstep.runs.assemble import RunPlan
    from barstep.runs.result import RunResult

_SLIPS, _FEES, _LATENCIES = range(5), (0, 1, 2), range(3)


class Case(NamedTuple):
    """One assumption: what is varied, its value, the keys that it sets, and what the fees are multiplied by."""

    what: str
    value: str
    overrides: tuple[str, ...] = ()
    fees: int = 1


class Outcome(NamedTuple):
    """What the run comes to under one assumption; USD.

    Attributes:
        what: `as configured`, `profile`, `slippage`, `fees`, `latency` or `limits`.
        value: What it was set to.
        configured: Whether that is what the file says anyway.
        failed: The guard that failed the account, or empty.
    """

    what: str
    value: str
    configured: bool
    net_pnl: float
    max_drawdown: float
    trades: int
    digest: str
    failed: str


class Sensitivity(NamedTuple):
    """A run under each assumption, the one as configured first, and what could not be varied."""

    name: str
    outcomes: list[Outcome]
    remarks: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        return {"name": self.name, "outcomes": [each._asdict() for each in self.outcomes], "remarks": self.remarks}


CASES = (
    Case("as configured", ""),
    *(Case("profile", profile, (f"fills.profile={profile}",)) for profile in PROFILES),
    *(
        Case("slippage", f"{n} tick{'s' * (n != 1)}", (f"fills.market_slip_ticks={n}", f"fills.stop_slip_ticks={n}"))
        for n in _SLIPS
    ),
    *(Case("fees", f"{n}x", (), n) for n in _FEES),
    *(Case("latency", f"{n} bar{'s' * (n != 1)}", (f"fills.latency_bars={n}",)) for n in _LATENCIES),
    Case("limits", "fill at a touch", ("fills.limit_through_ticks=0",)),
    Case("limits", "fill 1 tick through", ("fills.limit_through_ticks=1",)),
)


def sensitivity(
    source: str | Path | Mapping[str, Any],
    overrides: Sequence[str],
    play: Callable[[RunPlan, Path], RunResult],
    progress: Callable[[str, int, int], object],
) -> Sensitivity:
    """Play a run under every assumption; nothing of it is kept.

    Args:
        source: A run file, or the same as a mapping.
        overrides: `key=value` texts as for `--set`.
        play: Plays a plan into a folder.
        progress: Told what is played, how many were before it, and how many there are.

    Raises:
        ConfigError, DataError: The run is not right as it stands, or its fills are another machine's.
        PluginError, ScriptError: A plugin or a script raised.
    """
    base = load_plan(source, overrides)
    if base.loaded.config.broker.kind == "http":
        raise ConfigError("broker.kind: got http, expected embedded or helpers: a gateway has its own fills")
    own = {
        "fees": "account.fees" if base.of("fees") else "",
        "slippage": "fills.slippage" if base.of("slippage") else "",
    }
    remarks = [f"{what} not varied: {key} names a model of its own" for what, key in own.items() if key]
    cases = [case for case in CASES if not own.get(case.what)]
    played: dict[object, RunResult] = {}
    outcomes = []
    for done, case in enumerate(cases):
        progress(f"{case.what} {case.value}".strip(), done, len(cases))
        plan = _varied(base, source, overrides, case)
        key = (plan.loaded.config.fills.options(), tuple(plan.fees))
        if key not in played:
            with TemporaryDirectory(prefix="barstep-") as place:
                played[key] = play(plan, Path(place) / "run")
        outcomes.append(_outcome(case, played[key], configured=played[key] is next(iter(played.values()))))
    return Sensitivity(base.loaded.config.name, outcomes, remarks)


def _varied(base: RunPlan, source: str | Path | Mapping[str, Any], overrides: Sequence[str], case: Case) -> RunPlan:
    plan = load_plan(source, [*overrides, *case.overrides]) if case.overrides else base
    return replace(plan, fees=[fee * case.fees for fee in plan.fees], allow_remote=base.allow_remote)


def _outcome(case: Case, result: RunResult, *, configured: bool) -> Outcome:
    drawdown = float(result.metrics["max_drawdown"] or 0)
    failed = str(result.risk["failed"])
    return Outcome(case.what, case.value, configured, result.net_pnl, drawdown, result.trades, result.digest, failed)
