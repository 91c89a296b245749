"""A run of plugins whose broker is the helper functions: an embedded gateway in process, or any gateway over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from barstep.broker.helpers import Helpers
from barstep.broker.http import HttpApi
from barstep.broker.remote import HelperBroker
from barstep.broker.wire import answer
from barstep.config.source_schema import GatewaySource, SampleSource, SyntheticSource
from barstep.domain.errors import ConfigError
from barstep.domain.instrument import MICROS
from barstep.engine.desk import Desk
from barstep.engine.recorder import Recorder
from barstep.engine.remote_exchange import RemoteExchange
from barstep.engine.remote_replay import RemoteReplay, RemoteStream
from barstep.gateway.handler import Gateway
from barstep.runs.assemble import register_plugins
from barstep.runs.extensions import use_models
from barstep.runs.extent import extent
from barstep.runs.gateway import opened
from barstep.runs.sources import also_of, sessions_of

if TYPE_CHECKING:
    from barstep.broker.wire import Api
    from barstep.domain.bar import BarStream
    from barstep.gateway.session import OpenedRun, StartRequest
    from barstep.runs.assemble import RunPlan

EMBEDDED = "the embedded gateway"


def build_remote(plan: RunPlan, sink: Any, log: Any) -> RemoteReplay:
    """Make the plugins, the broker and the replay of a plan whose `broker.kind` is helpers or http."""
    config, bars, fee = plan.loaded.config, plan.streams[0], plan.fees[0]
    if config.broker.kind == "http" and plan.account.start_balance < MICROS:
        raise ConfigError(
            "account.plan: the account starts with less than 1 USD, which no gateway takes: use broker.kind embedded"
        )
    api, name = _transport(plan)
    broker = HelperBroker(Helpers(api, {}), bars.feed.contract, name)
    broker.needs = [key for key in ("account", "fills") if key in plan.loaded.document]
    if any(finer is not None for finer in plan.finer):
        broker.needs = [*broker.needs, "data.finer"]
    balance = plan.account.start_balance
    exchange = RemoteExchange(bars.feed, config.fills.options(), fee, balance, broker)
    data = config.data[0]
    stream = RemoteStream(bars, exchange.markets[0], sessions_of(bars), data.history, also_of(data))
    desk = Desk(exchange, broker, [stream], data.history, config.seed, log)
    use_models(plan, exchange, desk.when)
    desk.attempts = plan.account.attempts(exchange)
    hooks = register_plugins(plan, desk, [stream])
    return RemoteReplay(desk, hooks, Recorder(sink, desk.attempts, per_bar=False), broker, _request(plan, bars))


def _transport(plan: RunPlan) -> tuple[Api, str]:
    broker = plan.loaded.config.broker
    if broker.kind == "http":
        token = broker.token.get_secret_value() if broker.token is not None else ""
        return HttpApi(broker.url or "", token), broker.url or ""

    def opener(request: StartRequest) -> OpenedRun:  # noqa: ARG001 - the plan says it all
        return opened(plan, plugins=False)

    gateway = Gateway(opener)
    return answer(gateway.handle), EMBEDDED


def _request(plan: RunPlan, bars: BarStream) -> dict[str, Any]:
    """The body of Replay/start: the documented fields, and in the extension the run's own words."""
    config = plan.loaded.config
    data, source = config.data[0], config.data[0].source
    balance = plan.account.start_balance / MICROS
    extension: dict[str, Any] = {
        "fills": {"profile": config.fills.profile, **asdict(config.fills.options())},
        "balance": balance if balance >= 1 else None,
        "fees": plan.fees[0] / MICROS,
        "contract": bars.feed.contract.name,
        "start": data.start.isoformat() if data.start is not None else None,
        "end": data.end.isoformat() if data.end is not None else None,
    }
    if plan.finer[0] is not None:
        extension["fills"]["resolution"] = plan.finer[0].feed.timeframe.text
    if isinstance(source, GatewaySource) and data.end is None:
        extension["end"] = extent(bars).end.isoformat()
    if isinstance(source, SampleSource | SyntheticSource):
        extension["source"] = source.model_dump(mode="json", exclude_none=True)
    start, end = data.start, data.end
    if start is None or end is None:
        found = extent(bars)
        start, end = start or found.start, end or found.end - timedelta(microseconds=1)
    return {
        "instrumentSymbol": bars.feed.contract.instrument.name,
        "startDate": _utc_date(start),
        "endDate": _utc_date(end - timedelta(microseconds=1) if isinstance(end, datetime) else end),
        "timeframe": bars.feed.timeframe.text,
        "barstep": extension,
    }


def _utc_date(moment: date | datetime) -> str:
    day = moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment
    return day.isoformat()
