"""Order timeline: one list of all that happened, what waits first, limited to what a user may see."""

import pytest
from django.urls import reverse

from notifications.models import Message
from orders.models import AddressChangeRequest, OrderNote, PurchaseOrder, RefundRequest
from orders.order_messages import order_messages
from storefront.accounts.models import User
from storefront.dashboard.orders import items, sources, timeline
from tests.factories.accounts import make_staff_with_only
from tests.factories.full_shop import orders_by_status
from tests.factories.orders import make_paid_order, make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shared_world):
    order = orders_by_status()["completed"]
    order_messages.write(order=order, text="Where is it?", request_key="1", now=NOON)
    OrderNote.objects.create(
        order=order, author="ann", text="Called.", written_at=NOON, request_key="1"
    )
    RefundRequest.objects.create(
        order=order,
        key="1",
        units={str(order.lines.first().pk): 1},
        amount=5,
        currency="EUR",
        reason="late",
        requested_by="ann",
        requested_at=NOON,
        status_since=NOON,
    )
    return order


def boss():
    return User(is_superuser=True, is_active=True)


def titles(entries):
    return [entry.title for entry in entries]


def test_everything_that_happened_is_listed_newest_first(order):
    found = timeline.load(order.pk, user=boss())

    moments = [entry.at for entry in found.entries]
    assert moments == sorted(moments, reverse=True)
    kinds = {entry.kind for entry in found.entries}
    expected = {"status", "purchase", "payment", "mail", "message", "note", "refund", "tracking"}
    assert kinds >= expected
    assert {"Order placed", "Note", "Message from the customer"} <= set(titles(found.entries))
    assert any("Outgoing · Purchase order" in title for title in titles(found.entries))
    waiting = titles(found.waiting)
    assert {"Customer waits for an answer", "Refund of €5.00 waits for approval"} <= set(waiting)
    (refund,) = [entry for entry in found.waiting if entry.title.startswith("Refund of")]
    assert refund.text == f"1 × {order.lines.first().sku} · late"


def test_a_kind_limits_the_list_but_not_what_waits(order):
    found = timeline.load(order.pk, user=boss(), kind="note")

    assert titles(found.entries) == ["Note"]
    assert len(found.waiting) >= 2
    assert timeline.load(order.pk, user=boss(), kind="nonsense").kind == ""


def test_the_number_of_entries_is_limited(order, monkeypatch):
    monkeypatch.setattr(timeline, "MAX_ENTRIES", 3)

    found = timeline.load(order.pk, user=boss())

    assert (len(found.entries), found.is_cut) == (3, True)


def test_hidden_mails_to_suppliers_count_in_the_limit(order, monkeypatch):
    Message.objects.update(template="supplier_cancellation_request")
    mails = Message.objects.filter(event__subject=f"order:{order.number}").count()
    monkeypatch.setattr(timeline, "MAX_ENTRIES", mails - 1)

    user = make_staff_with_only("clerk", "view_order", "view_message", "view_suppression")
    found = timeline.load(order.pk, user=user, kind="mail")

    assert (found.entries, found.is_cut) == ([], True)


def test_each_source_is_written_as_text(shared_world):
    """Every query runs, and each of its codes has a function."""
    for source in sources.SOURCES:
        assert source.code in timeline.TEXTS
        assert source.kind in timeline.KINDS
    for source in sources.WAITING:
        assert source.code in timeline.WAITING_TEXTS
    for order in orders_by_status().values():
        timeline.load(order.pk, user=boss())


def test_a_hold_and_an_address_change_wait(shared_world):
    row = PurchaseOrder.objects.filter(status="ready").first() or PurchaseOrder.objects.first()
    order = row.order
    reasons = [{"code": "margin", "sentence": "Earns -3.21."}]
    PurchaseOrder.objects.filter(pk=row.pk).update(
        status="on_hold", hold_reasons=reasons, cancel_requested_at=NOON, cancel_reason="late"
    )
    type(order).objects.filter(pk=order.pk).update(status="on_hold", hold_reason="Fraud.")
    AddressChangeRequest.objects.create(
        purchase_order=row,
        ship_to={"line1": "Neue Str. 2"},
        place=1,
        status_since=NOON,
        requested_by="ann",
    )

    found = timeline.load(order.pk, user=boss())

    texts = {entry.title: entry.text + entry.payload for entry in found.waiting}
    assert texts["Order is on hold"] == "Fraud."
    assert texts[f"Purchase order {row.number} is on hold"] == "Earns -3.21."
    assert texts[f"Cancellation of {row.number} waits for the supplier"] == "late"
    assert texts[f"Address change of {row.number} waits for the supplier"] == "Neue Str. 2"


def test_corrections_of_the_address_are_listed_with_the_one_before(order):
    was = {"line1": "Neue Str. 2", "line2": "", "city": "Berlin"}
    decision = {"by": "ann", "at": NOON.isoformat(), "reason": "typing error"}
    decisions = [{"what": "corrected", "was": was, **decision}, {"what": "confirmed", **decision}]
    type(order).objects.filter(pk=order.pk).update(address_verification={"staff": decisions})

    found = timeline.load(order.pk, user=boss(), kind="address").entries

    assert {entry.title: entry.text for entry in found} == {
        "Address corrected": "typing error · Before: Neue Str. 2, Berlin",
        "Address confirmed": "typing error",
    }
    assert {(entry.actor, entry.at) for entry in found} == {("ann", NOON)}


def test_a_user_sees_only_the_kinds_of_their_permissions(order):
    # Messages to suppliers show costs, so that their permission does not count here.
    user = make_staff_with_only(
        "clerk", "view_order", "view_ordernote", "view_purchaseorder", "view_purchasemessage"
    )

    found = timeline.load(order.pk, user=user)

    assert {entry.kind for entry in found.entries} == {"status", "note", "purchase"}
    assert all(entry.payload == "" for entry in found.entries)
    assert all(item.landed is None and item.parcels == [] for item in items.load(order, user=user))


def test_the_page_shows_items_timeline_and_messages_with_few_statements(
    staff, order, django_assert_max_num_queries
):
    page = reverse("admin:orders_order_change", args=[order.pk])
    staff.get(page)
    with django_assert_max_num_queries(16):
        shown = staff.get(page).content.decode()

    for words in ("Where is it?", "Called.", "Timeline", "Waiting", "Track", "a1-240.webp"):
        assert words in shown
    filtered = staff.get(page, {"kind": "note"}).content.decode()
    assert 'href="?kind=note#timeline" aria-current="page"' in filtered


def test_a_page_without_entries_of_a_kind_says_so(staff):
    order = make_paid_order()

    page = staff.get(reverse("admin:orders_order_change", args=[order.pk]), {"kind": "return"})

    assert "No entries of this kind." in page.content.decode()


def test_fees_of_zero_are_shown_as_money_and_unknown_fees_are_not(staff):
    order = make_paid_order()
    page = reverse("admin:orders_order_change", args=[order.pk])
    zero = '<td class="today-number">€0.00</td>'

    order.lines.update(landed_amount=None, fees_amount=None)
    assert zero not in staff.get(page).content.decode()
    order.lines.update(landed_amount=5, fees_amount=0)
    assert zero in staff.get(page).content.decode()


def test_each_item_shows_what_it_earns_to_those_who_may_see_costs(staff, client_factory, order):
    part = reverse("supply:order_earnings", args=[order.pk])

    shown = staff.get(part).content.decode()

    assert "What each item earns" in shown
    assert order.lines.first().sku in shown
    client = client_factory()
    client.force_login(make_staff_with_only("clerk", "view_order"))
    assert client.get(part).status_code == 403
    page = client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert part not in page


def test_the_text_of_a_message_is_shown_without_links(staff, client_factory, order):
    message = Message.objects.filter(event__subject=f"order:{order.number}").first()
    part = reverse("supply:message_text", args=[message.pk])

    shown = staff.get(part).content.decode()

    assert order.number in shown
    assert order.access_key not in shown
    Message.objects.filter(pk=message.pk).update(template="gone")
    assert "cannot be written" in staff.get(part).content.decode()
    client = client_factory()
    client.force_login(make_staff_with_only("clerk", "view_order"))
    assert client.get(part).status_code == 403


@pytest.mark.parametrize("has_costs", [False, True])
def test_messages_to_suppliers_need_the_costs(client, order, has_costs):
    message = Message.objects.filter(event__subject=f"order:{order.number}").first()
    Message.objects.filter(pk=message.pk).update(template="supplier_cancellation_request")
    costs = ["view_costs"] if has_costs else []
    user = make_staff_with_only("clerk", "view_order", "view_message", "view_suppression", *costs)
    client.force_login(user)

    page = reverse("admin:notifications_message_change", args=[message.pk])
    opened = [client.get(path).status_code == 200 for path in (page, text_of(message))]
    mails = [entry for entry in timeline.load(order.pk, user=user).entries if entry.kind == "mail"]

    assert opened == [has_costs, has_costs]
    assert any(entry.text_url == text_of(message) for entry in mails) == has_costs


@pytest.mark.parametrize("has_costs", [False, True])
def test_reasons_of_purchase_orders_need_the_costs(has_costs):
    (purchase_order,) = make_purchase_orders()
    purchase_order.move("on_hold", at=NOON, reason="sold at a loss of 3.00 EUR", hold_reasons=[])
    costs = ["view_costs"] if has_costs else []

    user = make_staff_with_only("clerk", "view_order", "view_purchaseorder", *costs)
    entries = timeline.load(purchase_order.order_id, user=user).entries

    assert any("Draft → On hold" in title for title in titles(entries))
    assert any("Sold at a loss" in entry.text for entry in entries) == has_costs


def text_of(message):
    return reverse("supply:message_text", args=[message.pk])
