import threading
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from catalog.exchange_rates import rates
from catalog.listings import price_explanation, refresh, repricing
from catalog.models import Channel, Listing, RepricingRequest
from catalog.price_books import versions
from catalog.pricing import policy
from tests.factories.catalog import (
    NOON,
    make_channel,
    make_exchange_rate,
    make_price_rule,
    make_variant,
)
from tests.factories.priced_shop import drafted, ready, stock_shop, supplied

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)


class ConcurrentWorker:
    """Another worker that starts once the first has read its inputs.

    The first waits at most ``patience`` seconds for it, since it may wait for a lock of the first.
    """

    def __init__(self, work, *, module, monkeypatch, patience=0.7):
        self.patience = patience
        self.thread = threading.Thread(target=self._run, args=(work,))
        self.is_begun = False
        monkeypatch.setattr(module, "pricing_policy", SimpleNamespace(load_policy=self._load))

    def _load(self, **known):
        read = policy.load_policy(**known)
        if not self.is_begun:
            self.is_begun = True
            self.thread.start()
            self.thread.join(self.patience)
        return read

    @staticmethod
    def _run(work):
        try:
            work()
        finally:
            connection.close()

    def end(self, monkeypatch):
        self.thread.join(20)
        monkeypatch.undo()


def dollar_listing(*costs):
    make_price_rule()
    make_exchange_rate(rate="0.90", as_of=NOON)
    supplies = [supplied(make_variant(), cost, "USD") for cost in costs]
    refresh.refresh_listings(channel=make_channel(), supplies=supplies, now=NOON)
    RepricingRequest.objects.all().delete()
    Channel.objects.update(repriced_at=NOON)


def import_rate():
    rates.import_rates(
        quote="EUR",
        rates={"USD": Decimal("0.94")},
        source="bank",
        as_of=LATER,
        actor="x",
        now=LATER,
    )


def is_priced_right_or_due():
    found = Listing.objects.order_by("pk")
    right = [price_explanation.explain(listing=each, now=LATER).done.price for each in found]
    is_due = repricing.is_due(make_channel(), now=LATER) or RepricingRequest.objects.exists()
    return is_due or right == [each.price_amount for each in found]


def test_a_rate_set_during_queued_repricing_is_not_lost(monkeypatch):
    dollar_listing("10")
    RepricingRequest.objects.create(variant=Listing.objects.get().variant, requested_at=NOON)
    other = ConcurrentWorker(import_rate, module=repricing, monkeypatch=monkeypatch, patience=10)

    repricing.reprice_queued(now=LATER)
    other.end(monkeypatch)

    assert is_priced_right_or_due()


def test_a_rate_set_during_channel_repricing_stays(monkeypatch):
    dollar_listing("10", "20")
    versions.request_repricing(channel=make_channel(), now=NOON)

    def import_and_reprice():
        import_rate()
        repricing.reprice_queued(now=LATER)

    other = ConcurrentWorker(import_and_reprice, module=repricing, monkeypatch=monkeypatch)

    repricing.reprice_due_channels(now=LATER)
    other.end(monkeypatch)

    assert is_priced_right_or_due()


@pytest.mark.parametrize("is_new", [False, True])
def test_a_supply_update_restores_no_price_of_a_replaced_book(is_new, monkeypatch):
    (listing,) = stock_shop("10.00")
    book = ready(drafted("0.40"))
    variant = make_variant() if is_new else listing.variant

    def publish_and_reprice():
        versions.publish(book=book, actor="ann", now=LATER)
        repricing.reprice_due_channels(now=LATER)

    other = ConcurrentWorker(publish_and_reprice, module=refresh, monkeypatch=monkeypatch)

    refresh.refresh_listings(channel=make_channel(), supplies=[supplied(variant)], now=LATER)
    other.end(monkeypatch)

    assert is_priced_right_or_due()


def test_going_live_waits_for_a_concurrent_rule_change():
    stock_shop("10.00")
    book = ready(drafted("0.40"))
    refused = []

    def open_book():
        try:
            versions.publish(book=book, actor="ann", now=LATER)
        except versions.NotReadyError as error:
            refused.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=open_book)
    with transaction.atomic():
        book.rules.update(value=Decimal("0.01"))
        thread.start()
        thread.join(0.7)
        is_waiting = thread.is_alive()
        versions.clear_dry_run(book=book)
    thread.join(20)

    book.refresh_from_db()
    assert (is_waiting, len(refused), book.status) == (True, 1, "draft")
