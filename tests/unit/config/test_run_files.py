from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from barstep.config import Draft, load_mapping, load_run
from barstep.config.fills_schema import FillsConfig
from barstep.domain.errors import ConfigError
from barstep.domain.fill_options import PROFILES, FillOptions

SHORT = {
    "version": 1,
    "data": {"instrument": "ES", "timeframe": "1m", "source": "sample"},
    "strategies": [{"use": "s"}],
}


def with_data(**changes):
    return {**SHORT, "data": {**SHORT["data"], **changes}}


def test_the_run_of_the_design(write, run_text):
    config = load_run(write(run_text)).config
    assert config.name == "sma-crossover-es"
    (data,) = config.data
    assert (data.instrument.use, data.timeframe, data.source.kind) == ("ES", "1m", "sample")
    assert (data.start, data.end, data.history, data.volume) == (date(2013, 9, 1), date(2013, 9, 3), 1000, None)
    assert (config.account.balance, config.account.fees) == (Decimal(50000), "topstepx")
    assert config.fills.options() == FillOptions()
    assert config.strategies[0].options == {"fast": "10", "slow": "30"}
    assert [rule.use for rule in config.risk] == ["max_position", "trading_hours"]
    assert config.risk[1].options == {"flat_by": "15:10"}
    assert config.seed == 0


def test_positions_of_keys_values_and_what_was_not_written(write, run_text):
    positions = load_run(write(run_text)).positions
    assert positions.where(("data", "start")) == "run.yaml:3:67"
    assert positions.where(("data", "start"), key=True) == "run.yaml:3:60"
    assert positions.where(("strategies", 0, "options", "slow")) == "run.yaml:9:31"
    assert positions.where(("data", "volume")) == "run.yaml:3:1"


def test_the_name_is_the_files_name_by_default(tmp_path, run_text):
    path = tmp_path / "My Run.yaml"
    path.write_text(run_text.replace("name: sma-crossover-es\n", ""), encoding="utf-8")
    assert load_run(path).config.name == "my-run"


def test_empty_sections_have_their_defaults():
    config = load_mapping(
        {**SHORT, "account": None, "risk": None, "strategies": [{"use": "s", "options": None}]}
    ).config
    assert (config.account.fees, config.risk, config.strategies[0].options) == ("topstepx", (), {})


def test_money_and_prices_are_exact():
    data = with_data(instrument={"name": "X", "tick_size": "0.1", "tick_value": 12.5, "fees": "0.37"})["data"]
    config = load_mapping({**SHORT, "data": data, "account": {"balance": "100000.01", "fees": "1.40"}}).config
    instrument = config.data[0].instrument
    assert (instrument.tick_size, instrument.tick_value, instrument.fees) == tuple(
        map(Decimal, ("0.1", "12.5", "0.37"))
    )
    assert (config.account.balance, config.account.fees) == (Decimal("100000.01"), Decimal("1.40"))


def test_a_packaged_instrument_with_changed_figures():
    instrument = load_mapping(with_data(instrument={"use": "ES", "fees": "0"})).config.data[0].instrument
    assert (instrument.label, instrument.fees, instrument.tick_size) == ("ES", Decimal(0), None)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("sample", "sample"),
        ("bars/*.csv", "file"),
        ({"path": "a.csv", "columns": {"t": "time", "o": "open"}, "zone": "America/Chicago", "stamp": "close"}, "file"),
        ({"kind": "synthetic", "seed": 7, "days": 3, "start": "2024-01-02"}, "synthetic"),
    ],
)
def test_sources(source, kind):
    assert load_mapping(with_data(source=source)).config.data[0].source.kind == kind


def test_bounds_may_be_moments_with_a_zone():
    data = load_mapping(with_data(start="2013-09-03T14:30:00Z", end="2013-09-03T10:00:00-05:00")).config.data[0]
    assert data.start == datetime(2013, 9, 3, 14, 30, tzinfo=UTC)
    assert data.end == datetime(2013, 9, 3, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_gives_what_is_not_written(profile):
    fills = load_mapping({**SHORT, "fills": {"profile": profile, "latency_bars": 2}}).config.fills
    assert fills.options() == FillOptions.of(profile, latency_bars=2)


def test_every_option_of_the_fill_model_can_be_written():
    written = {name: field.default for name, field in FillsConfig.model_fields.items() if name != "profile"}
    assert written.pop("resolution") is None, "none, unless there are finer bars: not the exchange's to know"
    assert written.pop("slippage") is None, "a model takes the place of options, it is none"
    assert written == {field.name: field.default for field in fields(FillOptions)}


@pytest.mark.parametrize(("written", "read"), [("off", None), (None, None), ("0.25", 0.25), (1, 1.0)])
def test_participation(written, read):
    assert load_mapping({**SHORT, "fills": {"participation": written}}).config.fills.participation == read


def test_several_contracts():
    streams = [{**SHORT["data"], "contract": name} for name in ("ESZ5", "ESH6")]
    strategies = [{"use": "a", "contract": "ESZ5"}, {"use": "b", "contract": "ESH6"}]
    config = load_mapping({"version": 1, "data": streams, "strategies": strategies}).config
    assert [stream.label for stream in config.data] == ["ESZ5", "ESH6"]
    assert [data.contract for strategy in config.strategies for data in config.data_of(strategy)] == ["ESZ5", "ESH6"]


def test_an_instruments_name_will_do_where_it_is_clear():
    streams = [{**SHORT["data"], "instrument": name, "contract": f"{name}Z5"} for name in ("ES", "NQ")]
    config = load_mapping({"version": 1, "data": streams, "strategies": [{"use": "a", "contract": "NQ"}]}).config
    assert config.data_of(config.strategies[0]) == (config.data[1],)
    streams[0]["instrument"] = "NQ"
    with pytest.raises(ConfigError, match=r"strategies\[0\].contract: got NQ, expected one of ESZ5, NQZ5"):
        load_mapping({"version": 1, "data": streams, "strategies": [{"use": "a", "contract": "NQ"}]})


def test_the_environment_is_read_and_kept_out_of_sight(write, run_text, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    loaded = load_run(write(run_text.replace("kind: embedded", 'kind: embedded, token: "${TOKEN}"')))
    assert loaded.config.broker.token.get_secret_value() == "s3cret"
    assert loaded.document["broker"] == {"kind": "embedded", "token": "${TOKEN}"}
    assert "s3cret" not in repr(loaded)


def test_a_mapping_names_key_paths_only():
    with pytest.raises(ConfigError) as caught:
        load_mapping({**SHORT, "account": {"balance": 0}, "sed": 1})
    assert caught.value.problems == [
        "account.balance: got 0, expected a number > 0",
        "sed: got the unknown key sed, expected one of version, name, data, account, fills, broker, strategies, risk, "
        "observers, metrics, seed, lane, report; did you mean seed?",
    ]


def test_a_mapping_is_not_changed_and_its_keys_are_text():
    mapping = {**SHORT, "strategies": [{"use": "s", "options": {"fast": 1}}]}
    load_mapping(mapping, ["s.fast=2"])
    assert mapping["strategies"][0]["options"] == {"fast": 1}
    with pytest.raises(ConfigError, match="got the key 5, expected text"):
        load_mapping({5: 1})


def test_checks_of_names_run_in_the_same_pass_also_over_faults(write, run_text):
    def checks(draft: Draft) -> list[str]:
        names = [entry.name for entry in draft.plugins]
        assert names == ["sma_crossover", "max_position", "trading_hours", "trade_journal"]
        assert [config.label for _, config in draft.data] == ["ES"]
        assert draft.account is None, "it is faulty"
        return [draft.positions.line((*draft.plugins[0].path, "options", "fast"), "10", "another")]

    with pytest.raises(ConfigError) as caught:
        load_run(write(run_text.replace("balance: 50000", "balance: x") + "sed: 1\n"), checks=checks)
    assert [line.split(" ")[0] for line in caught.value.problems] == ["run.yaml:4:22", "run.yaml:9:21", "run.yaml:17:1"]


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sma_es.yaml").write_bytes(b"version: 1\nname: \xff\n")
    Path("folder.yaml").mkdir()
    expected = {
        "sma_se.yaml": "sma_se.yaml: got no such file, expected a YAML file; did you mean sma_es.yaml?",
        "sma_es.yaml": "sma_es.yaml:2:7: got a byte that is not UTF-8, expected a file saved as UTF-8",
        "folder.yaml": "folder.yaml: got a folder, expected a YAML file",
        "no/run.yaml": "no/run.yaml: got no such file, expected a YAML file; the folder no does not exist",
    }
    for path, line in expected.items():
        with pytest.raises(ConfigError) as caught:
            load_run(path)
        assert caught.value.problems == [line]


def test_a_byte_order_mark_is_harmless(tmp_path, run_text):
    (tmp_path / "run.yaml").write_text("\ufeff" + run_text, encoding="utf-8")
    assert load_run(tmp_path / "run.yaml").config.version == 1


@pytest.mark.parametrize(
    ("account", "fees"),
    [("", "none"), ("account: {balance: 1}\n", "none"), ("account: {fees: topstepx}\n", "topstepx")],
)
def test_the_playground_profile_has_no_fees_unless_told_otherwise(write, account, fees):
    text = "version: 1\ndata: {instrument: ES, timeframe: 1m, source: sample}\nstrategies: []\n"
    assert load_run(write(f"{text}fills: {{profile: playground}}\n{account}")).config.account.fees == fees
    assert load_run(write(f"{text}{account}")).config.account.fees == "topstepx"
