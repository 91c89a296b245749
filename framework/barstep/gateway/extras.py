"""What the gateway API has no words for: the object `barstep` in its requests, and endpoints of our own (design, section 4)."""

from __future__ import annotations

from barstep.gateway import codes
from barstep.gateway.endpoint import ACCOUNT_ID, ORDER_ID, Endpoint
from barstep.gateway.fields import Field

MAX_BALANCE = 1_000_000_000
"""Most USD a replay may start with."""


def _extra(*fields: Field) -> Field:
    return Field("barstep", "object", "what the API has no words for", closed=True, fields=fields)


ORDER_EXTRAS = _extra(
    Field("ocoGroup", "text", "orders of one group cancel each other"),
    Field("reduceOnly", "flag", "it can close but never open"),
    Field("expires", "any", "`session`, a number of bars, or a time with its zone"),
    Field("trailTicks", "int", "distance of a trailing stop in ticks, in place of trailPrice", low=1),
    Field("stopLoss", "number", "price of the stop that its fill brings along"),
    Field("takeProfit", "number", "price of the target that its fill brings along"),
    Field("tag", "text", "a word for it that need not be unique"),
    Field("plugin", "text", "who asks, on the client's side"),
)
START_EXTRAS = _extra(
    Field("fills", "any", "a fill profile, or fill options by their YAML names"),
    Field("balance", "number", "USD at the start", low=1, high=MAX_BALANCE),
    Field("fees", "any", "a fee schedule, or USD per contract and side"),
    Field("guards", "list", "levels watched inside the bar"),
    Field("source", "any", "`sample`, or {kind: synthetic, seed: 7}"),
    Field("contract", "text", "the contract's short name, ESZ5"),
    Field("start", "text", "first trading day, or a time with its zone, in place of startDate"),
    Field("end", "text", "last trading day, or a time with its zone, in place of endDate"),
)
TRAIL_EXTRAS = _extra(Field("trailTicks", "int", "new distance of a trailing stop in ticks", low=1))
CANCEL_EXTRAS = _extra(Field("reason", "text", "why"))
END_EXTRAS = _extra(Field("settle", "flag", "false leaves orders and positions as they stand"))

_PLUGIN = Field("plugin", "text", "who asks, on the client's side", True)
_NAME = Field("name", "text", "what results call the guard", True)
_REASON = Field("reason", "text", "why", True)

EXTENSIONS = (
    Endpoint(
        "Extension/link", "Two working orders cancel each other from now on.",
        (ACCOUNT_ID, ORDER_ID, Field("linkedOrderId", "order id", "the other order", True)), (), codes.CONTROL,
    ),
    Endpoint(
        "Extension/protect", "A working reduce-only order lives and dies with the position from now on.",
        (ACCOUNT_ID, ORDER_ID, Field("role", "text", "`stop`, `target` or `trail`", True)), (), codes.CONTROL,
    ),
    Endpoint(
        "Extension/exitsOnly", "Cancel entries; orders against the position may only reduce it.", (ACCOUNT_ID, _REASON), (),
        codes.CONTROL,
    ),
    Endpoint(
        "Extension/flatten", "Cancel all orders and close the position at the last close.", (ACCOUNT_ID, _REASON), (),
        codes.CONTROL,
    ),
    Endpoint(
        "Extension/setGuard", "Watch a level inside the bar.",
        (ACCOUNT_ID, _PLUGIN, _NAME,
         Field("basis", "text", "`equity`, `day` or `position`", True),
         Field("level", "int", "micro-dollars", True),
         Field("side", "text", "`floor` or `cap`", True),
         Field("action", "text", "`fail`, `lock` or `flatten`", True),
         Field("trail", "int", "micro-dollars that a floor stays below the highest value seen"),
         Field("trailUntil", "int", "micro-dollars at which a trailing floor stops for good")),
        (), codes.CONTROL,
    ),
    Endpoint(
        "Extension/failAccount", "Fail the account now, as a guard does: cancel all orders and close the position.",
        (ACCOUNT_ID, _PLUGIN, _NAME, Field("level", "int", "micro-dollars of equity that the rule asked for", True)), (),
        codes.CONTROL,
    ),
    Endpoint("Extension/removeGuard", "Watch a level no longer.", (ACCOUNT_ID, _PLUGIN, _NAME), (), codes.CONTROL),
    Endpoint(
        "Extension/flatBy", "Be flat by a time of day in the exchange's zone.",
        (ACCOUNT_ID, _PLUGIN, Field("clock", "text", "15:10, or null to end it"),
         Field("beforePause", "int", "minutes before a holiday's pause, if that is earlier")), (), codes.CONTROL,
    ),
)  # fmt: skip
"""Endpoints for what risk rules ask of a replay, `Extension/...`."""
