"""`python -m barstep` is the command `barstep`."""

from barstep.cli.main import main

main()
