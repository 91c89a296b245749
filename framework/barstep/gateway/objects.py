"""The objects that answers carry, field by field (gateway API, 4 to 8); `barstep.broker.forms` makes them."""

from __future__ import annotations

from barstep.gateway.fields import Field

ACCOUNT = (
    Field("id", "int", "pass it as accountId everywhere", True),
    Field("name", "text", "a label", True),
    Field("balance", "number", "USD: start, realised results and fees; open results do not count", True),
    Field("canTrade", "flag", "false once a guard has failed the account", True),
    Field("equity", "number", "USD: balance and open results at the last close", True, only="sim"),
    Field("isVisible", "flag", "always true", True, only="live"),
    Field("simulated", "flag", "always true", True, only="live"),
)
CONTRACT = (
    Field("id", "text", "the contract's id, CON.F.US.EP.U13", True),
    Field("name", "text", "sim: the instrument, ES; live: the short name, ESU3", True),
    Field("description", "text", "the product and the month", True),
    Field("tickSize", "number", "smallest price step", True),
    Field("tickValue", "number", "USD that a tick of one contract is worth", True),
    Field("contractSize", "number", "always 1: money is ticks times tickValue", True, only="sim"),
    Field("activeContract", "flag", "whether it is the front contract, or the replay's", True, only="live"),
    Field("symbolId", "text", "the id without CON. and expiry, F.US.EP", True, only="live"),
)
BAR = (
    Field("t", "time", "the bar's start", True),
    Field("o", "number", "first price", True),
    Field("h", "number", "highest price", True),
    Field("l", "number", "lowest price", True),
    Field("c", "number", "last price", True),
    Field("v", "int", "contracts traded", True),
)
ORDER = (
    Field("id", "order id", "sim: ord_12; live: 12; of refused orders -1, -2 and so on", True),
    Field("accountId", "int", "", True),
    Field("contractId", "text", "", True),
    Field("symbolId", "text", "the contract's id without CON. and expiry", True),
    Field("creationTimestamp", "time", "the replay's clock when it was asked for", True),
    Field("updateTimestamp", "time", "the same for its last change", True),
    Field("status", "int", "OrderStatus: a working order is 6 in sim (1 when partly filled) and 1 in live", True),
    Field("type", "int", "OrderType", True),
    Field("side", "int", "OrderSide: 0 buys, 1 sells", True),
    Field("size", "int", "contracts in all, filled ones included", True),
    Field("limitPrice", "number", "null where it has none"),
    Field("stopPrice", "number", "null where it has none; a trailing stop shows its present level"),
    Field("fillVolume", "int", "contracts filled", True),
    Field("filledPrice", "number", "size-weighted mean of its fills, null before the first"),
    Field("customTag", "text", "as placed"),
    Field("trailDistance", "int", "distance of a trailing stop in ticks", only="sim"),
    Field("trailPrice", "number", "the same as a price", only="sim"),
    Field("parentOrderId", "order id", "of a bracket's exits: the entry", only="sim"),
    Field("linkedOrderId", "order id", "the order it was placed to cancel, or of an exit the other one", only="sim"),
    Field("reason", "text", "why it was refused, cancelled or resized", only="sim"),
)
POSITION = (
    Field("id", "int", "counts the account's positions from 1", True, only="live"),
    Field("accountId", "int", "", True),
    Field("contractId", "text", "", True),
    Field("creationTimestamp", "time", "when it was opened", True, only="live"),
    Field("type", "int", "PositionType: 1 long, 2 short", True),
    Field("size", "int", "contracts, always positive", True),
    Field("averagePrice", "number", "size-weighted mean of the entries, unchanged by reductions", True),
)
TRADE = (
    Field("id", "order id", "sim: trd_3; live: 3", True),
    Field("orderId", "order id", "the order that filled", True),
    Field("accountId", "int", "", True),
    Field("contractId", "text", "", True),
    Field("side", "int", "OrderSide: 0 buys, 1 sells", True),
    Field("size", "int", "contracts", True),
    Field("price", "number", "fill price", True),
    Field("timestamp", "time", "fill time", True, only="sim"),
    Field("creationTimestamp", "time", "fill time", True, only="live"),
    Field("profitAndLoss", "number", "USD before fees that the closed part earned; null when it only opened or added"),
    Field("fees", "number", "USD of fees of this fill", True),
    Field("voided", "flag", "always false", True, only="live"),
)
RESULTS = (
    Field("startingBalance", "number", "USD", True),
    Field("finalBalance", "number", "USD: start, realised results and fees", True),
    Field("netPnl", "number", "USD: final less starting balance", True),
    Field("grossPnl", "number", "USD before fees", True),
    Field("fees", "number", "USD", True),
    Field("totalTrades", "int", "entries and exits; a flip counts two", True),
    Field("closingTrades", "int", "fills that closed something", True),
    Field("winningTrades", "int", "of these, the ones with a result above 0 before fees", True),
    Field("winRate", "number", "winning in 100 closing trades, 0 without any", True),
    Field("bars", "int", "bars played", True),
    Field("ambiguousBars", "int", "bars whose path inside decided what happened (R17)", True),
    Field("fills", "text", "the fill profile, such as playground", True),
)
