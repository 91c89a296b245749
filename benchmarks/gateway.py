"""How fast a script's bars come: through the helper functions in process, and over HTTP from `barstep serve`.

    python benchmarks/gateway.py [--bars 200000] [--http-bars 5000] [--rounds 3]

The script asks for each bar and sends a market order every 50 bars, buying and selling in turn. Beside it run, in turns,
a plain Python loop (the SMA loop of `python -m benchmarks`: it tells how fast the machine is at the moment) and, over
HTTP, bare requests (Status/ping) with the same client and the same server. Each run has a process of its own, the
server another. Shares and ratios are medians over the rounds of one run against another of the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import benchmarks  # noqa: F401

EVERY = 50
DAY = "2020-01-02"
KEY = "benchmark"
YARDSTICK = 4_000_000
"""Bars per second of the plain loop on the machine that the aims are for."""

Answer = dict[str, Any]


def config(bars: int) -> dict[str, Any]:
    return {
        "version": 1,
        "data": {"instrument": "ES", "timeframe": "1m", "source": {"kind": "synthetic", "seed": 7, "bars": bars}},
        "account": {"balance": 10_000_000},
        "fills": {"profile": "playground"},
        "strategies": [],
    }


def session(api: Any) -> dict[str, Any]:
    """The globals of a script whose replay has begun, with the helper functions in them."""
    from barstep.broker.helpers import Helpers

    asked = {"instrumentSymbol": "ES", "startDate": DAY, "endDate": DAY, "timeframe": "1m"}
    started = api("Replay/start", asked)
    if not started["success"]:
        raise SystemExit(started["errorMessage"])
    scope = {"ACCOUNT_ID": started["accountId"], "CONTRACT_ID": started["contractId"]}
    Helpers(api, scope).install()
    return {**scope, "MAX_BARS": started["totalBars"]}


def script(scope: dict[str, Any], bars: int) -> Answer:
    """What a script's loop does, its bars and orders counted."""
    get_next_bar, place_order = scope["get_next_bar"], scope["place_order"]
    account, contract = scope["ACCOUNT_ID"], scope["CONTRACT_ID"]
    side = orders = 0
    start = time.perf_counter()
    for number in range(bars):
        if get_next_bar() is None:
            raise SystemExit(f"no bar {number}")
        if number % EVERY == 0:
            if not place_order(account, contract, side, 1)["success"]:
                raise SystemExit(f"no order on bar {number}")
            side = 1 - side
            orders += 1
    seconds = time.perf_counter() - start
    fills = len(scope["api"]("Trade/search", {"accountId": account})["trades"])
    return {"seconds": seconds, "bars": bars, "orders": orders, "fills": fills}


def in_process(bars: int) -> Answer:
    from barstep.broker.wire import answer
    from barstep.gateway.handler import Gateway
    from barstep.runs.gateway import make_opener

    gateway = Gateway(make_opener(config(bars), Path.cwd()))
    scope = session(answer(gateway.handle))
    script(scope, bars // 10)  # warm
    scope["api"]("Replay/end", {"accountId": scope["ACCOUNT_ID"]})
    return script(session(answer(gateway.handle)), bars)


def plain_loop(bars: int) -> Answer:
    from benchmarks.peers.plain_loop import run
    from benchmarks.work import series

    return {"seconds": run("sma", series(bars)).seconds, "bars": bars}


def over_http(bars: int) -> Answer:
    """Bare requests and bars by one client of one server, in turns."""
    from barstep.broker.http import HttpApi

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.yaml"
        file.write_text(json.dumps(config(bars + bars // 10)))  # JSON is YAML
        command = [sys.executable, "-m", "barstep", "serve", str(file), "--port", "0"]
        server = subprocess.Popen(
            command,
            env={**os.environ, "BARSTEP_TOKEN": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            url = server.stdout.readline().strip()  # type: ignore[union-attr]
            with HttpApi(url, KEY) as api:
                return _measured(api, bars)
        finally:
            server.terminate()
            server.wait()


def _measured(api: Any, bars: int) -> Answer:
    scope = session(api)
    _ping(api, bars // 10)
    script(scope, bars // 10)
    bare, seconds, told = 0.0, 0.0, {}
    for _ in range(3):
        bare += _ping(api, bars // 3)
        told = script(scope, bars // 3)
        seconds += told["seconds"]
    return {"bare": bare, "seconds": seconds, "bars": bars // 3 * 3, "fills": told["fills"]}


def _ping(api: Any, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        if not api("Status/ping")["success"]:
            raise SystemExit("no answer")
    return time.perf_counter() - start


RUNS = {"plain loop": plain_loop, "in process": in_process, "http": over_http}


def child(name: str, bars: int) -> Answer:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--child", name, "--bars", str(bars)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    answer: Answer = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(bars: int, http_bars: int, rounds: int) -> None:
    """Run, check and print."""
    counts = {"plain loop": bars, "in process": bars, "http": http_bars}
    runs = [{name: child(name, counts[name]) for name in RUNS} for _ in range(rounds)]
    rates = [{name: run["bars"] / run["seconds"] for name, run in each.items()} for each in runs]
    for each in runs:
        if each["in process"]["fills"] != each["in process"]["orders"]:
            raise SystemExit(f"not every order was filled: {each['in process']}")
    loop, helpers, http = (statistics.median(each[name] for each in rates) for name in RUNS)
    bare = statistics.median(each["http"]["bars"] / each["http"]["bare"] for each in runs)
    scaled = statistics.median(each["in process"] / each["plain loop"] * YARDSTICK for each in rates)
    share = statistics.median(each["http"]["bare"] / each["http"]["seconds"] for each in runs)
    print(f"one market order every {EVERY} bars; {bars:,} bars in process, {http_bars:,} over HTTP, {rounds} rounds")
    print(f"{'plain loop':28}{loop:12,.0f} bars/s")
    print(f"{'helpers, in process':28}{helpers:12,.0f} bars/s; {scaled:,.0f} where the plain loop does {YARDSTICK:,}")
    print(f"{'bare requests, HTTP':28}{bare:12,.0f} requests/s")
    print(f"{'helpers, HTTP':28}{http:12,.0f} bars/s; {share:.0%} of the bare requests")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=200_000)
    parser.add_argument("--http-bars", type=int, default=6_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=RUNS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(RUNS[given.child](given.bars)))
    else:
        measure(given.bars, given.http_bars, given.rounds)


if __name__ == "__main__":
    main()
