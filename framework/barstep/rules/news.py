"""A list of scheduled news as a CSV file: times with their zone, and what is due."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from pathlib import Path


def read_news(path: Path, zone: str | None = None) -> list[tuple[datetime, str]]:
    """The news of a file with the columns `time` and `title`, in the order of time.

    Args:
        path: The file; further columns are ignored.
        zone: IANA zone of times without an offset; without it such a time is a fault.

    Raises:
        ValueError: The file cannot be read, or a line of it; the message names the line and what to write.
    """
    try:
        given = None if zone is None else ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"zone: got {zone!r}, expected an IANA time zone such as America/New_York") from None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"time", "title"} <= set(rows.fieldnames or ()):
                found = ", ".join(rows.fieldnames or ()) or "no columns"
                raise ValueError(f"{path}: found {found}, expected the columns time and title")
            news = [(_moment(row["time"], given, f"{path}:{rows.line_num}"), row["title"] or "") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return sorted(news)


def _moment(text: str, zone: ZoneInfo | None, where: str) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        raise ValueError(f"{where}: got {text!r}, expected a time such as 2026-09-11 08:30") from None
    if when.tzinfo is not None:
        return when
    if zone is None:
        raise ValueError(f"{where}: {text} has no zone: add an offset such as -04:00, or give the option zone")
    return when.replace(tzinfo=zone)
