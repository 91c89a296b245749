"""The command line: one module per command, each importing what it needs only when it runs.

main.py       the commands by name; the entry point
guard.py      errors into messages and exit codes
output.py     what goes to stdout and to stderr, and options that commands share
run.py        run: header, progress.py, summary.py
validate.py   check a configuration and show what it comes to
plugins.py, instruments.py, runs.py   list and show
new.py, init.py   files to start from (templates in barstep/_templates)
bars.py       data info, data synth
"""
