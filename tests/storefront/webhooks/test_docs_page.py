"""Supplier documentation: its programs and payloads work as they stand."""

import subprocess
from html import unescape

import pytest
from django.urls import reverse

from storefront.webhooks.models import InboundWebhook
from storefront.webhooks.supplier_system import samples
from tests.factories.suppliers import make_supplier
from tests.factories.webhooks import secret_of

COMMANDS = {
    "Shell": (samples.shell_program, ["sh", "-c"]),
    "Python": (samples.python_program, ["python3", "-c"]),
    "JavaScript": (samples.javascript_program, ["node", "-e"]),
}


@pytest.mark.django_db
def test_the_page_holds_address_programs_and_payloads(client):
    page = unescape(client.get(reverse("supplier-api-docs")).content.decode())

    assert "/hooks/supplier-CODE/" in page
    for expected in (
        '"type": "stock"',
        "openssl dgst",
        "hmac.digest",
        "createHmac",
        "rows[0].quantity",
    ):
        assert expected in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", COMMANDS)
def test_each_program_sends_a_valid_call(live_server, name):
    source = f"supplier-{make_supplier().code}"
    program, command = COMMANDS[name]
    body = '{"type": "test", "note": "it\'s \\"ö\\""}'
    text = program(url=f"{live_server.url}/hooks/{source}/", secret=secret_of(source), body=body)

    done = subprocess.run([*command, text], capture_output=True, text=True, timeout=60, check=True)

    assert "200" in done.stdout, done
    assert bytes(InboundWebhook.objects.get().body).decode() == body
