"""Playing a stored run again: the same digest, or what has changed since and the first event that differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from barstep.domain.errors import ConfigError
from barstep.runs.assemble import load_plan
from barstep.runs.compare.differences import Difference, differences
from barstep.runs.compare.divergence import Divergence, first_divergence
from barstep.runs.explain.records import Records
from barstep.runs.folder import read_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from barstep.runs.assemble import RunPlan
    from barstep.runs.result import RunResult


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of playing a run again.

    Attributes:
        folder: The stored run.
        digests: Then and now.
        changed: What differs from then in configuration, bars, plugins and versions.
        divergence: The first event that differs, None when every order, fill and bar of equity is the same.
    """

    folder: Path
    digests: tuple[str, str]
    changed: list[Difference]
    divergence: Divergence | None

    @property
    def proved(self) -> bool:
        """Whether the same bars gave the same digest."""
        return self.digests[0] == self.digests[1] and not any(each.what == "data" for each in self.changed)

    def as_dict(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        return {
            "run": str(self.folder),
            "proved": self.proved,
            "digest": self.digests[0],
            "digest_now": self.digests[1],
            "changed": [
                {"what": each.what, "key": each.key, "then": each.values[0], "now": each.values[1]}
                for each in self.changed
            ],
            "divergence": None if self.divergence is None else self.divergence.as_dict(),
        }


def reproduce(folder: Path, play: Callable[[RunPlan, Path], RunResult]) -> Reproduction:
    """Play a stored run again from its configuration, in a place of its own, and hold the two against each other.

    Args:
        folder: The run's folder; it is not touched.
        play: Plays a plan into a folder.

    Raises:
        ConfigError: The run did not come to its end, or what it needs is no longer there.
        DataError: Its bars can no longer be read.
        PluginError, ScriptError: A plugin or a script raises now.
    """
    status = read_result(folder)["status"]
    if status != "done":
        raise ConfigError(f"{folder}: this run was {status}, so there is no whole run to reproduce")
    then = Records(folder)
    then.manifest  # noqa: B018 - a damaged one is told before anything is played
    plan = load_plan(folder / "config.resolved.yaml")
    with TemporaryDirectory(prefix="barstep-") as place:
        result = play(plan, Path(place) / "run")
        now = Records(Path(place) / "run")
        return Reproduction(
            folder, (str(then.result["digest"]), result.digest), differences([then, now]), first_divergence(then, now)
        )
