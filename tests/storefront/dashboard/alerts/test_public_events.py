"""Public events of the inbox: each new case is announced once, if a subscription wants it."""

import pytest

from storefront.dashboard.alerts.public_events import announce_cases
from storefront.dashboard.models import AnnouncedCase
from storefront.events.models import PendingEvent, PublicEvent
from tests.factories.events import make_subscription, publish
from tests.notifications.test_staff_emails import MORNING, break_rule

pytestmark = pytest.mark.django_db


def causes():
    return list(PendingEvent.objects.order_by("pk").values_list("facts__cause", flat=True))


def test_a_new_case_is_announced_once_and_again_when_it_comes_back():
    make_subscription("http://127.0.0.1:9000/", "attention.needed")
    case = break_rule("a")

    counts = [announce_cases(now=MORNING) for _ in range(2)]
    case.delete()
    announce_cases(now=MORNING)
    break_rule("a")
    announce_cases(now=MORNING)

    assert counts[1] == 0
    assert causes().count("invariant_violated") == 2
    publish(MORNING)
    event = PublicEvent.objects.filter(subject__startswith="case:invariant_violated").first()
    case = event.data["case"]
    assert (event.type, case["title"]) == ("attention.needed", "Data integrity check failed")
    assert "/admin/" in case["url"]


def test_nothing_is_announced_without_a_subscription():
    make_subscription("http://127.0.0.1:9000/", "order.paid")
    break_rule("a")

    assert announce_cases(now=MORNING) == 0
    assert (causes(), AnnouncedCase.objects.count()) == ([], 0)
