"""`python -m barstep` is the command `barstep`."""

from barstep.cli.main import main

if __name__ == "__main__":  # worker processes of a grid look at this module too
    main()
