"""The simulated exchange: whole ticks and micro-dollars, no knowledge of hooks, configuration or HTTP.

exchange.py   SimulatedExchange: sessions, bars, guards and the end of the data, several contracts in one account
entry.py      its base: orders accepted, refused, amended, cancelled and linked between bars (R4, R23)
account.py    the base of that: the markets, the money and the clock
market.py     Market: one contract of it; phases B, C and D of a bar (R3), when a bar needs no work at all
book.py       Working orders and the Book: what a bar's walk changes, and can be copied to walk it twice
matching.py   an order against a price: at the open (R13) and in the path (R15, R16), bracket children (R12)
walk.py       the path inside a bar (R14-R16)
choice.py     which path counts, and whether the bar is ambiguous (R17)
finer.py      a bar walked through the finer bars it is made of (R21)
guards.py     account levels watched inside the bar (R19)
models.py     fees and slippage that a model decides
ledger.py     FIFO lots, trades and the identities of R20
"""
