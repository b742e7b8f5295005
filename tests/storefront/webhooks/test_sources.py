import json

import pytest

from storefront.webhooks.models import InboundWebhook
from tests.factories.suppliers import make_supplier
from tests.factories.webhooks import SECRET, post_signed, secret_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "queued")]
BODY = json.dumps({"order": "FL-1-1", "parcels": []}).encode()


def test_supplier_cannot_sign_for_another(client):
    make_supplier("lumen")
    make_supplier("other")

    answers = [
        post_signed(client, "supplier-other", BODY, secret=secret).status_code
        for secret in (secret_of("supplier-lumen"), SECRET, secret_of("supplier-other"))
    ]

    assert answers == [401, 401, 200]
    assert InboundWebhook.objects.get().source == "supplier-other"
