"""The OpenAPI document is one, says what the server does, and schemathesis finds no gap between the two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from caller import KEY, START, Client
from jsonschema import Draft202012Validator

from barstep.gateway.endpoints import ENDPOINTS
from barstep.serve.front import PREFIXES
from barstep.serve.openapi import document

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,ignored_auth,negative_data_rejection"
)


def test_every_endpoint_is_in_it_with_both_prefixes_and_it_needs_no_token(origin: str) -> None:
    served = requests.get(f"{origin}/openapi.json", timeout=20).json()
    assert served == json.loads(json.dumps(document()))
    wanted = {prefix + path for prefix in PREFIXES.values() for path in ENDPOINTS}
    assert set(served["paths"]) == wanted
    assert served["openapi"] == "3.1.0"


def test_its_schemas_are_schemas() -> None:
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            bodies = [operation.get("requestBody", {"content": {}}), operation["responses"]["200"]]
            for body in bodies:
                for content in body["content"].values():
                    Draft202012Validator.check_schema(content["schema"])
            assert operation["summary"], path


def test_it_is_printed_on_demand() -> None:
    command = [sys.executable, "-m", "barstep", "serve", "--print-openapi"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(document()))


def test_answers_of_a_replay_conform(client: Client, origin: str) -> None:
    """What a fuzzer rarely reaches: filled orders, exits of a bracket, trades with results, the end."""
    paths = document()["paths"]

    def ask(path: str, body: dict[str, object]) -> dict[str, object]:
        for prefix in PREFIXES.values():
            schema = paths[prefix + path]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
            client.url = origin + prefix.rstrip("/")
            answer = client.done(path, body)
            Draft202012Validator(schema).validate(answer)
            if path in ("Order/place", "Replay/start"):
                break
        return answer

    started = ask("Replay/start", START)
    account = {"accountId": started["accountId"]}
    order = {**account, "contractId": started["contractId"], "side": 0, "size": 2}
    ask("Replay/step", account)
    ask("Order/place", {**order, "type": 2, "stopLossBracket": {"ticks": -4}, "takeProfitBracket": {"ticks": 4}})
    ask("Order/place", {**order, "type": 1, "limitPrice": 1600.0, "customTag": "far"})
    ask("Order/searchOpen", account)
    ask("Position/searchOpen", account)
    ask("Replay/step", {**account, "count": 100})
    window = {**account, "startTimestamp": "2013-09-03T00:00:00Z"}
    trades = ask("Trade/search", window)["trades"]
    assert any(trade["profitAndLoss"] is not None for trade in trades)  # type: ignore[attr-defined]
    ask("Order/search", window)
    ask("Order/searchById", {**account, "orderId": 1})
    bars = {"unit": 2, "unitNumber": 5, "limit": 10, "live": False, "includePartialBar": True}
    times = {"startTime": "2013-09-03T00:00:00Z", "endTime": "2013-09-04T00:00:00Z"}
    assert ask("History/retrieveBars", {"contractId": started["contractId"], **bars, **times})["bars"]
    for path in ("Replay/status", "Account/search", "Contract/search", "Replay/end"):
        ask(path, {**account, "onlyActiveAccounts": True, "searchText": "ES", "live": False})


@pytest.mark.parametrize("seconds", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_schemathesis_finds_nothing(
    url: str, origin: str, seconds: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hooks = Path(__file__).with_name("fuzz_hooks.py")
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(hooks), "FUZZ_URL": url, "FUZZ_KEY": KEY, "NO_COLOR": "1"}
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{origin}/openapi.json",
        "-H", f"Authorization: Bearer {KEY}", "--phases", "coverage,fuzzing", "--checks", CHECKS,
        "--max-time", str(seconds), "--suppress-health-check", "all",
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 90, check=False, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Fuzzing" in done.stdout
    faults = [line for line in capfd.readouterr().err.splitlines() if "a fault inside barstep" in line]
    assert not faults, f"{len(faults)} faults; the first: {faults[0][-3000:]}"
