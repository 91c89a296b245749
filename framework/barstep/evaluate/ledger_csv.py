"""A CSV file of fills or of trades, with named columns."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

from barstep.data.hours import near_names
from barstep.domain.errors import DataError
from barstep.evaluate.ledger import Ledger, LedgerFill, LedgerTrade, Reader, check_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILL_COLUMNS = {
    "time": True, "contract": True, "side": True, "size": True, "price": True, "fees": False, "id": False,
}  # fmt: skip
"""Columns of a file of fills, and whether they must be there; `fees` is USD of the fill."""

TRADE_COLUMNS = {
    "entry_time": True, "exit_time": True, "contract": True, "side": True, "size": True, "entry_price": True,
    "exit_price": True, "fees": False, "mae": False, "mfe": False, "id": False,
}  # fmt: skip
"""Columns of a file of trades; `fees` is USD of both sides, `mae` (0 or less) and `mfe` (0 or more) USD before fees."""

Row = dict[str, str]


def read_csv(path: Path, reader: Reader) -> Ledger:
    """Read a file of fills or of trades; a column `exit_time` makes it trades.

    Raises:
        DataError: At the first fault, with the line.
    """
    header, rows = _rows(path)
    trades = "exit_time" in header
    _check_header(path.name, header, TRADE_COLUMNS if trades else FILL_COLUMNS, "trades" if trades else "fills")
    ledger = Ledger(path.name)
    before = -(1 << 62)
    for line, row in rows:
        where = f"{path.name}:{line}"
        if row.get("id"):
            reader.once(where, row["id"])
        if trades:
            trade = _trade(where, row, reader)
            check_order(where, "exit_time", before, trade.exit_ns)
            before = trade.exit_ns
            ledger.trades.append(trade)
        else:
            fill = _fill(where, row, reader)
            check_order(where, "time", before, fill.at_ns)
            before = fill.at_ns
            ledger.fills.append(fill)
    if not ledger.fills and not ledger.trades:
        raise DataError(f"{path.name}: there are no rows below the header")
    return ledger


def _fill(where: str, row: Row, reader: Reader) -> LedgerFill:
    at_ns = reader.moment(where, "time", row["time"])
    contract = reader.contract(where, row["contract"], at_ns)
    size = reader.size(where, row["size"]) * _sign(where, row["side"])
    return LedgerFill(at_ns, contract, size, reader.price(where, contract, row["price"]), _fees(where, row, reader))


def _trade(where: str, row: Row, reader: Reader) -> LedgerTrade:
    entry_ns, exit_ns = (reader.moment(where, name, row[name]) for name in ("entry_time", "exit_time"))
    if exit_ns < entry_ns:
        raise DataError(f"{where}: exit_time is earlier than entry_time")
    contract = reader.contract(where, row["contract"], entry_ns)
    size, sign = reader.size(where, row["size"]), _sign(where, row["side"])
    entry, out = (reader.price(where, contract, row[name]) for name in ("entry_price", "exit_price"))
    gross = (out - entry) * sign * size * contract.instrument.tick_value
    mae, mfe = (reader.money(where, name, row[name]) if row.get(name) else None for name in ("mae", "mfe"))
    if mae is not None and mae > 0:
        raise DataError(f"{where}: mae is {row['mae']}, expected 0 or less: USD that the trade stood behind at worst")
    if mfe is not None and mfe < 0:
        raise DataError(f"{where}: mfe is {row['mfe']}, expected 0 or more: USD that the trade stood ahead at best")
    return LedgerTrade(entry_ns, exit_ns, contract, size * sign, gross, _fees(where, row, reader), mae, mfe)


def _fees(where: str, row: Row, reader: Reader) -> int | None:
    if not row.get("fees"):
        return None
    fees = reader.money(where, "fees", row["fees"])
    if fees < 0:
        raise DataError(f"{where}: fees is {row['fees']}, expected 0 or more: what was paid")
    return fees


def _sign(where: str, text: str) -> int:
    side = text.strip().lower()
    if side not in ("buy", "sell"):
        raise DataError(f"{where}: side is {text!r}, expected buy or sell")
    return 1 if side == "buy" else -1


def _check_header(name: str, header: list[str], known: dict[str, bool], what: str) -> None:
    twice = sorted({column for column in header if header.count(column) > 1})
    missing = [column for column, needed in known.items() if needed and column not in header]
    unknown = [column for column in header if column not in known]
    if twice:
        raise DataError(f"{name}:1: column {twice[0]} stands there twice")
    if missing:
        raise DataError(f"{name}:1: no column {', '.join(missing)}; a file of {what} has {', '.join(known)}")
    if unknown:
        raise DataError(f"{name}:1: unknown column {unknown[0]!r}; {near_names(unknown[0], known)} Rename or remove it")


def _rows(path: Path) -> tuple[list[str], Iterator[tuple[int, Row]]]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            text = file.read().decode("utf-8-sig")
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: found bytes that are no UTF-8 text; export the file again as UTF-8") from error
    lines = _fields(path.name, text)
    header = [name.strip() for name in next(lines, (0, []))[1]]
    if not header:
        raise DataError(f"{path.name}: the file is empty")

    def rows() -> Iterator[tuple[int, Row]]:
        for line, fields in lines:
            if not any(map(str.strip, fields)):
                continue
            if len(fields) != len(header):
                raise DataError(f"{path.name}:{line}: found {len(fields)} fields, expected {len(header)} as in line 1")
            yield line, dict(zip(header, map(str.strip, fields), strict=True))

    return header, rows()


def _fields(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    lines = csv.reader(text.splitlines(), strict=True)
    try:
        for fields in lines:
            yield lines.line_num, fields
    except csv.Error as error:
        raise DataError(f"{name}:{lines.line_num}: no CSV: {error}") from None
