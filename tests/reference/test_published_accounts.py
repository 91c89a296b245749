"""Fills, money and trade statistics that three other engines publish, reproduced through barstep's own ledger."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from desk import at, run

from barstep import Strategy, hookimpl
from barstep.indicators import SMA

NO_SLIP = {"market_slip_ticks": 0, "at_end": "mark"}

# -- backtrader: SMA(15) on daily bars ---------------------------------------------------------------------------


class SmaFifteen(Strategy):
    """Long from a close that crosses above the mean while flat, out on one that crosses below it."""

    @hookimpl
    def on_start(self, ctx):
        self.mean = ctx.indicator(SMA(15))
        self.side = 0

    @hookimpl
    def on_bar(self, bar, ctx):
        if not self.mean.ready:
            return
        before, gap = self.side, bar.close - self.mean.value
        self.side = (gap > 0) - (gap < 0) or before
        if before < 0 < self.side and not ctx.position.size:
            ctx.buy()
        elif self.side < 0 < before and ctx.position.size:
            ctx.close()


@pytest.fixture
def backtrader(published, shared, tmp_path):
    case = published["backtrader_sma15_cross_futures"]
    instrument = {"name": "INDEX", "tick_size": "0.01", "tick_value": "0.1", "fees": "2", "session": "always"}
    source = str(shared("reference/backtrader_2006_day.csv"))
    data = {"instrument": instrument, "timeframe": "1D", "source": source, "volume": "unknown"}
    return case, run(
        tmp_path,
        None,
        SmaFifteen,
        data=data,
        fills={"profile": "backtrader"},
        account={"balance": 10_000, "fees": "none"},
    )


def test_backtrader_fills(backtrader):
    case, ran = backtrader
    fills = ran.table("fills")
    for side, prices in (("buy", case["buy_fills"]), ("sell", case["sell_fills"])):
        assert [f"{price:.2f}" for price in fills.filter(side=side)["price"]] == prices
    assert ran.result.fills == 23
    assert fills["phase"].unique().to_list() == ["open"]


def test_backtrader_value_and_sqn(backtrader):
    case, ran = backtrader
    assert f"{ran.table('equity')['equity'][-1]:.2f}" == case["final_value"]
    assert ran.table("equity")["position"][-1] == case["open_position_at_end"]
    wanted = case["sqn_11_closed_trades"]
    assert ran.result.trades == wanted["trades"]
    assert f"{ran.result.metrics['sqn']:.14f}".startswith(wanted["sqn_first_digits"])


# -- pyalgotrade: market orders on SPY minutes -------------------------------------------------------------------

SPY_CASES = ["testSomeTrades", "testSomeTradesWithCommissions", "testProportionalCommissionBug (reversals)", "testLongShort",
             "testShortLong"]  # fmt: skip


@pytest.fixture
def spy(published, shared, tmp_path):
    """Plays a published case on the real bars: each order is given on the bar stamped (at its close) with its time."""
    block = published["pyalgotrade_spy_2011_01_03"]
    instrument = {"name": "SPY", "tick_size": "0.01", "tick_value": "0.01", "session": "always"}
    source = str(shared("reference/SPY_1m_2011-01.parquet"))
    day = {"start": "2011-01-03", "end": "2011-01-03"}

    def play(name, fees):
        case = next(case for case in block["cases"] if case["name"] == name)
        orders = {moment: (side, size) for moment, side, size in case["orders"]}

        class Published(Strategy):
            @hookimpl
            def on_bar(self, bar, ctx):
                side, size = orders.get(f"{bar.end.astimezone(UTC):%H:%M}", ("", 0))
                if size:
                    (ctx.buy if side == "buy" else ctx.sell)(size)

        data = {"instrument": instrument, "timeframe": "1m", "source": source, **day}
        account = {"balance": case.get("start_cash", 1000), "fees": fees}
        return case, block["fills"], run(tmp_path, None, Published, data=data, fills=NO_SLIP, account=account)

    return play


def cash(ran):
    """What is left of the start balance when all fills are paid for, in USD."""
    fills = ran.table("fills")
    flow = sum(
        (1 if f["side"] == "sell" else -1) * f["size"] * f["price"] - f["fees"] for f in fills.iter_rows(named=True)
    )
    return ran.result.start_balance + flow


@pytest.mark.parametrize("name", SPY_CASES)
def test_spy_fills(spy, name):
    case, prices, ran = spy(name, "none")
    filled = [(f["side"], f["size"], f["price"]) for f in ran.table("fills").iter_rows(named=True)]
    assert filled == [(side, size, prices[moment]) for moment, side, size in case["orders"]]


@pytest.mark.parametrize("name", ["testSomeTrades", "testLongShort", "testShortLong"])
def test_spy_trades_without_commissions(spy, name):
    case, _, ran = spy(name, "none")
    net = ran.table("trades")["net_pnl"].to_numpy()
    assert (len(net), ran.result.trades) == (case["closed_trades"], case["closed_trades"])
    assert round(net.mean(), 2) == case["pnl_mean"]
    assert round(net.std(ddof=1), 4 if "0.04" in str(case["pnl_std_ddof1"]) else 2) == case["pnl_std_ddof1"]
    assert round(cash(ran), 2) == case["final_cash"]
    assert ran.result.metrics["expectancy"] == pytest.approx(case["pnl_mean"], abs=0.005)
    if "winners" in case:
        assert round(net.std(ddof=0), 2) == case["pnl_std_ddof0"]
        assert ((net > 0).sum(), (net < 0).sum()) == (case["winners"], case["losers"])
        assert round(ran.result.metrics["average_win"], 2) == case["winner_mean"]
        assert round(ran.result.metrics["average_loss"], 2) == case["loser_mean"]
        assert ran.result.metrics["win_rate"] == pytest.approx(2 / 3)


def test_spy_commissions(spy):
    case, _, ran = spy("testSomeTradesWithCommissions", str(0.01))
    assert round(cash(ran), 2) == case["final_cash"]
    assert ran.table("trades")["fees"].to_list() == case["commission_per_closed_trade"]


def test_spy_reversals_and_their_shares_of_a_commission(spy):
    """There an order costs 0.01 whatever its size; here fees are per contract, so the shares come from the fills."""
    case, _, ran = spy("testProportionalCommissionBug (reversals)", "none")
    fills = ran.table("fills").to_dicts()
    assert [(fill["closed"], fill["opened"]) for fill in fills] == [(0, 1), (1, 1), (1, 1), (1, 0)]
    trades = ran.table("trades").to_dicts()
    assert len(trades) == case["closed_trades"]
    returns = []
    for trade, entry, out in zip(trades, fills, fills[1:], strict=False):
        paid = 0.01 * entry["opened"] / entry["size"] + 0.01 * out["closed"] / out["size"]
        returns.append((trade["gross_pnl"] - paid) / trade["entry_price"])
    assert np.round(returns, 6).tolist() == case["returns"]


# -- LEAN: a market order and a stop through the price, five evenings --------------------------------------------


def test_lean_es_fills_and_equity(published, tmp_path):
    """The published fill prices as bars of one price each, market orders without slip: what the ledger makes of them."""
    case = published["lean_future_stop_market_extended_hours"]
    bars, plan = [], {}
    for moment, bought, sold in case["fills"]:
        start = datetime.fromisoformat(moment.replace("Z", "+00:00"))
        plan[len(bars)], plan[len(bars) + 1] = (lambda ctx: ctx.buy()), (lambda ctx: ctx.close())
        for minute, price in ((-1, bought), (0, bought), (1, sold)):
            bars.append((start + timedelta(minutes=minute), price, price, price, price))
    fee = str(case["contract"]["fee_per_side"])
    ran = run(
        tmp_path, bars, at(plan), instrument={"use": "ES", "fees": fee}, fills=NO_SLIP,
        account={"balance": case["start_equity"], "fees": "topstepx"},
    )  # fmt: skip
    said = case["published"]
    prices = [price for _, bought, sold in case["fills"] for price in (bought, sold)]
    assert ran.table("fills")["price"].to_list() == prices
    assert f"{ran.result.fills}" == said["Total Orders"]
    assert f"{ran.result.final_balance:.0f}" == said["End Equity"]
    assert f"{100 * ran.result.net_pnl / ran.result.start_balance:.3f}%" == said["Net Profit"]
    assert f"${ran.result.fees:.2f}" == said["Total Fees"]
    assert f"{100 * ran.result.metrics['win_rate']:.0f}%" == said["Win Rate"]
    assert ran.result.metrics["longest_loss_streak"] == 5
