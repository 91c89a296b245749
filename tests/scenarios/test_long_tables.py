"""Tables of a run with more fills than wait in memory at once hold each of them, in order."""

from __future__ import annotations

import barstep


def test_every_record_of_a_long_run_is_in_its_table(tmp_path):
    run = {
        "version": 1,
        "name": "many",
        "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 3, "bars": 40_000}},
        "account": {"balance": 1_000_000},
        "strategies": [{"use": "sma_crossover", "options": {"fast": 2, "slow": 4}}],
    }
    result = barstep.run(run, out=tmp_path / "run")
    fills, trades, orders = (result.table(name) for name in ("fills", "trades", "orders"))
    assert len(fills) == result.fills > 8_192, "the rows are written in several parts"
    assert len(trades) == result.trades
    assert fills["bar_index"].is_sorted()
    assert orders["id"].to_list() == sorted(set(orders["id"])), "each order once"
    assert set(fills["order_id"]) == set(orders["id"]), "nothing was refused"
    assert round(fills["fees"].sum(), 2) == round(result.fees, 2)
