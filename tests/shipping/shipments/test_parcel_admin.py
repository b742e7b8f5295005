"""Parcel admin: staff correct, settle and close a parcel on its page."""

import pytest
from django.urls import reverse

from orders.models import Order, PaymentEvent
from shipping.models import Parcel
from tests.factories.accounts import make_staff
from tests.factories.parcels import PARCEL_STATES, make_parcel_in, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

# The actions that each state offers; ``replace`` and ``refund`` come first.
OFFERED = {
    "label_created": "mark_lost mark_returned mark_delivered correct_tracking change_contents void_label",
    "shipped": "mark_lost mark_returned mark_delivered correct_tracking change_contents",
    "delivered": "mark_lost mark_returned correct_tracking change_contents",
    "lost": "replace refund close mark_returned mark_delivered correct_tracking change_contents",
    "returned": "replace refund close mark_delivered correct_tracking change_contents",
    "voided": "restore_label",
    "lost refunded": "mark_delivered",
    "returned replaced": "mark_delivered",
    "lost closed": "mark_delivered",
    "delivered refunded": "close",
}


def url(what, parcel):
    return reverse(f"admin:shipping_parcel_{what}", args=[parcel.pk])


def shown(response):
    return response.content.decode()


def act(staff, what, parcel, **changed):
    """Submit the form with its initial values and these changes."""
    form = staff.get(url(what, parcel)).context["form"]
    given = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    given = {name: value for name, value in given.items() if value is not None}
    return shown(staff.post(url(what, parcel), {**given, **changed}, follow=True))


@pytest.mark.parametrize("state", PARCEL_STATES)
def test_each_state_offers_its_actions(staff, state):
    parcel = make_parcel_in(state)

    content = shown(staff.get(url("change", parcel)))

    names = {name for offered in OFFERED.values() for name in offered.split()}
    assert {name for name in names if url(name, parcel) in content} == set(OFFERED[state].split())


def test_parcel_page_needs_few_statements(staff, django_assert_max_num_queries):
    parcel = make_parcel_in("lost refunded")
    staff.get(url("change", parcel))

    with django_assert_max_num_queries(16):
        staff.get(url("change", parcel))


@pytest.mark.parametrize(
    ("state", "what", "expected"),
    [
        ("label_created", "void_label", "voided"),
        ("voided", "restore_label", "label_created"),
        ("shipped", "mark_lost", "lost"),
        ("shipped", "mark_returned", "returned"),
        ("shipped", "mark_delivered", "delivered"),
        ("lost", "close", "lost closed"),
    ],
)
def test_staff_move_a_parcel_with_a_reason(staff, state, what, expected):
    parcel = make_parcel_in(state)

    refused = act(staff, what, parcel, reason="")
    act(staff, what, parcel, reason="The carrier called.")

    assert "This field is required." in refused
    assert state_of(parcel) == expected
    assert "The carrier called." in shown(staff.get(url("change", parcel)))


def test_staff_refund_a_lost_parcel(staff, started):
    parcel = make_parcel_in("lost")

    asks = shown(staff.get(url("refund", parcel)))
    done = act(staff, "refund", parcel, reason="Lost in Leipzig")

    assert "The customer paid €79.98" in asks
    assert state_of(parcel) == "lost refunded"
    assert parcel.settlement.number in done
    assert PaymentEvent.objects.filter(kind="refund_requested").count() == 1
    assert ("execute_requests", {}) in started


def test_staff_replace_a_lost_parcel(staff, started):
    parcel = make_parcel_in("lost")

    done = act(staff, "replace", parcel, reason="The customer wants it")

    replacement = Order.objects.latest("pk")
    assert state_of(parcel) == "lost replaced"
    assert replacement.number in done
    assert ("create_purchase_orders", {"order_id": replacement.pk}) in started


def test_a_parcel_without_contents_is_not_refunded(staff):
    parcel = make_parcel_in("lost")
    parcel.lines.all().delete()

    asks = shown(staff.get(url("refund", parcel)))
    refused = act(staff, "refund", parcel, reason="Lost")

    assert "The contents of this parcel are not known." in asks
    assert "Change its contents" in refused or "correct the contents" in refused
    assert state_of(parcel) == "lost"


def test_staff_correct_the_tracking_number(staff):
    parcel = make_parcel_in("shipped")

    refused = act(staff, "correct_tracking", parcel, number="no", reason="Typing error")
    act(
        staff,
        "correct_tracking",
        parcel,
        carrier="DHL",
        number="JJD000111222333444",
        last_mile_carrier="GLS",
        last_mile_number="GLS00012345",
        reason="Typing error",
    )

    parcel.refresh_from_db()
    assert "This is not a valid tracking number." in refused
    assert (parcel.number, parcel.last_mile_number) == ("JJD000111222333444", "GLS00012345")
    assert "Typing error" in shown(staff.get(url("change", parcel)))
    former = staff.get(reverse("admin:shipping_parcel_changelist"), {"q": "CJPKL0000000000YQ"})
    last_mile = staff.get(reverse("admin:shipping_parcel_changelist"), {"q": "gls000"})
    for found in (former, last_mile):
        assert list(found.context["cl"].result_list) == [parcel]


def test_staff_change_the_contents(staff):
    parcel = make_parcel_in("label_created")
    line = Order.objects.get().lines.get()

    refused = act(staff, "change_contents", parcel, **{f"units_{line.pk}": 3}, reason="Counted")
    act(staff, "change_contents", parcel, **{f"units_{line.pk}": 1}, reason="Counted")

    assert "Ensure this value is less than or equal to 2" in refused
    assert parcel.lines.get().quantity == 1
    assert not Parcel.objects.get().is_content_unknown


def test_refund_and_replacement_need_their_permissions(client):
    parcel = make_parcel_in("lost")
    client.force_login(make_staff("clerk", "view_parcel", "change_parcel"))

    answers = {
        what: client.get(url(what, parcel)).status_code for what in ("close", "refund", "replace")
    }

    assert answers == {"close": 200, "refund": 403, "replace": 403}
