"""Many runs over a grid of points: bounded in memory, resumable, honest about luck.

loading.py      reads a grid and checks all of it
plan.py         a grid as points: frames (what the bars and the account are) and options of plugins
order.py        points in the order in which they are played
shelf.py        bars as columns on disk, written once and memory-mapped by every worker
point.py        one point: what it is asked for, and what it came to
sink.py         the figures of a point, without tables
worker.py       plays batches of points in a worker process
arrays.py       points in the array lane
player.py       from points to the runner to the store
runner.py       joblib: batches, workers that die, interrupts
cluster.py      Dask's workers
verify.py       a sample of the array lane's points, played again in the event lane
store.py        the points of a grid in SQLite
database.py     SQLite files: who writes, who reads
lock.py         one writer
ledger.py       how many points were ever tried on a strategy and its data
search.py       which points are tried: all, some, or as optuna proposes
walk_forward.py choosing on the past, trading on what follows
honesty.py      whether the best point is real
grid.py         all of it together
result.py       the same from Python: `barstep.grid`
find.py         grids by folder, name or file
export.py       the points as CSV or Parquet
"""
