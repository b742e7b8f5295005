"""A supplier rejects an order because one line is out of stock: the other lines are resubmitted."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import Backorder, BackorderLine, OrderLine, PurchaseOrder
from orders.purchasing import submission
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import DiscontinuedError, OutOfStockError, StockReport
from suppliers.models import StockLevel
from tests.factories.backorders import (
    gateway_requests,
    live,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect_without_holds
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


class Askable(ScriptedSupplier):
    """A supplier with stock figures; ``has`` maps a product to its count, or to an error."""

    def __init__(self):
        super().__init__()
        self.has = {}
        self.units = []

    def place(self, request):
        self.units.append({line.sku: line.quantity for line in request.lines})
        return super().place(request)

    def stock(self, *, external_id):
        level = StockLevel.objects.select_related("offer", "location").get(
            offer__product_external_id=external_id
        )
        count = self.has.get(external_id, 99)
        if isinstance(count, Exception):
            raise count
        return (
            StockReport(
                sku=level.offer.supplier_sku,
                location=level.location.code,
                country=level.location.country,
                quantity=count,
            ),
        )

    def costs(self, *, external_id):
        """Return no prices. Callers that need stock and prices call ``stock`` and ``costs``."""
        del external_id
        return ()


@pytest.fixture
def askable(monkeypatch):
    return connect_without_holds(monkeypatch, Askable())


@pytest.fixture
def goods():
    return make_sellable(), make_sellable(price="19.99")


def send(purchase_order, now=NOON):
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=fresh.get(pk=purchase_order.pk), now=now)


def external_id(listing):
    return listing.level.offer.product_external_id


def sku(listing):
    return listing.level.offer.supplier_sku


def test_available_lines_are_resubmitted_without_the_missing_one(askable, goods):
    good, lacking = goods
    other = stock_at(lacking)
    (purchase_order,) = make_purchase_orders(good, lacking)
    askable.script = [OutOfStockError("not enough", code="1608")]
    askable.has = {external_id(lacking): 0}

    purchase_order = send(purchase_order)

    assert purchase_order.submission_status == "submit_failed"
    assert purchase_order.retry_at < NOON + timedelta(seconds=5)  # without backoff
    assert BackorderLine.objects.get().code == "out_of_stock"
    reroute_due()
    send(purchase_order, now=LATER)
    assert violated_invariants() == []
    assert askable.units == [{sku(good): 1, sku(lacking): 1}, {sku(good): 1}]
    first, second = live()
    assert first.submission_status == "partially_accepted"
    assert second.location_id == other.location_id
    assert StockLevel.objects.get(pk=lacking.level.pk).available == 0
    assert StockLevel.objects.get(pk=good.level.pk).available == 4
    assert gateway_requests() == [("capture_requested", first.customer_charge_amount)]


def test_a_named_missing_line_needs_no_stock_query(askable, goods):
    good, lacking = goods
    (purchase_order,) = make_purchase_orders(good, lacking)
    error = DiscontinuedError("no longer sold")
    error.skus = (sku(lacking),)
    askable.script = [error]
    askable.has = {external_id(good): 0, external_id(lacking): TemporaryError("busy")}

    send(purchase_order)

    assert BackorderLine.objects.get().order_line.sku == OrderLine.objects.last().sku
    assert BackorderLine.objects.get().code == "discontinued"


def test_the_available_units_of_a_line_are_resubmitted(askable):
    listing = make_sellable()
    (purchase_order,) = make_purchase_orders(listing, quantity=3)
    askable.script = [OutOfStockError("not enough")]
    askable.has = {external_id(listing): 2}

    send(purchase_order)
    reroute_due()
    send(purchase_order, now=LATER)

    assert askable.units == [{sku(listing): 3}, {sku(listing): 2}]
    assert violated_invariants() == []
    assert ("void_requested", Decimal("39.99")) in gateway_requests()


@pytest.mark.parametrize("count", [99, TemporaryError("busy")])
def test_the_whole_order_is_rejected_if_the_missing_line_is_unknown(askable, goods, count):
    (purchase_order,) = make_purchase_orders(*goods)
    askable.script = [OutOfStockError("not enough")]
    askable.has = {external_id(one): count for one in goods}

    purchase_order = send(purchase_order)

    assert (purchase_order.status, purchase_order.submission_status) == ("canceled", "rejected")
    assert set(BackorderLine.objects.values_list("code", flat=True)) == {"rejected_other"}
    assert violated_invariants() == []


def test_each_line_is_out_of_stock_if_all_are_missing(askable, goods):
    (purchase_order,) = make_purchase_orders(*goods)
    askable.script = [OutOfStockError("not enough")]
    askable.has = {external_id(one): 0 for one in goods}

    purchase_order = send(purchase_order)

    assert purchase_order.status == "canceled"
    assert set(BackorderLine.objects.values_list("code", flat=True)) == {"out_of_stock"}


def test_a_cancellation_meanwhile_releases_the_missing_line_and_submits_nothing(askable, goods):
    good, lacking = goods
    (purchase_order,) = make_purchase_orders(good, lacking)
    askable.has = {external_id(lacking): 0}
    askable.script = [OutOfStockError("not enough")]
    place = askable.place

    def cancel_and_place(request):
        PurchaseOrder.objects.update(cancel_requested_at=NOON, cancel_reason="shopper: no more")
        return place(request)

    askable.place = cancel_and_place
    send(purchase_order)
    purchase_order = send(purchase_order, now=LATER)

    assert purchase_order.status == "canceled"
    assert not Backorder.objects.exists()
    assert len(askable.units) == 1
    assert violated_invariants() == []
