"""Fixtures of CJ and BigBuy: mock the answers, open a connector."""

import time

import pytest
import respx

from storefront.lib.http import retries
from tests.suppliers.connectors.bigbuy import recorded_answers as bigbuy
from tests.suppliers.connectors.cj.recorded_answers import BASE, MemoryTokens, good_pair, open_cj

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
    opened = open_cj(tokens)
    yield opened
    opened.close()


@pytest.fixture
def bigbuy_answers(monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    with respx.mock(base_url=bigbuy.BASE, assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens BigBuy connectors with one folder; closes them after the test."""
    connectors = []

    def start(**options):
        connectors.append(bigbuy.open_bigbuy(tmp_path, **options))
        return connectors[-1]

    yield start
    for each in connectors:
        each.close()
