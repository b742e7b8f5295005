"""Competitor price server: serve a competitor's price list over local HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.competitors import sources
from catalog.models import CompetitorPrice, CompetitorSource
from tests.factories.catalog import NOON, make_variant

HOUR = timedelta(hours=1)
PATH = "/prices"
HEAD = "competitor,sku,price,currency,seen_at\n"


def make_source(httpserver, **more):
    known = {"name": "watch", "url": httpserver.url_for(PATH), "due_at": NOON}
    return CompetitorSource.objects.create(**{**known, **more})


def fetch(source, now=NOON):
    taken = sources.fetch_source(source_id=source.pk, now=now)
    source.refresh_from_db()
    return taken


def tell(httpserver, text, **words):
    httpserver.clear()
    httpserver.expect_request(PATH).respond_with_data(text, **words)


@pytest.fixture
def variant():
    return make_variant()


@pytest.fixture
def known(httpserver, variant):
    """A source that reported a price of 10 at noon."""
    source = make_source(httpserver)
    tell(httpserver, f"{HEAD}a.example,{variant.sku},10,EUR,\n", headers={"ETag": '"1"'})
    assert fetch(source).counts["changed"] == 1
    return source


def is_as_it_was(source):
    """Return whether a failed fetch left the known price unchanged."""
    price = CompetitorPrice.objects.get()
    return (price.amount, price.as_of, source.last_success_at) == (Decimal(10), NOON, NOON)
