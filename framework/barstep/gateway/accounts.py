"""Account, Auth and Status: what needs no replay (gateway API, 3 and 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from barstep.broker.forms import account_form
from barstep.broker.wire import done

if TYPE_CHECKING:
    from barstep.gateway.seats import Call

TOKEN = "in-process"  # noqa: S105 - nothing to guess: a caller in the same process needs none


def login_key(_call: Call) -> dict[str, Any]:
    """Auth/loginKey in process: any name and key will do; the server has its own."""
    return done(token=TOKEN)


def validate(_call: Call) -> dict[str, Any]:
    """Auth/validate in process."""
    return done(newToken=TOKEN)


def logout(_call: Call) -> dict[str, Any]:
    """Auth/logout in process."""
    return done()


def ping(_call: Call) -> dict[str, Any]:
    """Status/ping."""
    return done(status="ok")


def search(call: Call) -> dict[str, Any]:
    """Account/search: an account is active while it can trade; a replay that plays is brought up to now first."""
    rows = []
    for seat in call.own:
        if seat.session is not None:
            seat.session.catch_up()
        if seat.can_trade or not call.values["onlyActiveAccounts"]:
            form = account_form(
                seat.number, seat.name, seat.balance, seat.equity, can_trade=seat.can_trade, live=call.live
            )
            rows.append(form)
    return done(accounts=rows)
