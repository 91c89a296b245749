"""Account rules over finished ledgers: verdicts, what-if, and the odds of many attempts.

Its modules:

    record.py        what is evaluated: days of an account, and how sure their figures are
    open_record.py   the record of what the command line names
    split.py         bars of an account cut into trading days
    run_record.py    the record of a stored run
    ledger.py        fills and trades of a file, checked; ledger_csv.py and ledger_json.py read them
    fills_record.py  the record of a list of fills, with bars or without
    trades_record.py the record of a list of trades
    evaluation.py    one evaluation: everything below, in one pass over the days
    verdict.py       attempts in a row, every floor, the smallest headroom
    whatif.py        the same with rules alone and rules left out, from every start day, with payouts
    conduct.py       size and hours, as information
    bootstrap.py     drawing sequences of days, and the interval that the source days allow
    odds.py          many attempts: who passes, when, why not, and what it costs
    document.py      all of it as one JSON document
    floors.py        floor and equity at every bar as a table
"""
