"""Return e-mails: trigger each by the shop's own code, check its text in both languages."""

from datetime import timedelta

import pytest
from django.db import transaction

from orders.returns import authorizations, refunds
from tests.factories.orders import make_sellable
from tests.factories.parcels import act_on_parcel, make_parcel_in
from tests.factories.return_labels import send_label
from tests.factories.returns import (
    bring_back,
    declare,
    exchange,
    make_delivered,
    make_inspected_return,
    make_policy,
    make_sibling,
)
from tests.factories.suppliers import NOON
from tests.support.emails import email_test, last_email

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=31)
US = "Fara, Lampenweg 1, 10115 Berlin"


def withdrawn():
    make_policy()
    declare(make_delivered(quantity=2), 2, customer_message="Too bright <for me>.")


def withdrawn_with_nowhere_to_send_it():
    declare(make_delivered(quantity=1), 1)


def withdrawn_and_kept():
    make_policy(destination="nowhere", address="")
    declare(make_delivered(quantity=1), 1)


def withdrawn_for_another():
    light = make_sellable(price="33.33", quantity=9)
    other = make_sibling(light, "30.00")
    order = make_delivered(light, quantity=1)
    declare(order, 1, wanted={order.lines.get().pk: other.variant.pk})


def complaint():
    return declare(make_delivered(quantity=1), 1, kind="defect", customer_message="Dead.")


def approved():
    make_policy()
    made = complaint()
    authorizations.approve(authorization=made, answer="Sorry!", actor="ann", now=NOON)
    return made


def rejected():
    authorizations.reject(authorization=complaint(), answer="It is wet.", actor="ann", now=NOON)


def asked():
    made = complaint()
    authorizations.request_evidence(
        authorization=made, question="Which cell?", actor="ann", now=NOON
    )
    return made


def labeled():
    made = complaint()
    authorizations.approve(authorization=made, answer="", actor="ann", now=NOON)
    authorizations.issue_label(
        authorization=made,
        address=US,
        label="https://labels.example/1",
        carrier="DHL",
        tracking_number="1",
        actor="ann",
        now=NOON,
    )


def label_bought():
    make_policy()
    send_label(declare(make_delivered(quantity=1), 1))


def label_bought_by_us():
    send_label(approved(), payer="us", charge="0")


def label_voided():
    authorization = approved()
    label = send_label(authorization, payer="us", charge="0")
    with transaction.atomic():
        authorizations.detach_label(authorization, label, actor="ann", now=NOON)


def refused():
    made = complaint()
    bring_back(made)
    refunds.reject_received(authorization=made, answer="An empty box.", actor="ann", now=NOON)


def expired():
    make_policy()
    authorizations.expire(authorization=declare(make_delivered(quantity=1), 1), now=NOON + MONTH)


def canceled():
    make_policy()
    made = declare(make_delivered(quantity=1), 1)
    for _ in range(2):
        authorizations.cancel(authorization=made, actor="ann", now=NOON)


def unanswered():
    authorizations.expire(authorization=asked(), now=NOON + MONTH)


def exchanged():
    light = make_sellable(price="33.33", quantity=9)
    exchange(make_inspected_return(light, units=2), make_sibling(light, "30.00"))


def never_arrived():
    act_on_parcel(make_parcel_in("lost"), "replace")


CASES = [
    (
        "return.labeled",
        label_bought,
        [
            "Print the return label",
            "If you use this label, we deduct €5.95 from your refund.",
            "You pay for the return shipping.",
        ],
    ),
    (
        "return.labeled",
        label_bought_by_us,
        ["Print the return label", "We pay for the return shipping."],
    ),
    (
        "return.label_voided",
        label_voided,
        ["The return label that we sent you is no longer valid. Do not use it."],
    ),
    (
        "return.exchanged",
        never_arrived,
        [
            "We are sending you a replacement. It has its own order number.",
            "We send you instead:",
            "See the new order",
        ],
    ),
    (
        "return.declared",
        withdrawn,
        [
            "We received your withdrawal.",
            "You withdrew from the contract for the items below.",
            "We received it on 24 November, 13:00 CET.",
            "You wrote: Too bright <for me>.",
            "Fara H1 headlamp, Black",
            f"Send it to: {US}",
            "Send it by 8 December.",
            "You pay for the return shipping.",
            "We refund what you paid within 14 days, the way you paid.",
            "We may wait until the items arrive",
        ],
    ),
    (
        "return.declared",
        withdrawn_with_nowhere_to_send_it,
        ["We will send you the return address by e-mail."],
    ),
    ("return.declared", withdrawn_and_kept, ["You do not need to send anything back. Keep it."]),
    (
        "return.declared",
        withdrawn_for_another,
        [
            "You ask for this instead: Fara H1 headlamp, Black",
            "Any refund that is due is paid within 14 days",
        ],
    ),
    (
        "return.declared",
        complaint,
        ["We received your complaint.", "You reported a problem with the items below."],
    ),
    (
        "return.approved",
        approved,
        [
            "Your return is approved.",
            "We wrote: Sorry!",
            f"Send it to: {US}",
            "We pay for the return shipping.",
        ],
    ),
    ("return.rejected", rejected, ["We cannot take it back.", "We wrote: It is wet."]),
    ("return.asked", asked, ["We need more information.", "We wrote: Which cell?"]),
    (
        "return.labeled",
        labeled,
        [
            "Here is how to send it back.",
            f"Send it to: {US}",
            "Label for the parcel: https://labels.example/1",
        ],
    ),
    (
        "return.refused",
        refused,
        ["We inspected what you sent back and cannot refund it.", "We wrote: An empty box."],
    ),
    ("return.expired", expired, ["We received nothing, so this return is closed."]),
    (
        "return.canceled",
        canceled,
        ["The return is canceled: you keep the item and get no refund."],
    ),
    (
        "return.unanswered",
        unanswered,
        ["You did not answer our question, so this return is closed."],
    ),
    (
        "return.exchanged",
        exchanged,
        [
            "We are sending you a replacement.",
            "New order",
            "We send you instead:",
            "It costs less: we refund €6.66 the way you paid.",
            "See the new order",
        ],
    ),
]


test_return_email = email_test(CASES)


def test_a_returnless_refund_waits_for_no_parcel():
    withdrawn_and_kept()

    assert "We may wait" not in last_email("return.declared").english.text
