"""Privacy: erasure removes personal data from the order's status changes and events."""

import dataclasses

import pytest
from django.db import transaction

from notifications.models import Event
from orders import privacy
from orders.address_changes import change_requests
from orders.addresses import pending_changes
from orders.models import Order
from orders.returns import authorizations, supplier_returns
from storefront.lib.models import StatusChange
from tests.factories.claims import make_claim
from tests.factories.orders import HOME
from tests.factories.returns import declare, make_delivered, make_shipped_order
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

THERE = dataclasses.replace(HOME, line1="Zwitschergasse 7")
WORDS = f"No one is at {THERE.line1}, the customer says"


def forget():
    Order.objects.update(status="completed")
    with transaction.atomic():
        privacy.erase_customer(addresses=["erika@example.org"], owner_id=0, now=NOON)


def said():
    return list(StatusChange.objects.filter(reason__contains="Zwitschergasse"))


def test_an_answer_to_an_address_change_is_erased():
    made = make_accepted_purchase_order()
    change_requests.request_change(
        order=made.order, ship_to=THERE, reason="moved", actor="ann", now=NOON
    )
    with transaction.atomic():
        pending_changes.reject(made, reason=WORDS, notify_customer=False, now=NOON)
    (before,) = said()

    forget()

    assert before.subject == "orders.AddressChangeRequest"
    assert said() == []
    assert StatusChange.objects.get(pk=before.pk).to_status == "refused"


def payment():
    return make_delivered(ship_to=THERE).payments.get()


def rejected():
    made = declare(
        make_delivered(ship_to=THERE), 1, kind="defect", customer_message="It is broken."
    )
    authorizations.reject(authorization=made, answer="It works.", actor="ann", now=NOON)
    return made


def claim():
    return make_claim(make_shipped_order(ship_to=THERE).purchase_orders.get())


def supplier_return():
    purchase_order = make_delivered(ship_to=THERE).purchase_orders.get()
    units = {purchase_order.lines.get().pk: 1}
    return supplier_returns.open_without_return(
        purchase_order=purchase_order, units=units, actor="ann", now=NOON
    )


@pytest.mark.parametrize("made", [payment, rejected, claim, supplier_return])
def test_reasons_of_payments_and_returns_are_erased(made):
    row = made()
    StatusChange.objects.create(
        subject=row._meta.label,
        subject_id=row.pk,
        status_field="status",
        from_status="a",
        to_status="b",
        at=NOON,
        reason=WORDS,
    )

    forget()

    assert said() == []


def test_texts_of_a_return_are_erased_from_its_events():
    rejected()
    before = str(list(Event.objects.values_list("payload")))

    forget()

    after = str(list(Event.objects.values_list("payload")))
    for text in ("It is broken.", "It works."):
        assert text in before
        assert text not in after
