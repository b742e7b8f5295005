"""No secret that a sync run uses appears in a log, an error, a row or an admin page."""

import logging
import traceback

import pytest
from django.urls import reverse
from django.utils import timezone

from storefront.accounts.models import User
from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.connections.factory import build_context, build_gate, open_connector
from suppliers.models import Connection, SyncRun
from suppliers.sync.runner import run_sync
from tests.fakes.cj_sandbox import connect

pytestmark = pytest.mark.django_db
WRONG_KEY = "CJ1000001@api@ffffeeeeddddccccbbbbaaaa99998888"
FAULTS = ["500", "garbage", "token_expired", "drop_after", "429"]


@pytest.fixture
def supplier(shop, sandbox_supplier):
    made = connect(sandbox_supplier)
    Connection.objects.update(secrets_encrypted=encrypt({"api_key": DEFAULT_KEY}))
    return made


def secrets_of(supplier):
    """Return all secrets of this connection."""
    row = Connection.objects.get(supplier=supplier)
    tokens = decrypt(row.tokens_encrypted)
    return {DEFAULT_KEY, WRONG_KEY, tokens["access"], tokens["refresh"]}


def run_with_faults(supplier, sandbox):
    """Sync through every kind of failure; return the errors as they may be logged."""
    errors = []
    for kind in FAULTS:
        sandbox.fault("*", kind, count=2)
        run_sync(supplier=supplier, kind="products", now=timezone.now())
    sandbox.control("faults/clear", {})
    run_sync(supplier=supplier, kind="products", now=timezone.now())
    row = Connection.objects.get(supplier=supplier)
    kept = row.secrets_encrypted, row.tokens_encrypted
    Connection.objects.update(
        secrets_encrypted=encrypt({"api_key": WRONG_KEY}), tokens_encrypted=""
    )
    try:
        with open_connector(supplier) as connector:
            connector.sign_in()
    except ExternalServiceError as error:
        errors.append("".join(traceback.format_exception(error)) + repr(error))
    Connection.objects.update(secrets_encrypted=kept[0], tokens_encrypted=kept[1])
    return errors


def test_no_secret_of_a_run_is_exposed(supplier, sandbox_supplier, client, caplog):
    caplog.set_level(logging.DEBUG)
    errors = run_with_faults(supplier, sandbox_supplier)
    connection = Connection.objects.get(supplier=supplier)
    context = build_context(supplier, connection, gate=build_gate(supplier, connection))
    client.force_login(User.objects.create_superuser("staff@fara.example", "a password"))
    pages = [
        client.get(reverse(f"admin:suppliers_{name}_change", args=[pk])).content.decode()
        for name, pk in (("connection", connection.pk), ("supplier", supplier.pk))
    ] + [
        client.get(reverse(f"admin:suppliers_{name}_changelist")).content.decode()
        for name in ("connection", "supplier", "syncrun", "callquota", "circuitbreaker")
    ]
    outputs = {
        "the log": caplog.text,
        "errors": "\n".join(errors),
        "the context": repr(context) + str(context),
        "the admin": "\n".join(pages),
        "runs": str(list(SyncRun.objects.values())),
        "the connection": repr(connection)
        + connection.problem
        + str(connection.connector_state)
        + str(connection.options),
    }

    assert errors
    assert "suppliers.resilience.gate" in outputs["the log"]
    assert SyncRun.objects.filter(status="failed").exists()
    found = {
        (secret[:8], place)
        for secret in secrets_of(supplier)
        for place, text in outputs.items()
        if secret in text
    }
    assert not found
