"""Journey: an order of a real store's dialect, from its webhook to the fulfillment, the refund, the end."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from orders.payments import captures, refunds
from orders.purchasing import acknowledgements, submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.lib.money import Money
from storefront.lib.security.encryption import encrypt
from storefront.sales_channels.models import RemoteOrderRecord
from storefront.sales_channels.orders import gateway, sweeps, webhooks
from tests.factories import shipping
from tests.factories.catalog import make_channel
from tests.factories.orders import make_sellable
from tests.factories.sales_channels import make_connection
from tests.factories.shipping import make_service, make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.storefront.sales_channels.platforms.contract.cases import light, variant
from tests.storefront.sales_channels.platforms.contract.stores import store_class
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["shopify", pytest.param("woocommerce", marks=pytest.mark.full)])
def running(request, tmp_path):
    opened = store_class(request.param)(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def connection(running):
    return make_connection(
        channel=make_channel(code="second"),
        platform=running.PLATFORM,
        base_url=running.base_url,
        secrets_encrypted=encrypt(running.secrets),
        options=running.options,
        status_since=LONG_AGO,
    )


@pytest.fixture
def lamp(connection, running):
    """A lamp that we have and that the store sells."""
    listing = make_sellable(quantity=5, channel=connection.channel)
    make_service(countries=["DE"])
    sku = listing.variant.sku
    results = running.platform.write_products([light(sku, variants=(variant(sku),))])
    assert [result.problem for result in results] == [""]
    return listing.variant


def hear(running, connection):
    """Verify and apply the last webhook of the store, as the endpoint and a worker do."""
    call = running.messages()[-1]
    external_id = webhooks.verify(connection, headers=call["headers"], body=call["body"].encode())
    assert webhooks.apply(connection, external_id=external_id, now=NOON)
    return RemoteOrderRecord.objects.get()


def execute_requests(order):
    for payment in order.payments.all():
        captures.execute(payment=payment, now=NOON)


def ship(order):
    [purchase_order] = submission.create_purchase_orders(order=order, now=NOON)
    purchase_order.move(PurchaseOrder.Status.READY, at=NOON)
    for status in (PurchaseOrder.Submission.SUBMITTING, PurchaseOrder.Submission.SUBMITTED):
        purchase_order.move(status, at=NOON, status_field="submission_status")
    acknowledgements.apply(
        purchase_order=purchase_order, state=make_state(purchase_order, "accepted"), now=NOON
    )
    shipping.take_in(purchase_order, "shipped", make_shipment_notice())


def test_a_store_order_is_bought_shipped_reported_and_refunded(running, connection, lamp):
    running.platform.register_webhooks(url="http://127.0.0.1:9/hooks/channel-second/")
    order_id = running.sell({lamp.sku: 2}, discount="5.00")
    record = hear(running, connection)
    order = record.order
    assert (record.status, record.external_id) == ("imported", order_id)
    assert order.total == Money(Decimal("159.70"), "EUR")  # 2 x 79.90 - 5.00 + 4.90

    ship(order)
    sweeps.report(connection=connection, now=NOON)
    [parcel] = running.parcels(order_id)
    assert (parcel["units"], parcel["number"]) == ({lamp.sku: 2}, "CJPKL0000000000YQ")

    refunds.refund(
        order=order,
        amount=Money(Decimal("5.00"), "EUR"),
        reason="scratched",
        actor="staff",
        now=NOON,
        key="k1",
    )
    execute_requests(order)
    execute_requests(order)
    assert running.refunds(order_id) == [Decimal("5.00")]
    hear(running, connection)  # of our own refund: it is not recorded again
    assert order.payments.get().refunded_amount == 5
    balance = gateway.SalesChannelGateway(gate=None).balance(reference=record.reference)
    assert (balance.captured, str(balance.refunded)) == (order.total, "5.00 EUR")
    assert violated(PAYMENTS) == []


def test_what_is_canceled_and_refunded_in_the_store_is_never_paid_again(running, connection, lamp):
    order_id = running.sell({lamp.sku: 2})
    sweeps.poll(connection=connection, now=NOON)
    order = RemoteOrderRecord.objects.get().order

    running.act("refund", order_id, amount="79.90", units={lamp.sku: 1})
    connection.refresh_from_db()
    sweeps.poll(connection=connection, now=NOON)
    execute_requests(order)
    assert sum(line.canceled_quantity for line in order.lines.all()) == 1

    running.act("cancel", order_id)
    connection.refresh_from_db()
    sweeps.poll(connection=connection, now=NOON)
    execute_requests(order)

    order.refresh_from_db()
    assert order.status == "canceled"
    assert sum(running.refunds(order_id)) == order.total_amount == Decimal("164.70")
    assert order.payments.get().status == "refunded"
    assert violated(PAYMENTS) == []


def test_an_order_without_stock_is_refunded_and_canceled_in_the_store(running, connection, lamp):
    connection.refuse_after_hours = 0
    connection.save(update_fields=["refuse_after_hours"])
    order_id = running.sell({lamp.sku: 6})

    sweeps.poll(connection=connection, now=NOON)

    assert RemoteOrderRecord.objects.get().status == "refused"
    remote = running.platform.order(order_id)
    assert (remote.is_canceled, remote.payment) == (True, "refunded")
    assert sum(running.refunds(order_id)) == remote.total.amount
