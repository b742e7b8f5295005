"""Customer page: one page for an account or a guest, limited to what staff may see."""

from dataclasses import replace

import pytest
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from notifications import dispatch
from notifications.models import Consent, Event, Message, Suppression
from orders import privacy
from orders.models import Cart, CustomerNote, Order
from orders.order_messages import order_messages
from storefront.accounts import email_verification, profile
from storefront.accounts.models import EmailChangeRequest, User
from storefront.dashboard.customers import people, sections
from storefront.dashboard.figures import rollup
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.markets import make_second_market
from tests.factories.orders import HOME, make_order, make_paid_order, make_sellable
from tests.factories.returns import declare, make_delivered
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def page_of(row, name="customer"):
    kind = "account" if isinstance(row, User) else "order"
    return reverse(f"supply:{name}", args=[f"{kind}-{row.pk}"])


def shown(client, row):
    answer = client.get(page_of(row))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_guest_has_one_page_for_all_orders_of_the_address(staff):
    order = make_delivered(email="Max@example.org")
    other = make_order(make_sellable(), email="max@example.org")
    stranger = make_order(make_sellable())
    authorization = declare(order, 1)
    order_messages.write(order=order, text="Where is it?", request_key="1", now=NOON)
    order_messages.answer(
        order=order, text="In Berlin.", request_key="2", last_seen=0, actor="ann", now=NOON
    )
    for event in Event.objects.all():
        dispatch.fan_out(event=event, now=NOON)
    Message.objects.filter(template="parcel_delivered").update(delivery="bounced")
    Consent.objects.create(
        recipient="max@example.org", sender="email", kind="delivered", is_given=False, at=NOON
    )
    rollup.refresh(now=NOON)

    text = shown(staff, order)

    for words in (order.number, other.number, authorization.number, "Where is it?", "In Berlin."):
        assert words in text
    for words in ("Guest", "Erika Muster", "Musterweg 1", "A parcel was delivered"):
        assert words in text
    assert "Waits for an answer" in text
    assert "Bounced" in text
    assert f"/admin/notifications/message/{dispatched_to('max@example.org')}/change/" in text
    assert stranger.number not in text
    assert "Profit" in text


def dispatched_to(address):
    return Event.objects.filter(messages__recipient__iexact=address).values_list(
        "messages__pk", flat=True
    )[0]


def test_an_account_shows_its_orders_addresses_and_state(staff):
    user = make_shopper()
    profile.save_address(user_id=user.pk, address=HOME, is_default=True)
    second = replace(HOME, line1="Neue Str. 2")
    profile.save_address(user_id=user.pk, address=second, is_default=False)
    User.objects.filter(pk=user.pk).update(
        name="Erika", sms_number="+4915112345678", last_login=NOON, is_active=False
    )
    EmailChangeRequest.objects.create(
        user=user, old_email="old@example.org", new_email=user.email, key="1",
        requested_at=NOON, done_at=NOON,
    )  # fmt: skip
    Suppression.objects.create(address=user.email, reason="hard_bounce", since=NOON)

    text = shown(staff, user)

    for words in (
        "Account",
        "Deactivated",
        "+4915112345678",
        "old@example.org",
        "Default",
        "Saved",
    ):
        assert words in text
    assert "The mailbox does not exist" in text
    for words in (
        "No orders yet",
        "No paid orders",
        "No returns",
        "No messages",
        "No notifications",
    ):
        assert words in text
    assert "Erika Muster, Neue Str. 2, 10115, Berlin" in text
    assert "Not verified" not in text
    assert "Not verified" in shown(staff, make_shopper("new@example.org", proven=False))


def test_a_guest_who_registered_is_shown_as_the_account(staff):
    order = make_order(make_sellable())
    user = make_shopper(proven=False)
    assert "Guest" in shown(staff, order)

    email_verification.verify(user=user, now=NOON)

    assert staff.get(page_of(order)).headers["Location"] == page_of(user)
    assert order.number in shown(staff, user)


def test_orders_of_another_account_with_the_address_are_not_shown(staff):
    mine, theirs = make_order(make_sellable()), make_order(make_sellable())
    user = make_shopper("max@example.org")
    Cart.objects.filter(order=theirs).update(owner=user)

    assert theirs.number not in shown(staff, mine)
    assert staff.get(page_of(theirs)).headers["Location"] == page_of(user)


@pytest.mark.parametrize("key", ["account-999999", "order-999999", "missing", "order-x"])
def test_an_unknown_customer_is_not_found(key):
    with pytest.raises(Http404):
        people.find(key)


def test_staff_accounts_are_no_customers(staff):
    ann = make_staff("ann")

    with pytest.raises(Http404):
        people.find(f"account-{ann.pk}")
    assert page_of(ann) not in staff.get(reverse("admin:accounts_user_changelist")).content.decode()


def test_an_erased_customer_is_gone(staff):
    order = make_order(make_sellable())
    Order.objects.filter(pk=order.pk).update(email=f"x{privacy.ERASED}")

    answer = staff.get(page_of(order))

    assert answer.status_code == 410
    assert "This customer was erased" in answer.content.decode()


def test_each_currency_has_its_value_and_profit_needs_its_permission(client, staff, monkeypatch):
    make_second_market(monkeypatch)
    order, other = make_paid_order(make_sellable()), make_paid_order(make_sellable())
    rollup.refresh(now=NOON)
    order.figures.update(estimated=0, profit=0)
    other.figures.update(currency="AZN", estimated=1)

    text = shown(staff, order)

    assert ">EUR<" in text
    assert ">AZN<" in text
    assert text.count("partly estimated") == 1
    assert ">Profit<" in text
    # Refunds and profit are both nothing, each in its own cell.
    assert '€0.00</td><td class="today-number">€0.00</td></tr>' in text
    viewer = make_staff("ann", "view_customer", "view_order")
    client.force_login(viewer)
    limited = shown(client, order)
    assert ">Profit<" not in limited
    for words in ("Returns", "Messages", "Notifications", 'id="notes"'):
        assert words not in limited


@pytest.mark.parametrize(
    ("rights", "missing"),
    [(("view_order",), "accounts.view_customer"), (("view_customer",), "orders.view_order")],
)
def test_the_page_needs_both_permissions(client, rights, missing):
    client.force_login(make_staff("ann", *rights))

    answer = client.get(page_of(make_order(make_sellable())))

    assert answer.status_code == 403
    assert missing in answer.content.decode()


def test_a_note_is_stored_once_and_shown_on_the_orders(staff):
    order = make_order(make_sellable(), email="Max@example.org")
    url = page_of(order, "customer_note")

    for _ in range(2):
        staff.post(url, {"text": "Calls <b>often</b>.", "key": "1"})

    note = CustomerNote.objects.get()
    assert (note.email, note.author) == ("max@example.org", "staff@fara.example")
    escaped = "Calls &lt;b&gt;often&lt;/b&gt;."
    assert escaped in shown(staff, order)
    change = reverse("admin:orders_order_change", args=[order.pk])
    assert escaped in staff.get(change).content.decode()
    assert page_of(order) in staff.get(change).content.decode()


def test_the_notes_on_an_account_are_shown_on_its_orders_with_another_address(staff):
    order = make_order(make_sellable(), email="work@example.org")
    user = make_shopper()
    Cart.objects.filter(order=order).update(owner=user)

    staff.post(page_of(user, "customer_note"), {"text": "Pays late.", "key": "1"})

    change = reverse("admin:orders_order_change", args=[order.pk])
    assert "Pays late." in staff.get(change).content.decode()
    viewer = make_staff("ann", "view_order", "view_orderline")
    staff.force_login(viewer)
    text = staff.get(change).content.decode()
    assert "Pays late." not in text
    assert page_of(order) not in text


def test_a_bad_note_is_refused_and_needs_its_permission(client, staff):
    order = make_order(make_sellable())
    url = page_of(order, "customer_note")

    answer = staff.post(url, {"text": " ", "key": "1"})

    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert staff.get(url).status_code == 405
    client.force_login(make_staff("ann", "view_customer", "view_order", "view_customernote"))
    assert client.post(url, {"text": "x", "key": "2"}).status_code == 403
    assert 'name="text"' not in shown(client, order)
    assert not CustomerNote.objects.exists()


def test_a_thousand_orders_take_few_statements(staff, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(sections, "ORDERS_PER_PAGE", 2)
    user = make_shopper()
    EmailChangeRequest.objects.create(
        user=user, old_email="old@example.org", new_email=user.email, key="1",
        requested_at=timezone.now(), done_at=timezone.now(),
    )  # fmt: skip
    listing = make_sellable(quantity=9)
    for _ in range(5):
        make_paid_order(listing)
    rollup.refresh(now=NOON)
    shown(staff, user)

    with django_assert_max_num_queries(16):
        text = shown(staff, user)

    assert 'href="?page=2#orders"' in text
    second = staff.get(page_of(user), {"page": 2}).content.decode()
    assert "Page 2 of 3" in second
