"""Webhook subscriptions and prepaid balances."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.connections import balances, factory
from suppliers.connections.factory import calls_per_second
from suppliers.models import Connection, SupplierOffer
from suppliers.sync import webhooks
from tests.factories.catalog import make_listing
from tests.factories.suppliers import NOON, make_level, make_offer, make_supplier

pytestmark = pytest.mark.django_db
URL = "https://shop.example/hooks/cj-lumen/"


class FakeWebhooks:
    """A supplier that allows ``most`` subscriptions; ``present`` are the subscribed products."""

    def __init__(self, most=10, present=()):
        self.most = most
        self.present = set(present)
        self.url = ""

    @staticmethod
    def verify_signature(**_):
        return ""

    @staticmethod
    def parse_event(*_, **__):
        return ()

    def register_webhook(self, *, url):
        self.url = url

    def max_subscriptions(self):
        return self.most

    def subscribed(self):
        return frozenset(self.present)

    def subscribe(self, *, external_ids):
        agreed = list(external_ids)[: self.most - len(self.present)]
        self.present |= set(agreed)
        return agreed

    def unsubscribe(self, *, external_ids):
        self.present -= set(external_ids)

    def close(self):
        """Nothing is open."""


class FakeBalance:
    """A supplier with a prepaid balance."""

    def __init__(self, amount):
        self.amount = amount

    def balance(self):
        if self.amount is None:
            raise TemporaryError("no answer")
        return Money(Decimal(self.amount), "EUR")

    def close(self):
        """Nothing is open."""


@pytest.fixture
def replace_connector(monkeypatch):
    """Replace the supplier's connector by a double."""

    def use(fake):
        monkeypatch.setattr(factory, "connector_class", lambda _: lambda _line: fake)
        return fake

    return use


def sold(external_id, *, is_published=True, available=5):
    listing = make_listing()
    offer = make_offer(listing.variant)
    SupplierOffer.objects.filter(pk=offer.pk).update(product_external_id=external_id)
    Listing.objects.filter(pk=listing.pk).update(is_published=is_published, available=available)
    make_level(offer)
    return offer


def test_published_products_are_subscribed_first_and_others_dropped(replace_connector):
    sold("waits", is_published=False)
    sold("empty", available=0)
    sold("full", available=9)
    SupplierOffer.objects.filter(pk=sold("gone").pk).update(status="discontinued")
    SupplierOffer.objects.filter(pk=sold("unknown").pk).update(variant=None)
    fake = replace_connector(FakeWebhooks(most=2, present=["full", "of another shop"]))

    done = webhooks.subscribe(supplier=make_supplier(), url=URL)

    assert fake.url == URL
    assert fake.present == {"full", "empty"}
    assert (done.wanted, done.added, done.dropped) == (2, 1, 1)


def test_unchanged_subscriptions_make_no_calls(replace_connector):
    sold("full")
    fake = replace_connector(FakeWebhooks(present=["full"]))
    fake.subscribe = fake.unsubscribe = None

    done = webhooks.subscribe(supplier=make_supplier(), url=URL)

    assert (done.wanted, done.added, done.dropped) == (1, 0, 0)


def connection_of(supplier):
    return Connection.objects.get(supplier=supplier)


def test_a_low_balance_is_a_problem_of_the_connection_until_refilled(replace_connector):
    supplier = make_supplier()
    Connection.objects.update(low_balance_amount=Decimal(100))
    purse = replace_connector(FakeBalance("12.345"))

    assert balances.refresh(supplier=supplier, now=NOON) == Money(Decimal("12.345"), "EUR")
    low = connection_of(supplier)
    purse.amount = "100.00"
    balances.refresh(supplier=supplier, now=NOON + timedelta(hours=1))
    filled = connection_of(supplier)

    assert (low.balance_amount, low.balance_reported_at) == (Decimal("12.35"), NOON)
    assert low.problem == "balance: 12.35 EUR is left, below 100.00"
    assert (filled.balance_amount, filled.problem) == (Decimal("100.00"), "")


def test_the_last_balance_stays_without_an_answer(replace_connector):
    supplier = make_supplier()
    Connection.objects.update(problem="stock: the supplier is down", low_balance_amount=Decimal(1))
    purse = replace_connector(FakeBalance("50.00"))
    balances.refresh(supplier=supplier, now=NOON)
    assert connection_of(supplier).problem == "stock: the supplier is down"  # not of the balance
    purse.amount = None

    assert balances.refresh(supplier=supplier, now=NOON + timedelta(hours=1)) is None
    assert (
        connection_of(supplier).balance_amount,
        connection_of(supplier).balance_reported_at,
    ) == (50, NOON)


def test_balances_are_read_only_from_prepaid_suppliers():
    make_supplier("lumen", adapter="fake")
    cj = make_supplier("cj", adapter="cj")
    paused = make_supplier("cj-2", adapter="cj")
    paused.status = "paused"
    paused.save()

    assert balances.prepaid_suppliers() == [cj]


@pytest.mark.parametrize(
    ("asked", "options", "expected"), [(10, {}, 10), (10, {"level": 2}, 2), (1, {"level": 5}, 1)]
)
def test_the_rate_limit_is_at_most_what_the_account_allows(asked, options, expected):
    supplier = make_supplier(adapter="cj")
    connection = Connection(supplier=supplier, calls_per_second=asked, options=options)

    assert calls_per_second(supplier, connection) == expected
