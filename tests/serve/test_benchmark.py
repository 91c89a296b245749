"""benchmarks/gateway.py runs and prints its rates; how fast they are is not asserted."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gateway.py"


def test_the_four_rates_are_printed() -> None:
    command = [sys.executable, str(SCRIPT), "--bars", "2000", "--http-bars", "300", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    heads = ["plain loop", "helpers, in process", "bare requests, HTTP", "helpers, HTTP"]
    assert [line[:28].strip() for line in done.stdout.splitlines()[1:]] == heads
