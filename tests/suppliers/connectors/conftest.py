"""Fixtures of CJ and BigBuy: mock the answers, open a connector."""

import time

import pytest
import respx

from storefront.lib.http import retries
from tests.suppliers.connectors.bigbuy import recorded_answers as bigbuy
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


@pytest.fixture
def bigbuy_answers(monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    with respx.mock(base_url=bigbuy.BASE, assert_all_called=False) as mocked:
        yield mocked


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens BigBuy connectors with one folder; closes them after the test."""
    lines = []

    def start(**options):
        lines.append(bigbuy.open_line(tmp_path, **options))
        return lines[-1]

    yield start
    for each in lines:
        each.close()
