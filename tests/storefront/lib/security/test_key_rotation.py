from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command

from storefront.lib.security import key_rotation
from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.models import Connection
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CODES = ["one", "two", "three"]
SECRETS = {"api_key": "k-1", "hook_secret": "h-1"}


@pytest.fixture
def rows(settings):
    """Three connections encrypted with an old key; the new key comes first."""
    settings.FIELD_KEYS = [OLD]
    for code in CODES:
        row, _ = Connection.objects.get_or_create(supplier=make_supplier(code=code))
        row.secrets_encrypted = encrypt(SECRETS | {"of": code})
        row.tokens_encrypted = encrypt({"access": code})
        row.save()
    settings.FIELD_KEYS = [NEW, OLD]
    return Connection.objects.order_by("pk")


def rotate():
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out)
    return out.getvalue()


def test_old_key_can_be_removed_after_rotation(rows, settings):
    output = rotate()

    settings.FIELD_KEYS = [NEW]
    for row in rows:
        assert decrypt(row.secrets_encrypted) == SECRETS | {"of": row.supplier.code}
        assert decrypt(row.tokens_encrypted) == {"access": row.supplier.code}
    assert "suppliers.Connection.secrets_encrypted: 3 encrypted again, 0 current" in output
    assert "k-1" not in output


def test_rotation_can_be_interrupted_and_repeated(rows, settings, monkeypatch):
    real = key_rotation.reencrypt
    left = [2]

    def interrupted(sealed):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(sealed)

    with monkeypatch.context() as patched:
        patched.setattr(key_rotation, "reencrypt", interrupted)
        with pytest.raises(KeyboardInterrupt):
            rotate()
    for row in rows:
        assert decrypt(row.secrets_encrypted)["api_key"] == "k-1"

    assert "secrets_encrypted: 1 encrypted again, 2 current" in rotate()
    settings.FIELD_KEYS = [NEW]
    assert [decrypt(row.tokens_encrypted)["access"] for row in rows.all()] == CODES


def test_value_changed_meanwhile_is_not_overwritten(rows, settings, monkeypatch):
    real = key_rotation.reencrypt

    def changing(sealed):
        Connection.objects.update(tokens_encrypted=encrypt({"access": "renewed"}))
        return real(sealed)

    monkeypatch.setattr(key_rotation, "reencrypt", changing)

    output = rotate()

    assert [decrypt(row.tokens_encrypted) for row in rows] == [{"access": "renewed"}] * 3
    assert "secrets_encrypted: 3 encrypted again" in output


def test_undecryptable_value_stays_and_is_counted(rows, settings):
    settings.FIELD_KEYS = [NEW]
    before = list(rows.values_list("secrets_encrypted", flat=True))

    with pytest.raises(CommandError, match="6 values cannot be decrypted"):
        rotate()

    assert list(rows.values_list("secrets_encrypted", flat=True)) == before


def test_every_encrypted_column_is_found():
    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.endswith("_encrypted")
    }

    assert named == set(key_rotation.encrypted_columns())
    assert named
