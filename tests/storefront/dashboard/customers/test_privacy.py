"""Personal data of a customer: staff download it and erase accounts and guests."""

import json

import pytest
from django.db.transaction import atomic
from django.urls import reverse

from notifications.models import Consent, Message
from orders import privacy
from orders.models import Cart, CustomerNote, Order
from orders.order_notes import customer_notes
from storefront.accounts.models import User
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.orders import make_cart, make_order, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
RIGHTS = ("view_customer", "view_order")


def page_of(row, name):
    kind = "account" if isinstance(row, User) else "order"
    return reverse(f"supply:{name}", args=[f"{kind}-{row.pk}"])


@pytest.fixture
def guest_order():
    """An expired order of a guest, with a note, a choice, and a cart that was not ordered."""
    order = make_order(make_sellable(quantity=9), email="Max@example.org")
    Order.objects.filter(pk=order.pk).update(status="expired")
    customer_notes.add(
        email="max@example.org", text="Called.", request_key="1", actor="ann", now=NOON
    )
    Consent.objects.create(
        recipient="max@example.org", sender="email", kind="delivered", is_given=False, at=NOON
    )
    cart = make_cart(order.lines.get().variant.listings.get())
    Cart.objects.filter(pk=cart.pk).update(email="max@example.org")
    return order


def test_the_data_of_a_guest_is_downloaded(
    staff, guest_order, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level("INFO", logger="security")
    with django_capture_on_commit_callbacks(execute=True):
        answer = staff.post(page_of(guest_order, "customer_export"))

    found = json.loads(answer.content)
    assert [order["number"] for order in found["orders"]] == [guest_order.number]
    assert [row["kind"] for row in found["consents"]] == ["delivered"]
    assert [cart["email"] for cart in found["carts"]] == ["max@example.org"]
    assert answer["Content-Disposition"] == f'attachment; filename="order-{guest_order.pk}.json"'
    (line,) = [text for text in caplog.messages if "data_exported" in text]
    assert f'"customer": "order-{guest_order.pk}"' in line
    assert "max@example.org" not in line


def test_the_data_of_an_account_is_downloaded(staff):
    user = make_shopper()

    found = json.loads(staff.post(page_of(user, "customer_export")).content)

    assert found["account"]["email"] == user.email


def test_a_guest_is_erased_and_others_stay(staff, guest_order):
    other = make_order(make_sellable(), email="erika@example.org")

    answer = staff.post(page_of(guest_order, "customer_erase"), {"email": " MAX@example.org "})

    assert answer.headers["Location"] == reverse("supply:customers")
    guest_order.refresh_from_db()
    assert guest_order.email.endswith(privacy.ERASED)
    assert "Muster" not in json.dumps(guest_order.ship_to)
    assert not CustomerNote.objects.exists()
    assert not Consent.objects.exists()
    assert not Cart.objects.filter(email="max@example.org").exists()
    assert not Message.objects.filter(recipient__iexact="max@example.org").exists()
    other.refresh_from_db()
    assert other.email == "erika@example.org"


def test_an_account_is_erased(staff):
    user = make_shopper()
    customer_notes.add(email=user.email, text="Called.", request_key="1", actor="ann", now=NOON)

    staff.post(page_of(user, "customer_erase"), {"email": user.email})

    assert not User.objects.filter(pk=user.pk).exists()
    assert not CustomerNote.objects.exists()


def test_an_open_order_or_a_wrong_address_erases_nothing(staff):
    order = make_order(make_sellable())
    url = page_of(order, "customer_erase")
    assert "cannot be undone" in staff.get(url).content.decode()

    wrong = staff.post(url, {"email": "max@example.org"})
    still_open = staff.post(url, {"email": order.email})

    assert wrong.status_code == still_open.status_code == 422
    assert "not the address of this customer" in wrong.content.decode()
    assert "Nothing was erased" in still_open.content.decode()
    order.refresh_from_db()
    assert order.email == "erika@example.org"


def test_each_act_needs_its_permission(client, guest_order):
    client.force_login(make_staff("ann", *RIGHTS))

    assert client.post(page_of(guest_order, "customer_export")).status_code == 403
    assert client.post(page_of(guest_order, "customer_erase")).status_code == 403
    page = client.get(page_of(guest_order, "customer")).content.decode()
    assert "customer-actions" not in page


def test_retention_deletes_the_notes_of_guests_without_orders(guest_order):
    listing = guest_order.lines.get().variant.listings.get()
    newer = make_order(listing, email="max@example.org")
    rows = Order.objects.filter(pk=guest_order.pk)
    with atomic():
        privacy.erase_guests(rows)
    assert CustomerNote.objects.count() == 1

    with atomic():
        privacy.erase_guests(Order.objects.filter(pk=newer.pk))
    assert not CustomerNote.objects.exists()
