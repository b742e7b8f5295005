"""Webhook documentation: every type, and programs that verify what the shop signs."""

import json
import subprocess
from datetime import UTC, datetime

import pytest

from storefront.api.merchant.events.docs_page import JAVASCRIPT, PYTHON
from storefront.events.event_types import EventType
from storefront.lib.security.webhook_signing import headers_for

SECRET = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"


def test_the_page_documents_every_type_and_loads_nothing_external(client):
    page = client.get("/api/docs/webhooks/").content.decode()

    for kind in EventType.values:
        assert f'id="{kind}"' in page
        assert f"&quot;type&quot;: &quot;{kind}&quot;" in page
    assert 'href="#EventOrderParcelData"' in page
    assert 'id="EventOrderParcelData"' in page
    assert "<script" not in page


def python_accepts(headers, body):
    program = {}
    exec(PYTHON, program)
    return program["is_genuine"](headers, body, SECRET)


def javascript_accepts(headers, body):
    values = ", ".join(map(json.dumps, (headers, body.decode(), SECRET)))
    now_ms = int(datetime.now(UTC).timestamp() * 1000)  # the time of the test is frozen
    text = f"Date.now = () => {now_ms};\n{JAVASCRIPT}\nconsole.log(isGenuine({values}))"
    done = subprocess.run(
        ["node", "-e", text], capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("accepts", [python_accepts, javascript_accepts])
def test_the_program_verifies_messages(accepts):
    body = b'{"type":"order.placed"}'
    headers = headers_for(message_id="evt_1", body=body, at=datetime.now(UTC), secret=SECRET)

    assert accepts(headers, body)
    assert not accepts(headers, body + b" ")
