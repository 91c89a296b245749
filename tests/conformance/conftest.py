from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gateways import ROOT, PlainGateway, served

from barstep.gateway.handler import Gateway
from barstep.runs.gateway import make_opener


@pytest.fixture(scope="session")
def gateway_url():
    """Our own gateway with the packaged sample."""
    yield from served(Gateway(make_opener({}, ROOT)))


@pytest.fixture(scope="session")
def plain_url():
    """The same without the extension; orders fill as in `strict`, without fees."""
    yield from served(PlainGateway(make_opener({"fills": {"profile": "strict"}, "account": {"fees": "none"}}, ROOT)))
