"""Problem report e-mails: trigger each by the shop's own code, check its text in both languages."""

import pytest

from orders.models import Payment
from shipping.problem_reports import endings
from tests.factories.parcels import make_parcel_in, report_status
from tests.factories.problem_reports import decide, report_problem, whole_report
from tests.factories.suppliers import NOON
from tests.support.emails import email_test

pytestmark = pytest.mark.django_db


def decided(act, kind="damaged", **known):
    return lambda: decide(report_problem(kind=kind), act, **known)


def received_without_contents():
    parcel = make_parcel_in("delivered")
    parcel.lines.all().delete()
    report_problem(parcel)


def received_without_number():
    parcel = make_parcel_in("delivered")
    type(parcel).objects.update(number="")
    report_problem(parcel, "missing_items", wish="replacement")


def answered_without_contents():
    parcel = make_parcel_in("delivered")
    type(parcel).objects.update(number="")
    parcel.lines.all().delete()
    decide(report_problem(parcel), "reject")


def arrived():
    report = report_problem()
    report_status("delivered", at=NOON.replace(hour=13))
    endings.end_arrived(report=whole_report(report), now=NOON)


def refunded_before():
    """Refund an item whose payment was refunded at the gateway: nothing is left to refund."""
    report = report_problem(kind="missing_items")
    payment = Payment.objects.get()
    payment.events.create(
        kind="refunded",
        gateway=payment.gateway,
        external_id="re_1",
        amount=payment.captured_amount,
        occurred_at=NOON,
        received_at=NOON,
    )
    decide(report, "refund")


def unanswered():
    report = report_problem(kind="damaged")
    decide(report, "ask")
    endings.end_unanswered(report=whole_report(report), now=NOON + 2 * endings.REPLY_PERIOD)


CASES = [
    (
        "problem.received",
        lambda: report_problem(kind="damaged", customer_message="Dented <twice>."),
        [
            "We received your report.",
            "Items arrived damaged",
            "You wrote: Dented <twice>.",
            "You ask for a refund.",
            "Tracking number",
        ],
    ),
    ("problem.received", received_without_contents, ["The parcel never arrived"]),
    (
        "problem.received",
        received_without_number,
        ["Items were missing in the parcel", "You ask for a replacement."],
    ),
    ("problem.received", lambda: report_problem(kind="wrong_item"), ["The wrong item arrived"]),
    (
        "problem.answered",
        decided("ask", text="A picture?"),
        ["We need more information.", "We wrote: A picture?"],
    ),
    (
        "problem.answered",
        decided("refund"),
        [
            "We refund €39.99 the way you paid.",
            "You do not need to send anything back. Keep it.",
            "We wrote: Sorry!",
        ],
    ),
    ("problem.answered", decided("refund", "never_arrived", text=""), ["We refund €84.88"]),
    ("problem.answered", refunded_before, ["We refund it the way you paid."]),
    (
        "problem.answered",
        decided("replace", "wrong_item"),
        [
            "We are sending you a replacement. It has its own order number.",
            "You do not need to send anything back. Keep it.",
            "New order",
            "See the new order",
        ],
    ),
    (
        "problem.answered",
        decided("replace", "missing_items"),
        ["We are sending you a replacement. It has its own order number."],
    ),
    (
        "problem.answered",
        decided("reject", text="The neighbor has it."),
        [
            "We cannot refund or replace it.",
            "We wrote: The neighbor has it.",
            "If you do not agree, write to us.",
        ],
    ),
    ("problem.answered", answered_without_contents, ["We cannot refund or replace it."]),
    ("problem.answered", arrived, ["The carrier reports that the parcel has arrived since."]),
    (
        "problem.answered",
        unanswered,
        ["You did not answer our question, so your report is closed."],
    ),
]


test_problem_report_email = email_test(CASES)
