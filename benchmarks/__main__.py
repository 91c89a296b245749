"""barstep beside other engines, on the same bars and rules: `python -m benchmarks`.

Compares what is installed (`pip install -e '.[bench]'`), checks that contracts and money agree, and only then prints
rates. Compare the ratios: each is taken inside one round, in which the engines take turns.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.agree import DisagreementError
from benchmarks.peers import BUILDS, PEERS
from benchmarks.picture import draw
from benchmarks.rounds import REPO, engine, measure, peak, play
from benchmarks.table import document, markdown
from benchmarks.work import WORKS

BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
COMPILE = "HATCH_BUILD_HOOKS_ENABLE=1 pip install '.[bench,fast]'"
PICTURE = "![Bars a second, engine by engine](benchmarks.svg)\n"


def main() -> None:
    given = _arguments()
    if given.peak:
        print(json.dumps(engine(given.child).peak(given.works[0], given.bars)))
    elif given.child:
        print(json.dumps(play(given.child, given.works[0], given.bars)))
    elif given.memory:
        _memory(given.works)
    else:
        _compare(given)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"any of {', '.join(WORKS)}; all if none is named")
    parser.add_argument("--bars", type=int, default=350_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", metavar="ENGINE,...", help=f"some of {', '.join(PEERS)}")
    parser.add_argument("--quick", action="store_true", help="4,000 bars, one round: does it run and agree?")
    parser.add_argument(
        "--memory", action="store_true", help="barstep's peak memory at 350,000 and 3,500,000 bars instead"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write benchmarks.json, .md and .svg there")
    parser.add_argument("--publish", action="store_true", help="put figures and picture into docs/")
    parser.add_argument("--child", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.works = given.works or list(WORKS)
    given.only = given.only.split(",") if given.only else list(PEERS)
    for name, known in [*((work, WORKS) for work in given.works), *((key, PEERS) for key in given.only)]:
        if name not in known:
            parser.error(f"{name!r} is none of {', '.join(known)}")
    if given.quick:
        given.bars, given.rounds = 4_000, 1
    if given.bars < 100 or given.rounds < 1:
        parser.error(f"--bars {given.bars} --rounds {given.rounds}: expected 100 bars or more and a round or more")
    return given


def _compare(given: argparse.Namespace) -> None:
    keys = [key for key in given.only if PEERS[key].installed]
    missing = [PEERS[key].name for key in given.only if key not in keys]
    if missing:
        print(f"not installed, left out: {', '.join(missing)}", file=sys.stderr)
        if any(PEERS[key].as_installed for key in given.only if key not in keys):
            print(f"a compiled barstep: {COMPILE}", file=sys.stderr)
    found = {}
    for work in given.works:
        try:
            found[work] = measure(work, keys, given.bars, given.rounds, lambda line: print(line, file=sys.stderr))
        except DisagreementError as error:
            raise SystemExit(str(error)) from None
    told = document(given.bars, given.rounds, found)
    print(markdown(told), end="")
    if given.out:
        _write(told, given.out)
    if given.publish:
        _write(told, REPO / "docs")


def _write(told: dict, folder: Path) -> None:
    """The figures, the tables and the picture; a page that has a place for the tables gets them there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / "benchmarks.svg").write_text(draw(told), encoding="utf-8")
    page = folder / "benchmarks.md"
    text = page.read_text(encoding="utf-8") if page.exists() else f"{BEGIN}{END}"
    page.write_text(filled(text, told), encoding="utf-8")


def filled(page: str, told: dict) -> str:
    """The page with the picture and the tables between its marks."""
    before, rest = page.split(BEGIN, 1)
    return f"{before}{BEGIN}{PICTURE}\n{markdown(told)}{END}{rest.split(END, 1)[1]}"


def _memory(works: list[str]) -> None:
    """The peak memory of each build of barstep on ten times the bars, which are made while they are played."""
    for work in works:
        for key in BUILDS:
            if PEERS[key].installed:
                small, large = (peak(key, work, bars) for bars in (350_000, 3_500_000))
                print(
                    f"{work}, {PEERS[key].name}: peak {small:.0f} MB for 350,000 bars, {large:.0f} MB for 3,500,000 "
                    f"({large - small:+.0f} MB)"
                )


if __name__ == "__main__":
    main()
