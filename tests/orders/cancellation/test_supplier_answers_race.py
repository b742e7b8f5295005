"""Race: the supplier's page and staff record the answer to a cancellation request at once."""

import pytest

from orders.backorders import purchase_order_cancellation
from orders.cancellation import supplier_answers
from orders.models import Order, PaymentEvent
from orders.purchasing import reassignment, submission
from tests.factories.cancellation import LATER, fresh, sent
from tests.factories.orders import ask_to_stop
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("verb", "place", "name"),
    [
        (supplier_answers.record_acceptance, purchase_order_cancellation, "cancel_all"),
        (supplier_answers.record_refusal, reassignment, "abandon"),
    ],
)
def test_the_second_answer_waits_and_raises_no_error(monkeypatch, verb, place, name):
    """Without the lock it would read a stale state and lose the race for the row."""
    monkeypatch.setattr(submission, "evaluate_purchase_order", lambda **_: [])
    connect(monkeypatch, WrittenTo())
    purchase_order = sent()
    ask_to_stop(purchase_order.order)
    rival = Rival(
        lambda: supplier_answers.record_acceptance(
            purchase_order=fresh(purchase_order), actor="page", now=LATER
        )
    )
    rival.begin_at(monkeypatch, place, name)

    verb(purchase_order=fresh(purchase_order), actor="ann", now=LATER)
    rival.finish()

    assert rival.failure is None
    assert Order.objects.get().status == "canceled"
    asked = PaymentEvent.objects.filter(kind__endswith="_requested")
    assert [one.kind for one in asked] == ["void_requested"]
