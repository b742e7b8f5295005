from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import transaction

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
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)


def begin_after_inputs(rival, module, monkeypatch):
    """Start another worker once the first has read its inputs."""

    def load_policy(**known):
        read = policy.load_policy(**known)
        rival.begin_once()
        return read

    monkeypatch.setattr(module, "pricing_policy", SimpleNamespace(load_policy=load_policy))


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
    other = Rival(import_rate)
    begin_after_inputs(other, repricing, monkeypatch)

    repricing.reprice_queued(now=LATER)
    other.finish()
    monkeypatch.undo()

    assert is_priced_right_or_due()


def test_a_rate_set_during_channel_repricing_stays(monkeypatch):
    dollar_listing("10", "20")
    versions.request_repricing(channel=make_channel(), now=NOON)

    def import_and_reprice():
        import_rate()
        repricing.reprice_queued(now=LATER)

    other = Rival(import_and_reprice)
    begin_after_inputs(other, repricing, monkeypatch)

    repricing.reprice_due_channels(now=LATER)
    other.finish()
    monkeypatch.undo()

    assert is_priced_right_or_due()


@pytest.mark.parametrize("is_new", [False, True])
def test_a_supply_update_restores_no_price_of_a_replaced_book(is_new, monkeypatch):
    (listing,) = stock_shop("10.00")
    book = ready(drafted("0.40"))
    variant = make_variant() if is_new else listing.variant

    def publish_and_reprice():
        versions.publish(book=book, actor="ann", now=LATER)
        repricing.reprice_due_channels(now=LATER)

    other = Rival(publish_and_reprice)
    begin_after_inputs(other, refresh, monkeypatch)

    refresh.refresh_listings(channel=make_channel(), supplies=[supplied(variant)], now=LATER)
    other.finish()
    monkeypatch.undo()

    assert is_priced_right_or_due()


def test_going_live_waits_for_a_concurrent_rule_change():
    stock_shop("10.00")
    book = ready(drafted("0.40"))
    other = Rival(lambda: versions.publish(book=book, actor="ann", now=LATER))

    with transaction.atomic():
        book.rules.update(value=Decimal("0.01"))
        other.begin()
        versions.clear_dry_run(book=book)
    other.finish()

    book.refresh_from_db()
    assert isinstance(other.failure, versions.NotReadyError)
    assert book.status == "draft"
