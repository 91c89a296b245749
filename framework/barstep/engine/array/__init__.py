"""The array lane: strategies that say which position they want after each bar, played by a compiled kernel.

bars.py           a contract's bars as columns, with a cache of indicators
signals.py        what `positions` returns, and helpers to make it
forms.py          risk rules as data that the kernel can apply
compiled.py       compiles the kernel where this machine has not done so; the only place that asks for numba
machine_code.py   what was compiled: kept in a file, and called without numba
work.py           the kernel's work arrays, kept from run to run
points.py         one point of a parameter grid
account.py        a run in the kernel's terms: options, guards, sessions
teller.py         what the kernel left as fills, trades, orders and notes
causality.py      a look for positions that know the future
"""
