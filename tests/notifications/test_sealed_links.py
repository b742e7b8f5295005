import json

import pytest
from cryptography.fernet import Fernet
from django.db import transaction
from django.utils import timezone

from notifications import dispatch, outbox
from notifications.models import Event
from notifications.sealed_links import encrypt_link
from storefront.lib.security import key_rotation

pytestmark = pytest.mark.django_db
LINK = "https://shop.example/en/account/password/3/c9x-8f2b4a6c8e0f/"


@pytest.fixture
@transaction.atomic
def event():
    return outbox.record_event(
        name="account.password_forgotten",
        key="account.password_forgotten:1",
        subject="account:1",
        payload={"email": "ada@example.org", "locale": "en", **encrypt_link(LINK)},
        at=timezone.now(),
    )


def mail_of(event):
    [message] = dispatch.fan_out(event=event, now=timezone.now())
    return dispatch.compose(message)


def test_a_reset_link_is_readable_only_in_its_e_mail(event, admin_client):
    page = admin_client.get(f"/admin/notifications/event/{event.pk}/change/").content.decode()

    assert LINK not in json.dumps(event.payload)
    assert event.payload["sealed_url"] not in page
    assert "ada@example.org" in page
    assert LINK in mail_of(event).text


def test_a_link_is_encrypted_again_with_a_new_key(event, settings):
    newest = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [newest, *settings.FIELD_KEYS]
    key_rotation.rotate()
    settings.FIELD_KEYS = [newest]

    assert LINK in mail_of(Event.objects.get()).text
