"""A checkout and a split of its offer: the one that comes second is refused."""

import pytest
from django.db import transaction

from catalog.models import Variant
from orders.checkout.checkout import UnavailableError
from orders.inventory import allocations, reservations
from orders.models import Order
from storefront.dashboard.suppliers.open_orders import refuse_open_orders
from suppliers.inventory.ledger import NotEnoughStockError
from suppliers.matches import splits
from suppliers.matches.splits import Target
from suppliers.models import SupplierOffer
from suppliers.offers.overrides import OverrideError
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)


def split():
    offer = SupplierOffer.objects.get()
    return splits.split_offers(
        variant=offer.variant, offers=[offer.pk], target=Target(title="Another light"),
        actor="ann", now=NOON, check_orders=refuse_open_orders,
    )  # fmt: skip


def test_a_checkout_that_waited_for_a_split_gets_no_stock(monkeypatch):
    listing = make_sellable()
    buyer, record = Rival(lambda: make_order(listing)), splits.Journal.decide

    def record_while_buyer_waits(*args, **kwargs):
        buyer.begin()
        return record(*args, **kwargs)

    monkeypatch.setattr(splits.Journal, "decide", record_while_buyer_waits)
    made = split().other
    buyer.finish()

    assert isinstance(buyer.failure, UnavailableError)
    assert not Order.objects.exists()
    assert SupplierOffer.objects.get().variant == made


def test_a_split_that_waited_for_a_checkout_is_refused(monkeypatch):
    listing = make_sellable()
    clerk, check = Rival(split), reservations.require_same_variants

    def check_while_clerk_waits(*args):
        check(*args)
        clerk.begin()

    monkeypatch.setattr(reservations, "require_same_variants", check_while_clerk_waits)
    make_order(listing)
    clerk.finish()

    assert isinstance(clerk.failure, OverrideError)
    assert "Open orders hold units" in str(clerk.failure)
    assert Variant.objects.count() == 1


def test_no_line_is_filled_from_an_offer_that_lost_its_variant():
    line = make_order(make_sellable()).lines.get()
    SupplierOffer.objects.update(variant=None)

    with pytest.raises(NotEnoughStockError), transaction.atomic():
        allocations.allocate_from(levels={line.pk: line.level_id}, cause="reroute", now=NOON)


@pytest.mark.parametrize("status", ["placed", "processing"])
def test_a_split_is_refused_by_an_open_order_whose_units_are_counted(status):
    order = make_order(make_sellable())
    Order.objects.filter(pk=order.pk).update(status=status)
    SupplierOffer.objects.get().levels.update(reserved=0)

    with pytest.raises(OverrideError, match=f"Order {order.number} contains"):
        split()
