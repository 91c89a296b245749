"""Error codes, one table per endpoint: the integers are not comparable across endpoints (gateway API, 11).

A table lists names from 0 on. `FAULT` may come from every endpoint that plays bars.
"""

from __future__ import annotations

FAULT = 99
"""An error, such as a plugin's own, ended the replay (gateway API, 2.1: internal error)."""

LOGIN = (
    "Success", "UserNotFound", "PasswordVerificationFailed", "InvalidCredentials", "AppNotFound", "AppVerificationFailed",
    "InvalidDevice", "AgreementsNotSigned", "UnknownError", "ApiSubscriptionNotFound", "ApiKeyAuthenticationDisabled",
)  # fmt: skip
PLACE = (
    "Success", "AccountNotFound", "OrderRejected", "InsufficientFunds", "AccountViolation", "OutsideTradingHours",
    "OrderPending", "UnknownError", "ContractNotFound", "ContractNotActive", "AccountRejected",
)  # fmt: skip
CANCEL = (
    "Success", "AccountNotFound", "OrderNotFound", "Rejected", "Pending", "UnknownError", "AccountRejected",
)  # fmt: skip
CLOSE = (
    "Success", "AccountNotFound", "PositionNotFound", "ContractNotFound", "ContractNotActive", "OrderRejected",
    "OrderPending", "UnknownError", "AccountRejected",
)  # fmt: skip
PARTIAL = (*CLOSE[:5], "InvalidCloseSize", *CLOSE[5:])
ACCOUNT = ("Success", "AccountNotFound")
CONTROL = ("Success", "AccountNotFound", "NotFound", "Refused")
REPLAY = ("Success", "AccountNotFound", "ReplayNotStarted", "Refused")
