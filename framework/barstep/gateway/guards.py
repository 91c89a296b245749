"""The guards that a Replay/start may bring in its `barstep` object: levels watched inside the bar (R19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from barstep.broker.wire import GatewayError
from barstep.domain.instrument import micros
from barstep.gateway.fields import Field, read

if TYPE_CHECKING:
    from barstep.gateway.session import Session
    from barstep.sim.guards import Action, Basis, GuardSide

MOST_GUARDS = 20
MOST_USD = 10**12
FIELDS = (
    Field("name", "text", "what results call it", True),
    Field("level", "number", "USD: of equity, of the day's result, or of the position's open result", True),
    Field("basis", "text", "`equity` (by default), `day` or `position`"),
    Field("side", "text", "`floor` (by default) or `cap`"),
    Field("action", "text", "`flatten` (by default), `lock` or `fail`"),
    Field("trail", "number", "USD that a floor stays below the highest value seen"),
)
_WORDS = {
    "basis": ("equity", "day", "position"),
    "side": ("floor", "cap"),
    "action": ("flatten", "lock", "fail"),
}


def parse(given: list[Any] | None) -> list[dict[str, Any]]:
    """Read the guards of a request; a GatewayError names what is wrong with which."""
    rows = given or []
    if len(rows) > MOST_GUARDS:
        raise GatewayError(400, f"barstep.guards: found {len(rows)}, expected at most {MOST_GUARDS}")
    return [_guard(row, f"barstep.guards[{place}].") for place, row in enumerate(rows)]


def arm(session: Session, guards: list[dict[str, Any]]) -> None:
    """Put guards in force before the first bar."""
    for guard in guards:
        session.desk.set_guard(
            guard["name"],
            cast("Basis", guard["basis"]),
            micros(guard["level"]),
            cast("GuardSide", guard["side"]),
            cast("Action", guard["action"]),
            None if guard["trail"] is None else micros(guard["trail"]),
            session.client,
        )


def _guard(row: Any, where: str) -> dict[str, Any]:
    outer = Field(where[:-1], "object", fields=FIELDS, closed=True)
    values: dict[str, Any] = read((outer,), {outer.name: row}, "sim")[outer.name] or {}
    if not values:
        raise GatewayError(400, f"{outer.name}: found null, expected an object")
    for name, words in _WORDS.items():
        values[name] = values[name] or words[0]
        if values[name] not in words:
            raise GatewayError(400, f"{where}{name}: found {values[name]!r}, expected one of {', '.join(words)}")
    for name in ("level", "trail"):
        if values[name] is not None and not abs(values[name]) <= MOST_USD:
            raise GatewayError(400, f"{where}{name}: found {values[name]:g}, expected at most {MOST_USD:,}")
    if values["trail"] is not None and values["trail"] <= 0:
        raise GatewayError(400, f"{where}trail: found {values['trail']:g}, expected more than 0")
    return values
