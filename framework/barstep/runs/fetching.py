"""Bars from a gateway's History/retrieveBars into the store: page by page, within its limits, going on where it stopped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from barstep import data
from barstep.broker.enums import BarUnit
from barstep.broker.forms import iso
from barstep.broker.pace import Pace
from barstep.broker.wire import words
from barstep.data import intake
from barstep.data.audit import Audit
from barstep.data.pages import Pages
from barstep.data.sessions import SessionTable, utc_text
from barstep.data.store import series_name
from barstep.data.store_writing import merge, working_folder
from barstep.domain.bar import Timeframe
from barstep.domain.errors import BrokerError, ConfigError, DataError
from barstep.domain.session import NS

if TYPE_CHECKING:
    from pathlib import Path

    from barstep.broker.wire import Api
    from barstep.data.intake import Progress
    from barstep.data.store import Store
    from barstep.domain.instrument import Contract

PAGE = 19_000
"""Bars of time in a page: below the 20,000 a call answers, so that none is cut off."""
_UNITS = {"s": BarUnit.SECOND, "m": BarUnit.MINUTE, "h": BarUnit.HOUR, "D": BarUnit.DAY}


@dataclass(slots=True)
class Fetched:
    """What a fetch did.

    Attributes:
        contract: The gateway's id of what was fetched.
        series, timeframe: The series it went into.
        requests: Pages that were asked for now; others were there from before.
        bars: Bars that the gateway has.
        added: Bars that were not in the store before.
        total: Bars of the series now.
        first, last: Starts of its first and last bar, UTC.
        warnings: What the check found.
        manifest: Path of the manifest.
    """

    contract: str
    series: str
    timeframe: str
    requests: int
    bars: int
    added: int
    total: int
    first: str
    last: str
    warnings: list[str]
    manifest: str

    def document(self) -> dict[str, Any]:
        """The outcome for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be fetched: `low` and `high` are UTC nanoseconds, the end not included."""

    contract: Contract
    timeframe: Timeframe
    low: int
    high: int
    live: bool = False


def order(
    instrument: str | None, contract: str | None, timeframe: str, start: date, end: date | None, *, live: bool = False
) -> Order:
    """What the user asks for, checked.

    Args:
        instrument: A product; with it alone its front contract on the last day is fetched.
        contract: One expiry such as `NQH6`.
        timeframe: Length of a bar.
        start, end: First and last trading day, both included; today by default.
        live: Ask for the live data subscription instead of the simulated one.

    Raises:
        ConfigError: When it makes no sense.
    """
    told = data.guess(contract) if contract else None
    if contract and told is None and instrument is None:
        raise ConfigError(f"--contract: found {contract!r}, expected one expiry of a known product, such as NQH6")
    name = instrument or (told[0] if told else None)
    if name is None:
        raise ConfigError("what to fetch is not said. Type --instrument NQ or --contract NQH6")
    item = data.instrument(name)
    try:
        length = Timeframe.parse(timeframe)
    except ValueError as error:
        raise ConfigError(f"--timeframe: found {timeframe!r}, expected {error}") from error
    last = end or datetime.now(UTC).date()
    if last < start:
        raise ConfigError(f"--end {last} is before --start {start}")
    made = data.parse_contract(item, contract, last) if contract else data.front_contract(item, last)
    low, high = SessionTable(item.session).bounds(start, last)
    return Order(made, length, low or 0, min(high or 0, _now()), live)


def fetch(
    api: Api, source: str, what: Order, store: Store, *, pace: Pace | None = None, progress: Progress | None = None
) -> Fetched:
    """Fetch bars and merge them into their series.

    Args:
        api: The gateway.
        source: Its address, for the manifest and for going on.
        what: What to fetch.
        store: Where to.
        pace: Keeps to the request limit; by default the documented one.
        progress: Called with what is being done, pages done and pages in all.

    Raises:
        BrokerError: The gateway cannot be reached or refuses; pages that arrived are kept for the next try.
        DataError: It has no bars, or its bars have faults or differ from stored ones.
    """
    item, tell = what.contract.instrument, progress or (lambda *_: None)
    series = series_name(what.contract)
    plan = {"source": source, "contract": what.contract.id, "timeframe": what.timeframe.text, "live": what.live}
    pages = Pages(store.folder / item.name / f".fetch-{series}_{what.timeframe.text}", plan)
    asked = _ask(api, what, pages, pace or Pace(), tell)
    with working_folder(store, item.name) as folder:
        rows = folder / "rows.parquet"
        count = pages.joined(what.low, what.high, rows)
        warnings = _checked(source, what, pages, rows, count, tell)
        ready = folder / "ready.parquet"
        intake.stored_form(rows, item.tick_size, ready)
        entry = {**plan, "form": "gateway", "zone": "UTC", "stamp": "open", "known_by": "form", "rows": count,
                 "imported": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}  # fmt: skip
        manifest, added, _ = merge(store, item.name, series, what.timeframe.text, ready, folder, entry, warnings)
    pages.drop()
    path = store.path(item.name, series, what.timeframe.text)
    return Fetched(what.contract.id, series, what.timeframe.text, asked, count, added, manifest.rows,
                   utc_text(manifest.first), utc_text(manifest.last), warnings, str(path))  # fmt: skip


def _ask(api: Api, what: Order, pages: Pages, pace: Pace, tell: Progress) -> int:
    """Ask for the pages that are not kept; returns how many requests it took. The last page may have grown since."""
    starts = _starts(what)
    asked = 0
    for number, start in enumerate(starts):
        tell("fetching", number, len(starts))
        if pages.has(start) and number < len(starts) - 1:
            continue
        pace.wait()
        pages.keep(start, _page(api, what, start, number, len(starts)))
        asked += 1
    return asked


def _checked(source: str, what: Order, pages: Pages, rows: Path, count: int, tell: Progress) -> list[str]:
    """The warnings of a check; bars that are missing or have faults are refused, and their pages dropped."""
    if not count:
        pages.drop()
        raise DataError(
            f"{source}: no {what.timeframe.text} bars of {what.contract.id} from {utc_text(what.low)} to "
            f"{utc_text(what.high)}. See that the contract traded then; a replay answers only what it has played"
        )
    item = what.contract.instrument
    audit = Audit(item, what.timeframe, SessionTable(item.session), lambda row: f"bar {row}")
    intake.run_audit(audit, rows, count, tell)
    found = audit.findings()
    faults = [each.text for each in found if each.severity == "fault"]
    if faults:
        pages.drop()
        raise DataError(f"{source}: the bars have faults and were not kept: {'; '.join(faults)}")
    return [each.text for each in found]


def _starts(what: Order) -> list[int]:
    """Where pages start: at whole multiples of a page's length, so that another fetch has the same ones."""
    length = PAGE * what.timeframe.ns
    return list(range(what.low // length * length, what.high, length))


def _page(api: Api, what: Order, start: int, number: int, pages: int) -> list[dict[str, Any]]:
    length = what.timeframe
    low, high = max(start, what.low), min(start + PAGE * length.ns, what.high)
    found = api("History/retrieveBars", {
        "contractId": what.contract.id, "live": what.live, "startTime": iso(low), "endTime": iso(high),
        "unit": int(_UNITS[length.text[-1]]), "unitNumber": int(length.text[:-1]), "limit": 20_000,
        "includePartialBar": False,
    })  # fmt: skip
    bars = found.get("bars")
    if not found.get("success") or not isinstance(bars, list):
        told = words(str(found.get("errorMessage") or f"error {found.get('errorCode')}"))
        if found.get("errorCode") == HTTPStatus.UNAUTHORIZED:
            told += "; give the token in BARSTEP_TOKEN"
        kept = f"; {number} of {pages} pages are kept, the same command goes on from there" if number else ""
        raise BrokerError(f"History/retrieveBars of {what.contract.id} from {iso(low)}: {told}{kept}")
    return bars


def _now() -> int:
    return int(datetime.now(UTC).timestamp()) * NS
