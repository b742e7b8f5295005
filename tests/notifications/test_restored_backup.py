"""Restored backup: a message that may have been sent meanwhile is left to staff."""

from datetime import timedelta

import pytest
from django.core import mail

from notifications import dispatch
from notifications.models import Message
from storefront.identity import live_database
from storefront.identity.models import LiveDatabase
from tests.factories.notifications import make_event, make_message
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def uncached(monkeypatch):
    monkeypatch.setattr(live_database, "_cached", None)


def restore():
    """Make this database look like a restored backup that staff switched on."""
    live_database.record()
    LiveDatabase.objects.update(database_oid=1)
    assert live_database.switch_on(actor="ann", now=LATER)


def test_message_and_event_of_before_fail_and_staff_resend_them():
    waiting = make_message()
    event = make_event()
    restore()
    (late,) = dispatch.fan_out(event=event, now=LATER)

    for message in (waiting, late):
        dispatch.send(message=message, now=LATER)
        assert message.status == Message.Status.FAILED
        assert message.problem == dispatch.RESTORED
    assert mail.outbox == []

    dispatch.resend(message=waiting, actor="ann", now=LATER)
    dispatch.send(message=waiting, now=LATER)
    assert waiting.status == Message.Status.SENT
