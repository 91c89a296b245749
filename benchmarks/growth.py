"""How the time of a run grows with its bars, and that of an order with their number: ten times as many in one run.

    python benchmarks/growth.py [WORK ...] [--rounds 5]

`noop` and `sma` play 350,000 and 3,500,000 bars; `orders` plays 35,000 and 350,000, about 12,000 and 100,000 fills of one
contract. What a contract costs is told with the bars and orders that it took.

In each round ten short runs go around a long one, five before it and five after, so that a change of the machine's speed
meets both; a round has a process of its own, for each build of barstep that is installed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO))

from benchmarks.peers import BUILDS, PEERS  # noqa: E402
from benchmarks.rounds import alone, warm  # noqa: E402
from benchmarks.table import of_rounds  # noqa: E402
from benchmarks.work import series  # noqa: E402

BARS = {"noop": 350_000, "sma": 350_000, "orders": 35_000}
"""Of a short run."""
TIMES = 10
"""How many short runs there are in a round, and how many times the bars of one the long run has."""
LEAST = 100
"""Bars of a run that is hardly more than its beginning and its end."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"any of {', '.join(BARS)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the bars, one round: does it run?")
    parser.add_argument("--bars", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--child", choices=BUILDS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.rounds < 1 or any(work not in BARS for work in given.works):
        parser.error(f"expected works among {', '.join(BARS)}, and a round or more")
    if given.child:
        (work,) = given.works
        print(json.dumps(play(given.child, work, given.bars)))
        return
    for work in given.works or BARS:
        for key in BUILDS:
            if PEERS[key].installed and given.quick:
                measure(key, work, BARS[work] // 100, 1)
            elif PEERS[key].installed:
                measure(key, work, BARS[work], given.rounds)


class Round(NamedTuple):
    """Seconds of the long run, of the short ones together and of the least ones together, and contracts of the first two."""

    long: float
    short: float
    least: float
    contracts: float
    contracts_short: float


def play(key: str, work: str, bars: int) -> Round:
    """One round in this process."""
    least, short, long, run = series(LEAST), series(bars), series(bars * TIMES), warm(key, work)
    around = [(run(short), run(least)) for _ in range(TIMES // 2)]
    whole = run(long)
    around += [(run(short), run(least)) for _ in range(TIMES // 2)]
    seconds = [sum(each.seconds for each in column) for column in zip(*around, strict=True)]
    return Round(whole.seconds, *seconds, whole.contracts, sum(brief.contracts for brief, _ in around))


def measure(key: str, work: str, bars: int, rounds: int) -> None:
    """Play a work round by round, and print what came of it."""
    name, found = PEERS[key].name, []
    for number in range(rounds):
        print(f"{work}, round {number + 1} of {rounds}: {name}", file=sys.stderr)
        found.append(Round(*alone(key, __file__, work, "--child", key, "--bars", str(bars))))
    print(f"\n{work}, {name}: one run of {bars * TIMES:,} bars against {TIMES} of {bars:,}, {of_rounds(rounds)}")
    shares = sorted(each.long / each.short for each in found)
    print(f"  time: {statistics.median(shares):.2f} of theirs ({shares[0]:.2f} to {shares[-1]:.2f})")
    middle = Round(*map(statistics.median, zip(*found, strict=True)))
    print(f"  a run of {LEAST} bars: {middle.least / TIMES * 1e3:.0f} ms; what is above that:")
    long, short = middle.long - middle.least / TIMES, middle.short - middle.least
    print(f"  a bar: {long / bars / TIMES * 1e6:.2f} us, in the short runs {short / bars / TIMES * 1e6:.2f} us")
    if middle.contracts:
        print(
            f"  a contract, bought or sold: {long / middle.contracts * 1e6:.1f} us of {middle.contracts:,.0f}, "
            f"{short / middle.contracts_short * 1e6:.1f} us of {middle.contracts_short / TIMES:,.0f}"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
