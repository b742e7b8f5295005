"""Address corrections: staff confirm or correct an order's address before submission."""

from dataclasses import asdict, replace
from decimal import Decimal

import pytest
from django.db import transaction

from notifications import dispatch
from notifications.models import Event
from notifications.rendering import render
from orders import privacy
from orders.address_changes import corrections
from orders.admin_columns import address_verification
from orders.models import Cart, Order, OrderLine, PurchaseOrder
from orders.purchasing import submission
from storefront.accounts.models import User
from storefront.lib.address import Address
from storefront.lib.db.transactions import in_transaction
from storefront.lib.http.errors import TemporaryError
from tests.factories.cancellation import fresh, send
from tests.factories.orders import HOME, make_paid_order, make_purchase_orders
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db
FULL = pytest.mark.full
ODD = replace(HOME, postcode="1011")
RIGHT = replace(HOME, postcode="10117", line1="Musterweg 2")
NEW_YORK = replace(HOME, country="US", region="NY", postcode="10001", city="New York")
NEW_JERSEY = replace(NEW_YORK, region="NJ", postcode="07302", city="Jersey City")
WHO = {"reason": "I called the customer", "actor": "anna@fara.example", "now": NOON}


class Listening(ScriptedSupplier):
    """Remembers the submitted address."""

    def place(self, request):
        self.ship_to_received = request.ship_to
        return super().place(request)


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, Listening())


@pytest.fixture
def held(supplier):
    """A purchase order held for an unconfirmed postcode warning."""
    (made,) = make_purchase_orders()
    Order.objects.update(ship_to=asdict(ODD), address_verification={})
    send(made)
    made.refresh_from_db()
    assert [one["code"] for one in made.hold_reasons] == ["address"]
    return fresh(made)


def test_a_confirmed_address_is_released_and_submitted(held, supplier):
    corrections.confirm(order=held.order, **WHO)

    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("ready", [])
    send(held)
    assert supplier.effects == [held.number]
    (entry,) = fresh(held).order.address_verification["staff"]
    said = {"what": "confirmed", "by": WHO["actor"], "reason": WHO["reason"]}
    assert entry == entry | said
    assert (entry["at"], entry["doubts"]) == (NOON.isoformat(), ["postcode"])
    with pytest.raises(corrections.AddressLockedError):
        corrections.confirm(order=held.order, **WHO)


def test_a_corrected_address_is_submitted(held, supplier):
    corrections.correct(order=held.order, ship_to=RIGHT, **WHO)

    send(held)
    assert supplier.ship_to_received == RIGHT
    order = fresh(held).order
    assert Address(**order.ship_to) == RIGHT
    (entry,) = order.address_verification["staff"]
    assert entry["was"] == asdict(ODD)
    assert (
        "Corrected by anna@fara.example, 2026-11-24 12:00 UTC: I called the customer"
        in address_verification(order)
    )


def test_the_customer_is_notified_of_each_correction_once(held):
    Order.objects.update(locale="az")

    corrections.correct(order=held.order, ship_to=RIGHT, **WHO)
    corrections.correct(order=held.order, ship_to=HOME, **WHO)

    first, second = Event.objects.filter(name="order.delivery_address_changed").order_by("pk")
    assert first.payload["was"] == asdict(ODD)
    assert first.payload["ship_to"] == second.payload["was"] == asdict(RIGHT)
    (message,) = dispatch.fan_out(event=first, now=NOON)
    assert message.recipient == held.order.email
    letter = render(template=message.template, locale="az", payload=first.payload)
    assert "10117 Berlin" in letter.text
    assert "1011 Berlin" in letter.text
    assert "I called the customer" not in letter.text + letter.html


def test_a_confirmation_is_for_one_address_only_and_not_for_a_missing_field(held):
    Order.objects.update(ship_to=asdict(replace(ODD, city="")))
    corrections.confirm(order=held.order, **WHO)
    held.refresh_from_db()
    assert held.status == "on_hold"

    Order.objects.update(ship_to=asdict(replace(ODD, postcode="9999")))
    assert set(corrections.unconfirmed_warnings(fresh(held).order)) == {"postcode"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"city": ""}, "city"),
        pytest.param({"name": " "}, "name", marks=FULL),
        pytest.param({"line1": "x" * 201}, "line1", marks=FULL),
        ({"country": "FR", "postcode": "75001", "city": "Paris"}, "country"),
        pytest.param({"phone": "call me"}, "phone", marks=FULL),
    ],
)
def test_an_invalid_correction_is_rejected_at_its_field(held, change, field):
    with pytest.raises(corrections.InvalidNewAddressError) as refused:
        corrections.correct(order=held.order, ship_to=replace(RIGHT, **change), **WHO)

    assert field in refused.value.fields
    assert Address(**Order.objects.get().ship_to) == ODD
    assert not Event.objects.filter(name="order.delivery_address_changed").exists()


def test_the_region_cannot_change_if_tax_was_added(held):
    Order.objects.update(
        additional_tax_amount=1, tax_amount=10, total_amount=held.order.total_amount + 1
    )

    with pytest.raises(
        corrections.InvalidNewAddressError, match="The tax was calculated for this region"
    ):
        corrections.correct(order=held.order, ship_to=replace(RIGHT, region="BE"), **WHO)


def test_a_submitted_address_cannot_be_corrected(held):
    PurchaseOrder.objects.update(submission_status="submit_unknown")

    with pytest.raises(corrections.AddressLockedError):
        corrections.correct(order=held.order, ship_to=RIGHT, **WHO)


@pytest.mark.parametrize(
    "status", ["completed", *(pytest.param(s, marks=FULL) for s in ("canceled", "expired"))]
)
def test_an_ended_order_cannot_be_corrected(status):
    order = make_paid_order()
    Order.objects.update(ship_to=asdict(ODD), address_verification={}, status=status)

    with pytest.raises(corrections.AddressLockedError):
        corrections.confirm(order=order, **WHO)


def test_a_worker_with_the_old_address_does_not_submit_it(held, supplier, monkeypatch):
    corrections.confirm(order=held.order, **WHO)
    request_for = submission.build_request

    def corrected_meanwhile(purchase_order):
        request = request_for(purchase_order)
        corrections.correct(order=purchase_order.order, ship_to=RIGHT, **WHO)
        return request

    monkeypatch.setattr(submission, "build_request", corrected_meanwhile)
    with pytest.raises(submission.NotSubmittableError, match="address was changed"):
        send(held)

    assert supplier.effects == []
    monkeypatch.setattr(submission, "build_request", request_for)
    send(held)
    assert supplier.ship_to_received == RIGHT


@pytest.mark.django_db(transaction=True)
def test_correction_and_submission_wait_for_each_other(supplier, monkeypatch):
    """Without the lock, the address would be corrected during a submission."""
    (made,) = make_purchase_orders()
    held = fresh(made)
    rival = Rival(lambda: send(held))
    refuse = corrections.require_valid

    def in_the_middle(*facts):
        rival.begin()
        refuse(*facts)

    monkeypatch.setattr(corrections, "require_valid", in_the_middle)
    corrections.correct(order=held.order, ship_to=RIGHT, **WHO)
    rival.finish()

    assert isinstance(rival.failure, submission.NotSubmittableError)
    assert supplier.effects == []


def test_erasure_removes_the_previous_address(held):
    corrections.correct(order=held.order, ship_to=RIGHT, **WHO)
    Order.objects.update(status="completed")
    owner = User.objects.create_user("erika@example.org", "x")

    Cart.objects.update(browser_key="b" * 43)

    with transaction.atomic():
        privacy.erase_customer(owner_id=owner.pk, addresses=["erika@example.org"], now=NOON)

    assert "Musterweg" not in str(Order.objects.values().get())
    assert Cart.objects.get(order__isnull=False).browser_key == ""


def test_staff_confirm_and_correct_on_the_order_page(held, staff, started):
    page = f"/admin/orders/order/{held.order_id}"
    assert "Warnings:" in staff.get(f"{page}/change/").content.decode()
    form = staff.get(f"{page}/correct_address/").content.decode()
    assert "Musterweg 1" in form
    bad = {**asdict(RIGHT), "city": "", "reason": "x"}

    refused = staff.post(f"{page}/correct_address/", bad)
    done = staff.post(f"{page}/correct_address/", {**asdict(RIGHT), "reason": "the e-mail"})

    assert (refused.status_code, done.status_code) == (200, 302)
    assert Address(**Order.objects.get().ship_to) == RIGHT
    again = staff.post(f"{page}/confirm_address/", {"reason": "sure"})
    assert "This address has no open warnings" in again.content.decode()
    assert "the e-mail" in staff.get(f"{page}/change/").content.decode()


def test_staff_read_the_warnings_of_the_address_that_they_enter(held, staff, started):
    entered = {**asdict(RIGHT), "line1": "PO Box 12", "reason": "asked for it"}

    page = staff.post(f"/admin/orders/order/{held.order_id}/correct_address/", entered, follow=True)

    (told,) = page.context["messages"]
    assert "corrected. Carriers do not deliver to PO boxes" in str(told)


class TaxOffice:
    """A tax service: 7 % for 10117, an error for 10119, else 19 %."""

    def rate(self, *, postcode, **_place):
        assert not in_transaction(), "no tax service call while an order is locked"
        if postcode == "10119":
            raise TemporaryError("timed out")
        return Decimal("0.07") if postcode == "10117" else Decimal("0.19")


def test_a_postcode_with_another_rate_of_the_tax_service_is_rejected(held, settings):
    settings.TAX_SERVICE = f"{__name__}.TaxOffice"

    with pytest.raises(corrections.InvalidNewAddressError, match="The tax here differs") as refused:
        corrections.correct(order=held.order, ship_to=RIGHT, **WHO)

    assert set(refused.value.fields) == {"postcode"}
    assert Address(**Order.objects.get().ship_to) == ODD


@pytest.mark.parametrize("postcode", ["10115", "10119"])
def test_a_postcode_with_the_same_rate_keeps_the_total(held, settings, postcode):
    settings.TAX_SERVICE = f"{__name__}.TaxOffice"
    paid = Order.objects.values("total_amount", "tax_amount").get()

    corrections.correct(order=held.order, ship_to=replace(RIGHT, postcode=postcode), **WHO)

    assert Order.objects.values("total_amount", "tax_amount").get() == paid


def test_a_region_with_another_rate_of_our_table_is_rejected(held):
    OrderLine.objects.update(tax_rate=Decimal("0.04"))
    Order.objects.update(ship_to=asdict(NEW_YORK))
    held.order.refresh_from_db()

    with pytest.raises(corrections.InvalidNewAddressError, match="The tax here differs") as refused:
        corrections.correct(order=held.order, ship_to=NEW_JERSEY, **WHO)

    assert set(refused.value.fields) == {"region"}


def test_a_street_is_corrected_even_if_the_rate_changed(held):
    OrderLine.objects.update(tax_rate=Decimal("0.16"))

    corrections.correct(order=held.order, ship_to=replace(ODD, line1="Musterweg 2"), **WHO)

    assert Order.objects.get().ship_to["line1"] == "Musterweg 2"
