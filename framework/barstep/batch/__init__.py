"""Many runs over a grid of points: bounded in memory, resumable, honest about luck.

plan.py         a grid file as checked points: frames (what the bars and the account are) and options
shelf.py        bars as columns on disk, written once and memory-mapped by every worker
point.py        one point: what it is asked for, and what it came to
sink.py         the figures of a point, without tables
worker.py       plays batches of points in a worker process
runner.py       joblib: batches, workers that die, interrupts
store.py        the points of a grid in SQLite, one writer
ledger.py       how many points were ever tried on a strategy and its data
search.py       which points are tried: all, some, or as optuna proposes
walk_forward.py choosing on the past, trading on what follows
honesty.py      whether the best point is real
grid.py         all of it together
export.py       the points as CSV or Parquet
"""
