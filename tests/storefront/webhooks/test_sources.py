import json

import pytest

from storefront.lib.security.encryption import encrypt
from storefront.webhooks import storage, views
from storefront.webhooks.models import InboundWebhook
from suppliers.models import Connection
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import OLD_SECRET, SECRET, post_signed, secret_of

pytestmark = pytest.mark.django_db
BODY = json.dumps({"order": "FL-1-1", "parcels": []}).encode()


@pytest.fixture(autouse=True)
def clock(monkeypatch, settings):
    settings.TRACKING_HOOK_SECRET = SECRET
    monkeypatch.setattr(storage, "database_time", lambda: NOON)
    monkeypatch.setattr(views.process, "delay", lambda **_: None)


def test_supplier_cannot_sign_for_another(client):
    make_supplier("lumen")
    make_supplier("other")

    answers = [
        post_signed(client, "tracking-other", BODY, secret=secret).status_code
        for secret in (secret_of("tracking-lumen"), SECRET, secret_of("tracking-other"))
    ]

    assert answers == [401, 401, 200]
    assert InboundWebhook.objects.get().source == "tracking-other"


def test_own_secret_replaces_the_derived_one(client):
    lumen, other, bare = (make_supplier(code) for code in ("lumen", "other", "bare"))
    own = encrypt({"api_key": "k", "hook_secret": OLD_SECRET})
    Connection.objects.filter(supplier=lumen).update(secrets_encrypted=own)
    bare.connection.delete()

    answers = [
        post_signed(client, f"tracking-{supplier.code}", BODY, secret=secret).status_code
        for supplier, secret in (
            (lumen, OLD_SECRET),
            (lumen, secret_of("tracking-lumen")),
            (other, OLD_SECRET),
            (bare, secret_of("tracking-bare")),  # without a connection
        )
    ]

    assert answers == [200, 401, 401, 200]
