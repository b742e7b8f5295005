"""E-mails to staff about what waits in the inbox: trigger each by the shop's own code."""

from datetime import UTC, datetime

import pytest

from notifications.models import Event
from storefront.dashboard.alerts import sending
from storefront.dashboard.models import AlertRecipient, InvariantViolation
from tests.factories.accounts import make_staff
from tests.support.emails import problems_of

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
KIND = "invariant_violated"


def recipient_of(user=None, **more):
    values = {"urgent_kinds": [KIND], "digest_kinds": [KIND], "time_zone": "UTC", **more}
    return AlertRecipient.objects.create(user=user, **values)


def break_rule(code):
    return InvariantViolation.objects.create(
        code=code, sentence="Broken.", count=1, rows=[], since=MORNING, seen_at=MORNING
    )


def money_at_stake(event):
    rows = [{**row, "amounts": ["€12.00"]} for row in event.payload.get("rows", ())]
    payload = event.payload | {"amounts": ["€12.00"], "rows": rows}
    Event.objects.filter(pk=event.pk).update(payload=payload)


def alert():
    recipient_of(make_staff("boss", "view_invariantviolation"))
    break_rule("a")
    sending.send_alerts(now=MORNING)


def alert_about_money():
    alert()
    money_at_stake(Event.objects.get())


def digest(**more):
    recipient_of(make_staff("boss", "view_invariantviolation"), **more)
    break_rule("a")
    sending.send_digests(now=MORNING)


def digest_about_money():
    digest()
    money_at_stake(Event.objects.get())


def empty_digest():
    digest(digest_kinds=["order_late"], sends_empty_digest=True)


CASES = [
    ("staff.alert", alert, ["1 December, 08:30"]),
    ("staff.alert", alert_about_money, ["€12.00"]),
    ("staff.digest", digest, ["Data integrity check failed: 1", "since 1 December, 08:30"]),
    ("staff.digest", digest_about_money, ["€12.00"]),
    ("staff.digest", empty_digest, ["Nothing needs attention."]),
]


@pytest.mark.parametrize(("name", "cause", "sentences"), CASES)
def test_an_e_mail_to_staff_is_complete(name, cause, sentences):
    cause()

    assert problems_of(name, sentences) == []
