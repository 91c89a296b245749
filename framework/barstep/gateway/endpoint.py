"""What an endpoint of the gateway is, and the fields that most requests have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from barstep.gateway.fields import Dialect, Field


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    Attributes:
        path: Area and verb, `Order/place`.
        does: One line for a reader.
        fields: The request's table.
        answer: The payload's fields besides the envelope; on a failure they may be missing or null.
        codes: Names of the error codes from 0 on; the ones that can occur here are described in the pages.
        method: GET for the health check only.
        dialects: Which of the two have it.
        open: True when no token is needed.
        statuses: HTTP statuses besides 200, 400, 401 and 429.
    """

    path: str
    does: str
    fields: tuple[Field, ...] = ()
    answer: tuple[Field, ...] = ()
    codes: tuple[str, ...] = ("Success",)
    method: Literal["POST", "GET"] = "POST"
    dialects: tuple[Dialect, ...] = field(default=("sim", "live"))
    open: bool = False
    statuses: tuple[int, ...] = ()


ACCOUNT_ID = Field("accountId", "int", "the account", True)
ORDER_ID = Field("orderId", "order id", "the order", True)
