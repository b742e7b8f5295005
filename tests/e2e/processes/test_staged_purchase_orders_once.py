"""Purchase orders paid in several calls: the supplier has one paid order, whichever call fails."""

import pytest
from django.utils import timezone

from orders.cancellation import canceled_but_shipped
from orders.models import CanceledShipmentDecision, Order, PaymentEvent, PurchaseOrder
from orders.purchasing import retries, submission, submission_lookup
from shipping import status_polling
from storefront.dashboard.inbox import query
from suppliers.models import Connection, Supplier
from tests.e2e.ordering import sell_one, stock_the_shop, sweep, sweep_until_answered, whole
from tests.factories.orders import ask_to_stop
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier
from tests.storefront.dev.sandboxes.cj.test_payment_steps import PAID_ONCE, STEPS

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def purchase_order(sandbox_supplier):
    made = sell_one(stock_the_shop(sandbox_supplier))
    Connection.objects.update(options={"payment": "staged"})
    return made


def kinds(sandbox_supplier):
    return [effect["kind"] for effect in sandbox_supplier.control("orders")["effects"]]


@pytest.mark.parametrize(
    "step",
    [
        step if step.endswith("payBalanceV2") else pytest.param(step, marks=pytest.mark.full)
        for step in STEPS
    ],
)
def test_answer_lost_at_any_step_is_looked_up(purchase_order, sandbox_supplier, step):
    sandbox_supplier.fault(step, "drop_after")

    answered = sweep_until_answered(purchase_order)

    assert answered.submission_status == PurchaseOrder.Submission.ACCEPTED
    assert kinds(sandbox_supplier) == PAID_ONCE


def test_order_with_a_cancellation_request_is_not_paid(purchase_order, sandbox_supplier):
    sandbox_supplier.fault("shopping/order/addCart", "drop_before")
    fresh = whole(purchase_order)
    sweep(fresh, timezone.now())
    PurchaseOrder.objects.update(cancel_requested_at=timezone.now())
    sweep(fresh, timezone.now() + retries.MAX_CALL_TIME)

    assert whole(purchase_order).submission_status == PurchaseOrder.Submission.SUBMITTED
    assert kinds(sandbox_supplier) == ["created"]


@pytest.fixture
def left_unpaid(purchase_order, sandbox_supplier):
    """A canceled order, unpaid at the supplier because our balance there was too low until now."""
    sandbox_supplier.control("balance", {"amount": "0.01"})
    submission.submit(purchase_order=purchase_order, now=timezone.now())
    assert kinds(sandbox_supplier)[-1] == "unpaid"
    ask_to_stop(purchase_order.order, now=timezone.now())
    sandbox_supplier.control("balance", {"amount": "500.00"})
    return whole(purchase_order)


def inbox_codes():
    return {each.cause.code for each in query.load_items(now=timezone.now())}


def poll():
    status_polling.poll_supplier(supplier=Supplier.objects.get(), clock=timezone.now)


def test_unpaid_order_that_cannot_be_canceled_is_never_paid(left_unpaid, sandbox_supplier):
    assert Order.objects.get().status == Order.Status.CANCELED
    assert PaymentEvent.objects.filter(kind="void_requested").count() == 1
    assert "awaits payment" in left_unpaid.problem
    assert "canceled_but_active" in inbox_codes()

    poll()
    submission_lookup.resolve_for_staff(purchase_order=left_unpaid, now=timezone.now())

    assert kinds(sandbox_supplier)[-1] == "unpaid"
    assert "canceled_but_active" in inbox_codes()
    sandbox_supplier.control("cancel", {"orderNumber": left_unpaid.number})
    poll()
    assert whole(left_unpaid).submission_status == PurchaseOrder.Submission.REJECTED
    assert "canceled_but_active" not in inbox_codes()
    assert not status_polling.open_orders().exists()


def test_staff_close_an_order_left_unpaid_at_the_supplier(left_unpaid):
    canceled_but_shipped.decide(
        purchase_order=left_unpaid,
        outcome=CanceledShipmentDecision.Outcome.NOT_SHIPPED,
        reason="deleted in the supplier's web portal",
        actor="ann",
        now=timezone.now(),
    )

    assert "canceled_but_active" not in inbox_codes()
    assert not status_polling.open_orders().exists()


def test_poll_that_began_before_the_cancellation_pays_nothing(
    purchase_order, sandbox_supplier, monkeypatch
):
    sandbox_supplier.control("balance", {"amount": "0.01"})
    submission.submit(purchase_order=purchase_order, now=timezone.now())
    sandbox_supplier.control("balance", {"amount": "500.00"})
    fetch_batch = status_polling._fetch_batch

    def meanwhile(connector, batch):
        PurchaseOrder.objects.update(cancel_requested_at=timezone.now())
        return fetch_batch(connector, batch)

    monkeypatch.setattr(status_polling, "_fetch_batch", meanwhile)
    poll()

    assert kinds(sandbox_supplier)[-1] == "unpaid"
