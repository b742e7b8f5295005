"""Publication: what changed reaches the store once, and nothing else does."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from storefront.sales_channels import pending_changes
from storefront.sales_channels.models import (
    ChannelRun,
    Connection,
    PendingChange,
    RemoteListing,
    RemoteProduct,
)
from storefront.sales_channels.publishing import run
from suppliers.resilience.bulkheads import exclusive_lock
from tests.factories.catalog import (
    NOON,
    make_image,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.priced_shop import announce
from tests.factories.sales_channels import sell
from tests.support.concurrency import held_elsewhere

pytestmark = pytest.mark.django_db


def publish(connection, *, now=NOON):
    run.publish(connection.pk, now=now)


def test_texts_are_in_the_default_language_of_the_channel(connection, store):
    connection.channel.default_language = "az"
    connection.channel.save(update_fields=["default_language"])
    product = sell(connection).variant.product
    product.titles = {**product.titles, "az": "Fara H1 baş fənəri"}
    product.save(update_fields=["titles"])

    publish(connection)

    (listed,) = store.products.values()
    assert listed.title == "Fara H1 baş fənəri"


def change(listing, **values):
    Listing.objects.filter(pk=listing.pk).update(**values)


def test_new_listing_reaches_the_store_whole(connection, store):
    sell(connection, available=7)

    publish(connection)

    (product,) = store.products.values()
    (variant,) = product.variants
    assert (product.title, product.brand, product.category) == (
        "Fara H1 headlamp",
        "Fara",
        ("Headlamps",),
    )
    assert product.picture_urls[0].endswith("/media/pictures/abc-900.webp")
    assert variant.options == (("Color", "Black"),)
    assert (store.quantity_of("HL-1"), store.price_of("HL-1").amount) == (7, Decimal("29.99"))
    assert not RemoteListing.objects.filter(dirty_since__isnull=False).exists()
    assert not PendingChange.objects.exists()
    row = RemoteListing.objects.get()
    assert (row.sent_quantity, row.sent_price) == (7, Decimal("29.99"))


def test_unchanged_listing_makes_no_call(connection, store):
    sell(connection)
    publish(connection)
    store.calls.clear()

    pending_changes.queue_all(connection, now=NOON)
    publish(connection)

    assert store.calls == []
    assert ChannelRun.objects.count() == 1


def test_changed_stock_and_price_are_sent_once_each(connection, store):
    listing = sell(connection, available=7)
    other = sell(connection, sku="HL-2")
    publish(connection)
    store.writes.clear()

    change(listing, available=5, price_amount="31.99")
    publish(connection)
    publish(connection)

    assert store.writes == ["stock HL-1 5", "price HL-1 31.99"]
    assert other.available == store.quantity_of("HL-2")


def test_reduction_is_sent_as_the_compare_at_price(connection, store):
    """It is the lowest price of 30 days, as on the product page, and ends with the promotion."""
    listing = sell(connection)
    announce(listing, was=Decimal("50.00"), now=NOON)
    publish(connection)

    compare_at = store.prices[store.variant_id("HL-1")][1]
    assert compare_at == Money(Decimal("50.00"), "EUR")

    pending_changes.queue_all(connection, now=NOON)
    publish(connection, now=NOON + timedelta(days=400))

    assert store.prices[store.variant_id("HL-1")][1] is None


def test_stock_rises_only_after_the_price(connection, store):
    listing = sell(connection, available=1)
    publish(connection)
    store.writes.clear()

    change(listing, available=9, price_amount="31.99")
    publish(connection)

    assert store.writes == ["price HL-1 31.99", "stock HL-1 9"]


def test_refused_price_stops_a_higher_quantity(connection, store):
    listing = sell(connection, available=1)
    publish(connection)
    store.refused_skus["HL-1"] = "price too high"

    change(listing, available=9, price_amount="31.99")
    publish(connection)

    assert store.quantity_of("HL-1") == 1
    assert RemoteListing.objects.get().problem == "price too high"


def test_buffer_is_held_back(connection, store):
    Connection.objects.update(stock_buffer=3)
    sell(connection, available=7)
    sell(connection, sku="HL-2", available=2)

    publish(connection)

    assert (store.quantity_of("HL-1"), store.quantity_of("HL-2")) == (4, 0)


def test_stale_stock_is_sent_as_zero(connection, store):
    sell(connection, available=7)
    publish(connection)

    later = NOON + timedelta(hours=25)
    assert pending_changes.queue_stale(now=later) == 1
    publish(connection, now=later)

    assert store.quantity_of("HL-1") == 0


def test_listing_that_does_not_ship_to_the_country_of_the_channel_is_not_offered(connection, store):
    sell(connection, available=7, countries=("US",))

    publish(connection)

    assert store.quantity_of("HL-1") == 0


def test_withdrawn_listing_is_hidden_and_shown_again(connection, store):
    listing = sell(connection)
    publish(connection)

    change(listing, is_published=False)
    publish(connection)

    assert not store.products["p1"].is_active
    assert store.quantity_of("HL-1") == 0

    change(listing, is_published=True)
    publish(connection)

    assert store.products["p1"].is_active
    assert store.quantity_of("HL-1") == 20


def test_changed_text_writes_the_product_again(connection, store):
    listing = sell(connection)
    publish(connection)
    store.writes.clear()

    listing.variant.product.title = "Fara H2 headlamp"
    listing.variant.product.save()
    publish(connection)

    assert [each.title for each in store.products.values()] == ["Fara H2 headlamp"]
    assert len(store.writes) == 1


def test_product_without_image_is_not_sent(connection, store):
    listing = make_listing(make_variant(), channel=connection.channel)

    publish(connection)

    assert store.products == {}
    assert RemoteProduct.objects.get().problem == "No image is stored yet"
    assert pending_changes.stores_with_changes() == []

    make_image(listing.variant.product, stem="abc")
    publish(connection)

    assert len(store.products) == 1


def test_stock_of_a_product_that_cannot_be_sent_does_not_wait(connection, store):
    listing = make_listing(make_variant(sku="HL-1"), channel=connection.channel, available=7)
    publish(connection)
    change(listing, available=6)

    publish(connection)

    assert not store.products
    assert pending_changes.stores_with_changes() == []


def test_gtin_is_required_if_the_store_requires_it(connection, store):
    Connection.objects.update(requires_gtin=True)
    sell(connection)

    publish(connection)

    assert RemoteProduct.objects.get().problem == "The GTIN is missing: HL-1"


def test_crash_between_call_and_record_repeats_the_write(connection, store, monkeypatch):
    """The store's value is unknown after a crash, even if ours has returned to the recorded one."""
    listing = sell(connection, available=3)
    publish(connection)
    change(listing, available=5)
    with monkeypatch.context() as patched:
        patched.setattr(
            "storefront.sales_channels.publishing.records.record", lambda *_, **__: 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            publish(connection)
    assert store.quantity_of("HL-1") == 5

    change(listing, available=3)
    publish(connection)

    assert store.quantity_of("HL-1") == 3


def test_change_during_the_call_is_sent_by_the_next_run(connection, store, monkeypatch):
    listing = sell(connection, available=7)
    publish(connection)
    change(listing, available=5)
    original = store.calls

    class Calls(list):
        def append(self, what):
            super().append(what)
            if what == "stock 1":
                change(listing, available=4)

    store.calls = Calls()
    publish(connection)
    store.calls = original
    publish(connection)

    assert store.quantity_of("HL-1") == 4
    assert pending_changes.stores_with_changes() == []


def test_older_write_of_another_worker_is_sent_over(connection, store):
    """A worker that lost its lock cannot leave an older quantity as the last one."""
    listing = sell(connection, available=7)
    publish(connection)
    change(listing, available=5)

    def overtake():
        RemoteListing.objects.update(sent_quantity=5, sent_at=NOON + timedelta(minutes=1))

    class Calls(list):
        def append(self, what):
            super().append(what)
            if what == "stock 1" and self.count("stock 1") == 1:
                overtake()

    store.calls = Calls()
    publish(connection)

    assert store.calls.count("stock 1") == 2
    assert RemoteListing.objects.get().sent_quantity == 5


def test_temporary_failure_is_shown_and_repeated(connection, store):
    sell(connection)
    store.failures.append(TemporaryError("no answer"))

    publish(connection)

    connection.refresh_from_db()
    assert (connection.problem, connection.status) == ("no answer", "active")
    assert ChannelRun.objects.get().error == "no answer"

    publish(connection)

    connection.refresh_from_db()
    assert connection.problem == ""
    assert store.quantity_of("HL-1") == 20


@pytest.mark.parametrize("code", ["401", "403"])
def test_refused_access_pauses_the_connection(connection, store, code):
    sell(connection)
    store.failures.append(PermanentError("invalid token", code=code))

    publish(connection)
    publish(connection)

    connection.refresh_from_db()
    assert (connection.status, connection.is_unauthorized) == ("paused", True)
    assert connection.status_reason == "invalid token"
    assert len(store.calls) == 1


def test_variant_that_the_store_lost_is_created_again(connection, store):
    listing = sell(connection, available=7)
    publish(connection)
    store.products.clear()
    store.skus.clear()
    store.ids_by_key.clear()

    change(listing, available=5)
    for _ in range(3):
        publish(connection)

    assert store.quantity_of("HL-1") == 5
    assert pending_changes.stores_with_changes() == []


def test_hundred_listings_of_a_product_cost_two_calls_for_stock_and_price(connection, store):
    product = make_product()
    make_spec(product)
    make_image(product, stem="abc")
    for number in range(100):
        sell(connection, product=product, sku=f"HL-{number}")
    publish(connection)
    store.calls.clear()

    Listing.objects.update(available=3, price_amount="31.99")
    publish(connection)

    assert store.calls == ["stock 100", "prices 100"]
    assert set(store.quantities.values()) == {3}


def test_paused_store_is_not_called(connection, store):
    sell(connection)
    Connection.objects.update(status="paused")

    publish(connection)

    assert store.calls == []
    assert pending_changes.stores_with_changes() == []


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_writes_to_a_store(connection, store):
    """Two workers could write an older quantity last."""
    sell(connection)

    with held_elsewhere(exclusive_lock(f"store {connection.pk}")):
        publish(connection)
    assert store.calls == []

    publish(connection)
    assert store.quantity_of("HL-1") == 20
