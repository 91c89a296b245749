"""The command line: one module per command, each importing what it needs only when it runs.

`main` holds the commands by name, `guard` turns errors into messages and exit codes, `output` says what goes to stdout
and what to stderr. `run` uses `progress` and `summary`; `new` and `init` use the templates in `barstep/_templates`;
`bars` is the command `data`.
"""
