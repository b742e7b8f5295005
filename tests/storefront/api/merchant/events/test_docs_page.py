"""Webhook documentation: every type, and programs that verify what the shop signs."""

from datetime import UTC, datetime

from storefront.api.merchant.events.docs_page import PYTHON
from storefront.events.event_types import EventType
from storefront.lib.security.webhook_signing import headers_for

SECRET = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"


def test_the_page_documents_every_type_and_loads_nothing_external(client):
    page = client.get("/api/docs/webhooks/").content.decode()

    for kind in EventType.values:
        assert f'id="{kind}"' in page
    assert "EventOrder" in page
    assert "<script" not in page


def test_the_python_program_verifies_messages():
    program = {}
    exec(PYTHON, program)
    body = b'{"type":"order.placed"}'
    headers = headers_for(message_id="evt_1", body=body, at=datetime.now(UTC), secret=SECRET)

    assert program["is_genuine"](headers, body, SECRET)
    assert not program["is_genuine"](headers, body + b" ", SECRET)
