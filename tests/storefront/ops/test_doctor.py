import json

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import DatabaseError

from storefront.lib.security.encryption import encrypt
from storefront.ops import doctor, health
from suppliers.models import Connection
from tests.factories.circuit_breakers import break_line
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def services(monkeypatch):
    """No worker and no mail server run beside this test."""
    monkeypatch.setattr(health, "parts", lambda: iter([("redis", "ok")]))
    monkeypatch.setitem(doctor.EXAMINATIONS, "mail", lambda: iter(()))


def found(capsys):
    with pytest.raises(SystemExit, match="1"):
        call_command("doctor", "--json")
    return {finding["subject"]: finding for finding in json.loads(capsys.readouterr().out)}


def test_healthy_shop_has_no_urgent_finding(capsys):
    call_command("doctor")

    out = capsys.readouterr().out
    assert "FAULT" not in out
    assert "ok     migrations" in out


def test_supplier_that_is_late_or_paused_is_named_with_the_repair(capsys):
    break_line(make_supplier())

    finding = found(capsys)["suppliers"]
    assert finding["is_urgent"]
    assert finding["repair"]


def test_secrets_of_a_lost_key_are_named(capsys, settings):
    make_supplier()
    Connection.objects.update(secrets_encrypted=encrypt({"api_key": "1"}))
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]

    finding = found(capsys)["keys"]
    column = "suppliers.Connection.secrets_encrypted"
    assert finding["fault"] == f"Values that no key decrypts: 1 in {column}."
    assert "FIELD_KEYS" in finding["repair"]


def test_service_that_fails_is_named(capsys, monkeypatch):
    monkeypatch.setattr(health, "parts", lambda: iter([("worker bulk", "silent")]))

    assert found(capsys)["services"]["repair"] == "Start a worker of this queue."


def test_unreachable_mail_server_is_named(capsys, monkeypatch, settings):
    monkeypatch.setitem(doctor.EXAMINATIONS, "mail", doctor._mail)
    settings.MAILERS = {"default": {"OPTIONS": {"host": "127.0.0.1", "port": 9}}}

    assert "127.0.0.1:9" in found(capsys)["mail"]["fault"]


def test_unreachable_certificate_and_a_wrong_clock_are_named(capsys, monkeypatch, settings):
    settings.PUBLIC_URL = "https://127.0.0.1:9"
    monkeypatch.setattr(doctor.time, "time", lambda: 0.0)

    assert {"certificate", "clock"} <= found(capsys).keys()


def test_migration_that_is_not_applied_is_named(capsys, monkeypatch):
    monkeypatch.setattr(
        doctor.MigrationExecutor, "migration_plan", lambda *_: [(_Migration(), False)]
    )

    assert found(capsys)["migrations"]["fault"].endswith("orders.0002_more.")


class _Migration:
    app_label, name = "orders", "0002_more"


def test_unreachable_database_ends_the_examination(capsys, monkeypatch):
    def fail():
        raise DatabaseError("refused")

    monkeypatch.setattr(doctor.connection, "ensure_connection", fail)

    assert set(found(capsys)) == {"database"}
