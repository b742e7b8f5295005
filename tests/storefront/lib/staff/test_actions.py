"""Admin actions: each calls a service, and a GET changes nothing."""

from decimal import Decimal

import pytest

from catalog.models import Listing
from notifications.models import Message
from orders.models import PaymentEvent, PurchaseOrder
from orders.purchasing.holds import holds
from suppliers.inventory import publication
from suppliers.models import (
    Connection,
    PendingChange,
    Supplier,
    SupplierOffer,
    SyncIssue,
    SyncRun,
)
from tests.factories.accounts import make_staff
from tests.factories.full_shop import orders_by_status
from tests.factories.pricing import make_price_book, make_terms
from tests.factories.suppliers import NOON
from tests.support.admin_forms import page

pytestmark = pytest.mark.django_db


def seen_reasons(shown):
    """Return the hidden form value that lists the hold reasons of the page."""
    return {"seen": shown.context["form"]["seen"].value()}


@pytest.fixture
def draft(shared_world):
    """A purchase order, and the page that releases it from a hold."""
    purchase_order = PurchaseOrder.objects.filter(status="draft").first()
    return purchase_order, page("orders_purchaseorder", "release_hold", purchase_order.pk)


def make_run(**words):
    moments = dict.fromkeys(("status_since", "started_at", "lease_until"), NOON)
    supplier = Supplier.objects.get()
    return SyncRun.objects.create(supplier=supplier, status="quarantined", **moments, **words)


def test_get_changes_nothing_and_needs_permission(shared_world, staff, client, started):
    order = orders_by_status()["placed"]

    response = staff.get(page("orders_order", "cancel", order.pk))

    assert response.status_code == 200
    order.refresh_from_db()
    assert (order.status, started) == ("placed", [])
    client.force_login(make_staff("looker", "view_order"))
    assert client.get(page("orders_order", "change", order.pk)).status_code == 200
    assert client.post(page("orders_order", "cancel", order.pk), {"reason": "x"}).status_code == 403
    order.refresh_from_db()
    assert order.status == "placed"


def test_order_is_canceled_with_a_reason_unless_it_is_completed(shared_world, staff, started):
    order, late = orders_by_status()["placed"], orders_by_status()["completed"]
    reason = {"reason": "The shopper called"}

    response = staff.post(page("orders_order", "cancel", order.pk), reason, follow=True)
    refused = staff.post(page("orders_order", "cancel", late.pk), reason)

    order.refresh_from_db()
    assert order.status == "canceled"
    assert "The shopper called" in response.content.decode()
    assert ("process_cancellation", {"order_id": order.pk}) in started
    assert refused.status_code == 200
    assert "the order has ended" in str(refused.context["form"].non_field_errors())


def test_partial_refund_needs_confirmation(shared_world, staff, started):
    order = orders_by_status()["completed"]
    url = page("orders_order", "refund", order.pk)

    hasty = staff.post(url, {"amount": "5.00", "reason": "A scratch"})
    greedy = staff.post(url, {"amount": "5000", "reason": "A scratch", "is_sure": "on"})
    staff.post(url, {"amount": "5.00", "reason": "A scratch", "is_sure": "on"})

    assert "is_sure" in hasty.context["form"].errors
    assert "is left to refund" in str(greedy.context["form"].non_field_errors())
    (refund,) = PaymentEvent.objects.filter(kind="refund_requested", payment__order=order)
    assert refund.amount == Decimal("5.00")
    assert refund.reason == "staff@fara.example: A scratch"
    assert started == [("execute_requests", {})]


def test_held_purchase_order_is_released_once_each_reason_is_waived(draft, staff, started):
    purchase_order, url = draft
    reasons = [
        {"code": "cost", "sentence": "It costs more now.", "subject": "A", "amount": "9.00"},
        {"code": "stock", "sentence": "Out of stock at the supplier.", "subject": "A: 0 < 1"},
    ]
    purchase_order.move("on_hold", at=NOON, hold_reasons=reasons)

    shown = staff.get(url)
    assert "It costs more now." in shown.content.decode()
    assert 'type="hidden" name="seen"' in shown.content.decode()
    staff.post(url, {**seen_reasons(shown), "reasons": [holds.reason_key(reasons[0])]})
    purchase_order.refresh_from_db()
    assert (purchase_order.status, purchase_order.hold_reasons) == ("on_hold", reasons[1:])
    assert started == []
    staff.post(url, seen_reasons(staff.get(url)))

    purchase_order.refresh_from_db()
    assert purchase_order.status == "ready"
    assert [(each["code"], each["by"]) for each in purchase_order.waived_reasons] == [
        ("cost", "staff@fara.example"),
        ("stock", "staff@fara.example"),
    ]
    assert started == [("submit", {"purchase_order_id": purchase_order.pk})]


@pytest.mark.parametrize("more", [0, 1])
def test_unread_hold_reason_is_not_waived(draft, staff, started, more):
    """The hold reasons changed after the page was opened."""
    purchase_order, url = draft
    cost = {"code": "cost", "sentence": "It costs more now.", "subject": "A", "amount": "9.00"}
    unpaid = {"code": "payment", "sentence": "It is not paid.", "amount": "9.00"}
    purchase_order.move("on_hold", at=NOON, hold_reasons=[cost])
    old_form = seen_reasons(staff.get(url))
    now = [unpaid, cost][: 1 + more]
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(hold_reasons=now)

    refused = staff.post(url, old_form)

    purchase_order.refresh_from_db()
    assert (purchase_order.status, purchase_order.waived_reasons, started) == ("on_hold", [], [])
    assert "changed after you opened this page" in refused.content.decode()
    assert "It is not paid." in refused.content.decode()
    chosen = {"reasons": [holds.reason_key(unpaid), holds.reason_key(cost)]}
    staff.post(url, {**seen_reasons(refused), **chosen})  # the new page was read
    purchase_order.refresh_from_db()
    assert purchase_order.status == "ready"


def test_held_order_is_released(shared_world, staff, started):
    order = orders_by_status()["placed"]
    order.move("on_hold", at=NOON, hold_reason="Looks like fraud.")

    staff.post(page("orders_order", "release", order.pk), {"reason": "I called the customer"})

    order.refresh_from_db()
    assert (order.status, order.hold_reason) == ("placed", "")
    assert started == [("create_purchase_orders", {"order_id": order.pk})]


def test_sync_is_started_if_there_is_a_connection(shared_world, staff, started):
    supplier = Supplier.objects.get()

    staff.post(page("suppliers_supplier", "sync_now", supplier.pk))
    chosen = {"action": "sync_stock", "_selected_action": [supplier.pk]}
    staff.post(page("suppliers_supplier"), chosen)

    kinds = ["products", "prices", "stock", "stock"]
    assert [(name, known["kind"]) for name, known in started] == [("sync_now", k) for k in kinds]
    Connection.objects.all().delete()
    for verb in ("sync_now", "check_connection"):
        answer = staff.post(page("suppliers_supplier", verb, supplier.pk))
        assert "This supplier has no connection yet." in answer.content.decode()
    assert len(started) == 4


def test_price_rule_applies_to_all_offers_of_a_supplier(shared_world, staff, started):
    channel = shared_world[0].channel
    make_terms(channel=channel, channel_fee_rate="0", tax_rate="0", handling_amount="0")
    rules = ({"value": "0", "ending": "0.50"},)
    make_price_book(channel=channel, version=2, status="live", rules=rules)

    staff.post(page("suppliers_supplier", "reprice", Supplier.objects.get().pk))
    publication.publish_pending(now=NOON)

    assert started == [("publish_pending", {})]
    assert set(Listing.objects.values_list("price_amount", flat=True)) == {Decimal("10.50")}


@pytest.mark.parametrize(("verdict", "status"), [("apply", "applied"), ("discard", "discarded")])
def test_quarantined_feed_is_decided(shared_world, staff, started, verdict, status):
    run = make_run(kind="stock", problem="Most rows are missing.")

    staff.post(page("suppliers_syncrun", verdict, run.pk))

    run.refresh_from_db()
    assert (run.status, run.decided_by) == (status, "staff@fara.example")
    assert len(started) == (verdict == "apply")


def test_selected_rows_are_applied_and_all_are_exported(shared_world, staff, started):
    offer = SupplierOffer.objects.filter(cost_amount__gt=0).first()
    run = make_run(kind="prices")
    words = {"run": run, "kind": "cost", "old": offer.cost_amount, "new": 77, "size": 7}
    ticked = PendingChange.objects.create(offer=offer, row=offer.supplier_sku, **words)
    PendingChange.objects.create(row="=1+1", **words)
    changes = page("suppliers_syncrun", "changes", run.pk)

    answer = staff.get(changes + "?as=csv")
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    file = b"".join(answer.streaming_content).decode()
    assert "'=1+1,cost" in file
    assert staff.post(changes, {"step": "ticked"}).status_code == 422
    staff.post(changes, {"step": "ticked", "pk": [ticked.pk]})

    offer.refresh_from_db()
    run.refresh_from_db()
    assert (run.status, offer.cost_amount) == ("applied", Decimal(77))
    assert started == [("publish_pending", {})]


def test_issue_is_resolved_and_a_failed_message_resent_but_not_a_sent_one(shared_world, staff):
    issue, sent, failed = SyncIssue.objects.first(), *Message.objects.filter(status="sent")[:2]
    Message.objects.filter(pk=failed.pk).update(status="failed")

    staff.post(page("suppliers_syncissue"), {"action": "dismiss", "_selected_action": [issue.pk]})
    resend = {"action": "send_again"}
    staff.post(page("notifications_message"), {**resend, "_selected_action": [failed.pk]})
    refused = staff.post(
        page("notifications_message"), {**resend, "_selected_action": [sent.pk]}, follow=True
    )

    issue.refresh_from_db()
    failed.refresh_from_db()
    assert issue.resolved_at is not None
    assert failed.status == "requeued"
    assert any("sent" in str(message) for message in refused.context["messages"])
