"""Real bars of ../shared/data against the trading hours: each must lie inside a stretch of trading."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from barstep.data import FileStream, describe, front_contract, instrument
from barstep.domain.bar import Timeframe
from barstep.domain.errors import DataError

FILES = [
    ("ES_1m_2013-10-06_2013-10-11.parquet", "ES", "1m", 6826, 5),
    ("ES_1s_2013-09-01_2013-09-03.parquet", "ES", "1s", 34171, 1),
    ("GC_1m_2013-10-07_2013-10-11.parquet", "GC", "1m", 6687, 5),
    ("ES_5m_2021-12-05_2022-01-28.parquet", "ES", "5m", 10716, 38),
    ("NQ_5m_2021-12-05_2022-01-28.parquet", "NQ", "5m", 10716, 38),
    ("NQ_1m_2022-01-16_2022-01-28.parquet", "NQ", "1m", 13560, 9),
    ("NQ_5m_2022-01-30_2022-02-04.parquet", "NQ", "5m", 1380, 5),
    ("MYM_1m_2025-05_2025-07.parquet", "MYM", "1m", 87116, 63),
    ("MYMM5_1m_2025-04-30_2025-06-20.parquet", "MYM", "1m", 49105, 36),
    ("MYMU5_1m_2025-04-30_2025-07-29.parquet", "MYM", "1m", 53351, 63),
    ("ES_5m_2026-02-17_2026-04-28.parquet", "ES", "5m", 13768, 52),
    ("NQ_2m_2026-03-20_2026-04-28.parquet", "NQ", "2m", 18693, 29),
    ("samples/ES_1m_2013-09-01_2013-09-03.csv.gz", "ES", "1m", 2264, 1),
]


@pytest.mark.parametrize(("name", "product", "timeframe", "rows", "sessions"), FILES)
def test_every_bar_lies_inside_the_hours(
    shared_data: Path, name: str, product: str, timeframe: str, rows: int, sessions: int
) -> None:
    item = instrument(product)
    day = date.fromisoformat(name.split("_")[2] + "-01" * (name.split("_")[2].count("-") == 1))
    stream = FileStream(shared_data / name, front_contract(item, day), Timeframe.parse(timeframe))
    found = describe(stream)
    assert (found["rows"], found["outside_session"], found["sessions"]) == (rows, 0, sessions)
    assert found["timeframe_seen"] == timeframe
    holes_and_spikes = ("gaps (", "spikes (")  # of the real files: their README tells the holes
    assert [text for text in found["warnings"] if not text.startswith(holes_and_spikes)] == []  # type: ignore[attr-defined]


def test_complete_bars_have_no_gap_in_the_hours(shared_data: Path) -> None:
    # Christmas, New Year and Martin Luther King Day included: the table predicts each close to the bar
    stream = FileStream(
        shared_data / "NQ_5m_2021-12-05_2022-01-28.parquet",
        front_contract(instrument("NQ"), date(2021, 12, 6)),
        Timeframe.parse("5m"),
    )
    assert describe(stream)["gaps"] == {"count": 0, "biggest": None, "biggest_at": None}


def test_a_file_without_volume_is_taken_as_unknown(shared_data: Path) -> None:
    stream = FileStream(
        shared_data / "NAS100_1h_2013_2023.parquet",
        front_contract(instrument("NQ"), date(2013, 6, 3)),
        Timeframe.parse("1h"),
    )
    assert not stream.volume_known
    assert "taken as unknown" in stream.warnings[0]
    with pytest.raises(DataError, match="between two ticks of NQ"):
        list(stream.chunks())  # a CFD, not on the future's grid
