"""Product alerts at the same moment: concurrent sweeps, and a person who stops an alert."""

import pytest
from django.db import transaction

from shipping.models import ProductAlert
from shipping.product_alerts import matching, subscriptions
from tests.factories.orders import make_sellable
from tests.factories.product_alerts import HELD, subscribe, sweep, told
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def tell():
    return matching.tell_due(now=NOON + HELD)


def test_sweeps_at_the_same_moment_respect_the_limit_together(settings):
    settings.PRODUCT_ALERTS_PER_UNIT = 2
    listing = make_sellable(quantity=1)
    make_service()
    for number in range(6):
        subscribe(listing, email=f"{number}@example.org")
    sweep()

    all_at_once([tell] * 4, refusal=())

    assert told() == ["0@example.org", "1@example.org"]
    assert ProductAlert.objects.count() == 4


def test_a_person_who_stops_at_the_last_moment_is_not_told():
    make_service()
    alert = subscribe(make_sellable())
    sweep()
    sweeping = Rival(tell)

    with transaction.atomic():
        subscriptions.stop(alert=alert)
        sweeping.begin()

    assert sweeping.finish() == 0
    assert told() == []
