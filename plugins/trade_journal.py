"""A trade journal: one note for each closed trade, and one for each order that risk rules refused."""

from typing import ClassVar

from barstep import Observer, Order, ReadContext, Trade, hookimpl, option


class TradeJournal(Observer):
    """Writes into the run's notes what a trader would write into a journal."""

    events_only: ClassVar[bool] = True

    denials: bool = option(True, help="note denied and resized orders too")

    @hookimpl
    def on_trade(self, trade: Trade, ctx: ReadContext) -> None:
        way = "long" if trade.side == "buy" else "short"
        doubt = ", ambiguous bar" if trade.exit.ambiguous or trade.entry.ambiguous else ""
        ctx.note(
            f"{way} {trade.size} {trade.entry.contract.name} {trade.entry.price:g} to {trade.exit.price:g}: "
            f"{trade.net_pnl:+.2f} USD after {trade.bars} bars, out by {trade.exit_reason}{doubt}"
        )

    @hookimpl
    def on_order(self, order: Order, ctx: ReadContext) -> None:
        if self.denials and order.status == "denied":
            ctx.note(f"denied {order.side} {order.asked} {order.contract.name}: {order.reason}")
