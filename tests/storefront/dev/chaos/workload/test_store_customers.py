"""Store customers: a correct shop has no violation, each mutant of stores has one."""

from contextlib import suppress
from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
import time_machine

from catalog.models import Listing
from orders.payments import captures
from storefront.dev.chaos.instance import mutants
from storefront.dev.chaos.workload import refunds, store_customers
from storefront.dev.chaos.workload.store_customers import StoreCustomers, StoreOrder
from storefront.dev.sandboxes.in_memory_platform import InMemoryPlatform
from storefront.lib.http.errors import TemporaryError
from storefront.sales_channels.platforms.base import PaymentState
from storefront.sales_channels.publishing import run
from tests.factories.catalog import make_image
from tests.factories.orders import make_sellable
from tests.factories.remote_orders import make_remote_order, take_in
from tests.factories.sales_channels import make_connection, use_in_memory_platform
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
BEFORE = NOON - timedelta(minutes=1)  # a drift check leaves out what is sent meanwhile


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(store_customers, "control", lambda *_, **__: [])
    with time_machine.travel(NOON, tick=False):
        yield use_in_memory_platform(monkeypatch)


@pytest.fixture
def connection(store):
    return make_connection()


@pytest.fixture
def lamp(connection):
    listing = make_sellable(channel=connection.channel)
    make_image(listing.variant.product, stem="abc")
    make_service(countries=["DE"])
    run.publish(connection.pk, now=BEFORE)
    return listing


@pytest.fixture
def customers(store, lamp):
    """A customer whose order the store took."""
    make_remote_order(store, lamp.variant)
    return StoreCustomers(
        place=SimpleNamespace(store_urls={"shopify": ""}),
        goods=[],
        rng=Random(1),
        orders_per_phase=1,
        orders=[StoreOrder(platform="shopify", external_id="1001")],
    )


def test_imported_and_refused_orders_are_right(customers, connection, store, lamp):
    take_in(connection)
    connection.refuse_after_hours = 0
    connection.save(update_fields=["refuse_after_hours"])
    make_remote_order(store, lamp.variant, external_id="1002")
    lamp.level.reported_quantity = 1
    lamp.level.save(update_fields=["reported_quantity"])
    customers.orders.append(StoreOrder(platform="shopify", external_id="1002"))
    take_in(connection, "1002")
    run.publish(connection.pk, now=BEFORE)

    assert list(customers.violations()) == []
    assert store.orders["1002"].payment == PaymentState.REFUNDED


def test_order_that_was_not_imported_is_found(customers):
    assert "shopify #1001 was never imported" in list(customers.violations())


def test_order_imported_per_notice_is_found(customers, connection):
    with mutants.injected("each notice imports a store order"):
        take_in(connection)

    assert "shopify: 1 orders were imported, 2 were made" in list(customers.violations())


@pytest.mark.parametrize("mutant", ["", "no idempotency key to stores"])
def test_second_refund_is_found(customers, connection, store, monkeypatch, mutant):
    order = take_in(connection).order
    customers.refunded.append(order.number)
    refunds.refund(order)
    payment = order.payments.get()

    with mutants.injected(mutant):
        with monkeypatch.context() as lossy:
            lossy.setattr(InMemoryPlatform, "refund", lose_answer(InMemoryPlatform.refund))
            with suppress(TemporaryError):
                captures.execute(payment=payment, now=NOON)
        captures.execute(payment=payment, now=NOON + timedelta(hours=1))

    assert len(store.orders["1001"].refunds) == (2 if mutant else 1)
    is_found = "shopify #1001 was refunded 2 times" in list(customers.violations())
    assert is_found == bool(mutant)


def lose_answer(refund):
    def refund_silently(platform, write):
        refund(platform, write)
        raise TemporaryError("no answer", is_outcome_unknown=True)

    return refund_silently


def test_too_much_stock_in_a_store_is_found(customers, connection, store, lamp):
    take_in(connection)
    Listing.objects.filter(pk=lamp.pk).update(available=4)
    with mutants.injected("too much stock in stores"):
        run.publish(connection.pk, now=BEFORE)

    assert any("a store differs from our listings" in words for words in customers.violations())
