"""Purchase order page: quantities and costs per line, EDI documents, match, who must act by when."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from orders.accounting.invoices import lists_all_charges
from orders.backorders.backorders import REASSIGNED
from orders.models import (
    Discrepancy,
    PurchaseLine,
    PurchaseMessage,
    PurchaseOrder,
    SupplierClaim,
)
from orders.purchasing import acknowledgements
from storefront.accounts.models import User
from storefront.dashboard.orders import purchase_order, timeline
from storefront.lib.money import Money
from suppliers.connectors.records import PurchaseOrderRequestLine
from suppliers.models import Supplier
from tests.factories.accounts import make_staff_with_only
from tests.factories.backorders import acknowledge_quantity
from tests.factories.claims import make_claim
from tests.factories.orders import make_sellable
from tests.factories.reconciliation import make_invoice
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_sent_purchase_order,
    make_shipment_notice,
    make_state,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
COST = Money(Decimal("10.00"), "EUR")


def boss():
    return User(is_superuser=True, is_active=True)


def load(made, *, user=None, now=NOON):
    fresh = PurchaseOrder.objects.select_related("supplier").get(pk=made.pk)
    return purchase_order.load(fresh, user=user or boss(), now=now)


def quantities(page):
    """Return the quantity of each line in each document, and its answer."""
    return [
        (
            line.row.quantity,
            line.acknowledged.units,
            line.shipped.units,
            line.invoiced.units,
            line.canceled,
            str(line.answer),
        )
        for line in page.lines
    ]


def waits(page):
    return [(str(wait.who), str(wait.what), wait.until, wait.is_late) for wait in page.waits]


def send(made):
    body = {"number": made.number, "lines": []}
    made.messages.create(direction="out", kind="place", body=body, at=NOON)


def bought(**order):
    return make_accepted_purchase_order(make_sellable(), **order)


def ship(made, units):
    line = made.lines.filter(is_active=True).get().order_line
    lines = [PurchaseOrderRequestLine(sku=line.sku, quantity=units, reference=str(line.pk))]
    take_in(made, "partially_shipped", make_shipment_notice(lines=lines))
    made.refresh_from_db()


def invoice(made, amount="20.00", **columns):
    return make_invoice(made, currency="EUR", subtotal_amount=Decimal(amount), **columns)


def record(made, kind, **columns):
    part = f"supplier:{made.supplier.code}"
    return Discrepancy.objects.create(
        key=f"{part}:{made.number}:{kind}:subtotal",
        part=part,
        kind=kind,
        what="subtotal",
        purchase_order=made,
        expected_amount=20,
        currency="EUR",
        found_currency="EUR",
        first_day=NOON.date(),
        last_day=NOON.date(),
        first_seen_at=NOON,
        status_since=NOON,
        **columns,
    )


def test_an_order_that_was_sent_waits_for_its_acknowledgement():
    made = make_sent_purchase_order(make_sellable(), quantity=2)
    send(made)

    page = load(made, now=NOON + timedelta(hours=2))

    assert quantities(page) == [(2, None, 0, 0, 0, "No answer yet")]
    assert page.acknowledge_by == NOON + timedelta(hours=1)
    assert made.number in page.sent.payload
    assert waits(page) == [
        ("Supplier", "Acknowledge the order (855)", NOON + timedelta(hours=1), True)
    ]
    assert page.lines[0].confirmed_cost is None


def test_parcels_and_invoices_are_compared_with_what_was_accepted():
    made = bought(quantity=2)
    until = NOON + DAY * (made.supplier.lead_days + 2)
    assert waits(load(made)) == [
        ("Supplier", "Ship, and send the tracking number (856)", until, False)
    ]
    ship(made, 1)

    page = load(made)

    assert quantities(page) == [(2, 2, 1, 0, 0, "Accepted")]
    (parcel,) = page.parcels
    assert [line.quantity for line in parcel.lines.all()] == [1]
    invoice(made, "10.00")
    assert quantities(load(made))[0][3] == 1
    invoice(made, "10.00", reference="RE-2")
    page = load(made)
    assert quantities(page)[0][3] == 2
    assert page.lines[0].invoiced.difference == 1


def test_an_invoice_of_another_amount_is_a_difference_with_acts():
    made = bought(quantity=2)
    ship(made, 2)
    invoice(made, "21.00", due_on=NOON.date() - DAY)

    page = load(made)

    assert page.lines[0].invoiced.units is None  # the totals tell no units
    (difference,) = page.match.differences
    assert (difference.found.kind, difference.recorded) == ("supplier_overcharged", None)
    assert "20.00" in difference.amounts
    assert page.can_claim
    assert [wait[:2] for wait in waits(page)] == [
        ("Staff", "Pay the invoice"),
        ("Staff", "Clear the mismatch"),
    ]
    assert [bill.status for bill in page.bills] == ["overdue"]
    assert (page.match.ordered, page.match.invoiced) == (COST * 2, Money(Decimal(21), "EUR"))


def test_a_missing_charge_counts_once_the_daily_reconciliation_recorded_it():
    made = bought(quantity=2)
    Supplier.objects.update(adapter="cj")
    assert lists_all_charges(Supplier.objects.get())
    assert load(made).match.differences == []

    record(made, "supplier_not_charged")

    (difference,) = load(made).match.differences
    assert difference.is_open


def test_a_mismatch_that_staff_closed_is_no_task(staff, noon):
    made = bought(quantity=2)
    ship(made, 2)
    bill = invoice(made, "21.00")
    found = record(made, "supplier_overcharged", supplier_invoice=bill, found_amount=21)
    url = reverse("admin:orders_purchaseorder_change", args=[made.pk])
    close = reverse("admin:orders_discrepancy_close_discrepancy", args=[found.pk])
    shown = staff.get(url).content.decode()
    assert close in shown
    assert "Open supplier claim" in shown

    Discrepancy.objects.update(status="settled", closed_by="ann", close_reason="a new price")

    assert waits(load(made)) == []
    assert "Closed by staff: a new price" in staff.get(url).content.decode()


def test_a_cost_that_the_supplier_raised_is_marked():
    made = make_sent_purchase_order(make_sellable(), quantity=2)
    line = made.lines.get()
    state = make_state(made, "accepted")
    raised = Money(Decimal("10.90"), "EUR")
    costs = {str(line.order_line_id): raised}
    acknowledgements.apply(purchase_order=made, state=replace(state, unit_costs=costs), now=NOON)

    (shown,) = load(made).lines

    assert (shown.ordered_cost, shown.confirmed_cost) == (COST, raised)
    assert (shown.is_cost_changed, str(shown.answer)) == (True, "Accepted with another cost")


def test_rejected_units_are_a_line_of_their_own():
    made = make_sent_purchase_order(make_sellable(), quantity=3)

    page = load(acknowledge_quantity(made, 2))

    assert sorted(quantities(page)) == [
        (1, 0, 0, 0, 1, "Rejected: out of stock"),
        (2, 2, 0, 0, 0, "Accepted"),
    ]


def test_a_reassigned_order_waits_for_no_cancellation():
    made = make_sent_purchase_order(make_sellable())
    made.lines.update(acknowledgment=REASSIGNED, is_active=False)
    PurchaseOrder.objects.filter(pk=made.pk).update(status="canceled", cancel_requested_at=NOON)

    assert quantities(load(made)) == [(1, 0, 0, 0, 1, "Reassigned")]
    assert timeline.load(made.order_id, user=boss(), purchase_order_id=made.pk).waiting == []


def test_a_supplier_that_owes_an_invoice_and_a_claim_is_waited_for():
    made = bought()
    Supplier.objects.update(invoice_due_days=5)
    PurchaseOrder.objects.update(status="shipped", status_since=NOON)
    claim = make_claim(made)

    assert waits(load(made)) == [
        ("Supplier", "Send the invoice (810)", NOON + 5 * DAY, False),
        ("Staff", "Settle the claim", None, False),
    ]
    SupplierClaim.objects.filter(pk=claim.pk).update(status="requested")
    assert waits(load(made))[1][0] == "Supplier"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"status": "on_hold"}, [("Staff", "Release the hold")]),
        (
            {"status": "ready", "submission_status": "unsubmitted"},
            [("Shop", "Send the purchase order (850)")],
        ),
        (
            {"status": "ready", "submission_status": "submit_unknown"},
            [("Shop", "Look up whether the supplier has it")],
        ),
        (
            {"status": "in_progress", "submission_status": "cancellation_requested"},
            [("Supplier", "Answer the cancellation request")],
        ),
        (
            {
                "status": "in_progress",
                "submission_status": "cancellation_requested",
                "cancellation_channel": "staff",
            },
            [("Staff", "Ask the supplier to cancel, and record its answer")],
        ),
        ({"status": "canceled"}, []),
    ],
)
def test_each_status_names_who_must_act(columns, expected):
    made = make_sent_purchase_order(make_sellable())
    PurchaseOrder.objects.update(**columns)

    assert [wait[:2] for wait in waits(load(made))] == expected


def test_without_the_permissions_no_cost_invoice_or_payload_is_read():
    made = bought(quantity=2)
    send(made)
    invoice(made, "21.00")

    page = load(
        made, user=make_staff_with_only("clerk", "view_purchaseorder", "view_purchasemessage")
    )

    assert (page.match, page.bills, page.parcels, page.can_claim) == (None, [], [], False)
    assert (page.sent.payload, {answer.payload for answer in page.answers}) == ("", {""})


def test_the_timeline_is_that_of_the_purchase_order():
    made = bought()
    send(made)
    other = bought()
    PurchaseOrder.objects.filter(pk=made.pk).update(cancel_requested_at=NOON)

    found = timeline.load(made.order_id, user=boss(), purchase_order_id=made.pk)

    kinds = {entry.kind for entry in found.entries}
    assert "purchase" in kinds
    assert kinds <= {"purchase", "mail", "tracking", "cancellation", "address"}
    assert [entry.title for entry in found.waiting] == [
        f"Cancellation of {made.number} waits for the supplier"
    ]
    none = timeline.load(made.order_id, user=boss(), purchase_order_id=other.pk)
    assert (none.waiting, none.entries) == ([], [])


def test_the_page_is_shown_within_its_statements(staff, noon, django_assert_max_num_queries):
    made = bought(quantity=2)
    send(made)
    ship(made, 2)
    invoice(made, "21.00", due_on=NOON.date())
    url = reverse("admin:orders_purchaseorder_change", args=[made.pk])
    staff.get(url)

    with django_assert_max_num_queries(16):
        shown = staff.get(url).content.decode()

    for text in ("850 Purchase order", "856 Ship notice", "Three-way match", "RE-1", "Timeline"):
        assert text in shown
    assert PurchaseMessage.objects.filter(purchase_order=made).exists()
    assert PurchaseLine.objects.get().ordered_cost_amount == COST.amount
