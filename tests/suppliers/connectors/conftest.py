"""CJ fixtures: mock CJ's answers, open a connector."""

from __future__ import annotations

import time

import pytest
import respx

from storefront.lib.http import retries
from tests.suppliers.connectors.cj.recorded_answers import BASE, MemoryTokens, good_pair, line

pytestmark = pytest.mark.django_db


@pytest.fixture
def cj_answers(monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    with respx.mock(base_url=BASE) as mocked:
        yield mocked


@pytest.fixture
def tokens():
    return MemoryTokens(**good_pair(time.time()))


@pytest.fixture
def cj(cj_answers, tokens, db):
    opened = line(tokens)
    yield opened
    opened.close()
