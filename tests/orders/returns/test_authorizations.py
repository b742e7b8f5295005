"""Return authorizations: answer by e-mail, keep deadlines, close."""

from datetime import timedelta

import pytest

from notifications import dispatch
from notifications.models import Event, Message
from notifications.rendering import render
from orders.models import PurchaseOrder, ReturnAuthorization, SupplierReturn
from orders.returns import authorizations, tasks
from orders.returns.eligibility import CannotReturnError
from orders.returns.photos import CannotAnswerError
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.returns import (
    counters,
    declare,
    make_delivered,
    make_policy,
    make_shipped_order,
    mark_shipped,
    receive,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)


def complaint(order=None):
    return declare(order or make_delivered(quantity=2), 1, kind="defect", customer_message="Dead.")


def mails(name):
    """Render the e-mails of an event as they are sent."""
    found = []
    for event in Event.objects.filter(name=name).order_by("pk"):
        for message in dispatch.fan_out(event=event, now=NOON):
            letter = render(
                template=message.template, locale=event.payload["locale"], payload=event.payload
            )
            found.append((message.recipient, letter))
    return found


def test_the_receipt_has_the_items_and_the_time():
    order = make_delivered(quantity=2, email="erika@example.org")
    make_policy()

    made = declare(order, 2, customer_message="Too bright.")

    ((recipient, letter),) = mails("return.declared")
    assert recipient == "erika@example.org"
    assert letter.subject == f"Your withdrawal from order {order.number}"
    for words in (
        made.number,
        f"2 × {order.lines.get().title}",
        "We received it on 24 November, 13:00 CET.",
        "You wrote: Too bright.",
        "Send it to: Fara, Lampenweg 1, 10115 Berlin",
        "Send it by 8 December.",
        "within 14 days",
    ):
        assert words in letter.text


def test_an_azerbaijani_customer_gets_an_azerbaijani_receipt():
    order = make_delivered(quantity=1)
    type(order).objects.filter(pk=order.pk).update(locale="az")
    order.refresh_from_db()

    declare(order, 1)

    ((_recipient, letter),) = mails("return.declared")
    assert letter.subject == f"{order.number} sifarişindən imtinanız"
    assert "24 noyabr" in letter.text
    assert "withdraw" not in letter.text + letter.html


@pytest.mark.parametrize(
    ("act", "fact", "words"),
    [
        ("approve", "return.approved", "Your return is approved."),
        ("reject", "return.rejected", "We cannot take it back."),
    ],
)
def test_each_answer_is_emailed_with_our_message(act, fact, words):
    made = complaint()

    getattr(authorizations, act)(authorization=made, answer="Look here.", actor="ann", now=NOON)

    ((_recipient, letter),) = mails(fact)
    assert words in letter.text
    assert "We wrote: Look here." in letter.text


def test_a_second_question_is_emailed_too():
    made = complaint()

    for minute, question in enumerate(("Which cell?", "Which charger?")):
        now = NOON + timedelta(minutes=minute)
        authorizations.request_evidence(authorization=made, question=question, actor="ann", now=now)
        authorizations.add_answer(authorization=made, customer_message="Yours.", now=now)

    assert [question in letter.text for question, (_who, letter) in zip(
        ("Which cell?", "Which charger?"), mails("return.asked"), strict=True
    )] == [True, True]  # fmt: skip
    assert Message.objects.filter(template="return_update").count() == 2


def test_rejected_units_are_returnable_again():
    order = make_delivered(quantity=1)
    made = complaint(order)

    authorizations.reject(authorization=made, answer="No.", actor="ann", now=NOON)

    assert counters(order) == [(0, 0)]
    assert complaint(order).status == "requested"


def test_an_unsent_return_expires_after_deadline_and_tolerance():
    order = make_delivered(quantity=2)
    make_policy()
    made, sent = declare(order, 1), declare(order, 1)
    mark_shipped(sent)

    assert not authorizations.expire(authorization=made, now=NOON + 28 * DAYS)
    assert authorizations.expire(authorization=made, now=NOON + 29 * DAYS)

    assert (made.status, counters(order)) == ("expired", [(1, 0)])
    assert not authorizations.expire(authorization=sent, now=NOON + 99 * DAYS)
    assert "this return is closed" in mails("return.expired")[0][1].text


def test_a_failed_expiry_does_not_stop_others(monkeypatch):
    order = make_delivered(quantity=2)
    make_policy()
    first, second = declare(order, 1), declare(order, 1)
    ReturnAuthorization.objects.update(ship_by=NOON.date() - 99 * DAYS)
    expire = authorizations.expire

    def break_down(*, authorization, now):
        if authorization == first:
            raise RuntimeError("no")
        return expire(authorization=authorization, now=now)

    monkeypatch.setattr(authorizations, "expire", break_down)
    tasks.expire_returns()

    second.refresh_from_db()
    assert second.status == "expired"


def test_a_kept_return_cannot_be_marked_shipped():
    order = make_delivered(quantity=1)
    make_policy(destination="nowhere", address="")
    made = declare(order, 1)

    with pytest.raises(CannotReturnError):
        mark_shipped(made)


def test_a_tracking_number_can_be_corrected_until_receipt_also_of_a_lost_return():
    made = declare(make_delivered(quantity=1), 1)
    for number in ("1", "2"):
        mark_shipped(made, number)
    assert made.tracking_number == "2"
    authorizations.mark_lost(authorization=made, reason="no scan", actor="ann", now=NOON)
    receive(made)
    assert made.status == "received"

    with pytest.raises(InvalidTransitionError):
        mark_shipped(made, "3")


def test_an_unanswered_question_expires_with_its_own_email():
    made = complaint()
    authorizations.request_evidence(authorization=made, question="Why?", actor="ann", now=NOON)
    with pytest.raises(CannotAnswerError):
        authorizations.add_answer(authorization=made, customer_message="x" * 4000, now=NOON)

    assert authorizations.expire(authorization=made, now=NOON + 31 * DAYS)

    ((_who, letter),) = mails("return.unanswered")
    assert "did not answer our question" in letter.text
    assert mails("return.expired") == []


def label(made, now):
    authorizations.issue_label(
        authorization=made, address="Lampenweg 1", label="", carrier="", tracking_number="",
        actor="ann", now=now,
    )  # fmt: skip


def test_the_deadline_starts_with_the_return_address():
    order = make_delivered(quantity=1)
    made = declare(order, 1)
    assert made.ship_by is None
    assert not authorizations.expire(authorization=made, now=NOON + 99 * DAYS)

    label(made, NOON + 20 * DAYS)

    assert made.ship_by == (NOON + 34 * DAYS).date()
    assert not authorizations.expire(authorization=made, now=NOON + 48 * DAYS)
    assert authorizations.expire(authorization=made, now=NOON + 49 * DAYS)


def test_the_deadline_of_items_in_transit_starts_at_arrival():
    order = make_shipped_order(quantity=1)
    make_policy()
    made = declare(order, 1)
    late = NOON + 29 * DAYS

    assert made.ship_by is None
    assert not authorizations.expire(authorization=made, now=late)
    PurchaseOrder.objects.update(status="closed", status_since=late)
    assert not authorizations.expire(authorization=made, now=late + 28 * DAYS)
    assert authorizations.expire(authorization=made, now=late + 29 * DAYS)


def test_a_return_of_items_that_never_arrive_expires():
    made_policy = make_policy()
    made = declare(make_shipped_order(quantity=1), 1)

    assert made.address == made_policy.address
    assert not authorizations.expire(authorization=made, now=NOON + 90 * DAYS)
    assert authorizations.expire(authorization=made, now=NOON + 91 * DAYS)


def closed(order):
    make_policy()
    made = declare(order, 1)
    assert authorizations.expire(authorization=made, now=NOON + 29 * DAYS)
    return made


def test_an_expired_return_can_be_received():
    order = make_delivered(quantity=1)
    made = closed(order)
    assert counters(order) == [(0, 0)]

    receive(made)

    assert (made.status, counters(order)) == ("received", [(1, 0)])


def test_units_in_a_newer_return_are_not_counted_twice():
    order = make_delivered(quantity=1)
    made = closed(order)
    newer = declare(order, 1)

    with pytest.raises(CannotReturnError, match="newer return"):
        receive(made)

    assert counters(order) == [(1, 0)]
    assert ReturnAuthorization.objects.get(pk=made.pk).status == "expired"
    receive(newer)
    assert newer.status == "received"


@pytest.mark.parametrize(
    ("model", "ended"),
    [(ReturnAuthorization, ReturnAuthorization.FINAL), (SupplierReturn, SupplierReturn.SETTLED)],
)
def test_every_state_can_reach_an_end(model, ended):
    ends = set(ended)
    while more := {s for s, ahead in model.TRANSITIONS.items() if ahead & ends} - ends:
        ends |= more

    assert ends == set(model.Status)
    again = {s for s in ended if not model.TRANSITIONS[s] <= set(ended)}
    assert again <= {"expired"}, "the goods of an expired return may still arrive"
