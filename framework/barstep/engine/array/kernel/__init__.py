"""The compiled heart of the array lane: the rules of `barstep.sim` over columns, in functions that numba compiles.

layout.py   what stands in which column of the arrays
guards.py   account guards (R19)
orders.py   an order against a price, its fill and its children (R6-R12)
walk.py     phase B and the legs of a path (R13-R16)
choice.py   which path counts (R17)
ledger.py   lots, trades and money (R20)
gate.py     what a wanted position asks for, and what risk rules leave of it
play.py     all bars of a run
sprint.py   the commonest run in short
prices.py   extremes of some bars
signals.py  lines over bars, and positions from them
text.py     the lines of the digest, and the days and trades of a run
takes.py    what an entry point takes
jit.py      how they are compiled
parts.py    the same, into object files

Everything is whole numbers: ticks, contracts, micro-dollars, rows. All but `layout` and `takes` need numba:
`barstep.engine.array.compiled` imports them where there is no machine code yet, nobody else does.
"""
