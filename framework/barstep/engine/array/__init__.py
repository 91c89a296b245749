"""The array lane: strategies that say which position they want after each bar, played by a compiled kernel.

bars.py       a contract's bars as columns, with a cache of indicators
signals.py    what `positions` returns, and helpers to make it
forms.py      risk rules as data that the kernel can apply
compiled.py   loads and compiles the kernel when it is first needed; the only place that needs numba
work.py       the kernel's work arrays, kept from run to run
points.py     one point of a parameter grid
account.py    a run in the kernel's terms: options, guards, sessions
teller.py     what the kernel left as fills, trades, orders and notes
causality.py  a look for positions that know the future
"""
