"""Supplier setup: input is validated as a whole, and stored only if valid."""

import pytest
from django.utils import timezone

from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.connections import setup
from suppliers.connections.setup import ConnectionInput, InvalidSetupError, SupplierInput
from suppliers.models import Connection, Supplier, SupplierProduct
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db
HERE = "https://api.example.com/v1/"


def add(code="dragon", *, connector="cj", base_url=HERE, secrets=None, options=None, **words):
    wiring = ConnectionInput(base_url=base_url, secrets=secrets or {}, options=options or {})
    supplier_input = SupplierInput(connector=connector, connection_input=wiring, **words)
    return setup.save_supplier(code=code, supplier_input=supplier_input, now=timezone.now())


def rejected(**words):
    with pytest.raises(InvalidSetupError) as caught:
        add(**words)
    return caught.value.reasons


def test_a_new_supplier_is_a_candidate_with_encrypted_keys():
    supplier, is_new = add(secrets={"api_key": "CJ1@api@key"}, options={"level": 3})

    connection = Connection.objects.get(supplier=supplier)
    assert (is_new, supplier.status) == (True, "candidate")
    assert (supplier.currency, supplier.name) == ("USD", "Dragon")
    assert "CJ1@api@key" not in connection.secrets_encrypted
    assert decrypt(connection.secrets_encrypted) == {"api_key": "CJ1@api@key"}
    assert connection.options == {"level": 3}


def test_adding_again_changes_only_the_given_values():
    add(secrets={"api_key": "old"}, options={"level": 3}, connection={"calls_per_second": 4})

    supplier, is_new = add(connector=None, base_url=None, name="Dragon Ltd")

    connection = Connection.objects.get(supplier=supplier)
    assert (is_new, supplier.name, Supplier.objects.count()) == (False, "Dragon Ltd", 1)
    assert (connection.base_url, connection.calls_per_second, connection.options) == (
        HERE,
        4,
        {"level": 3},
    )
    assert decrypt(connection.secrets_encrypted) == {"api_key": "old"}


def test_all_errors_are_reported_together_and_nothing_is_written():
    reasons = rejected(
        base_url="api.example.com",
        secrets={"api_kye": "x"},
        options={"level": 9, "colour": "red"},
        connection={"calls_per_second": 5},
    )

    assert reasons.keys() == {"base_url", "secret api_kye", "secret api_key", "options"}
    assert "Available: api_key." in reasons["secret api_kye"]
    assert "payment" in reasons["options"]
    assert not Supplier.objects.exists()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Enter an address"),
        ("https://me:secret@api.example.com/", "Do not put"),
        ("https://api.example.com:99999/", "address is invalid"),
        ("https://api example.com/", "Enter an address"),
        ("https://api.example.com/" + "x" * 200, "longer than 200"),
    ],
)
def test_an_invalid_address_is_rejected_without_repeating_it(address, words):
    reasons = rejected(base_url=address, secrets={"api_key": "k"})

    assert words in reasons["base_url"]
    assert "secret@" not in reasons["base_url"]


def test_an_invalid_choice_is_answered_with_the_valid_ones():
    reasons = rejected(
        connector="bigbuy", secrets={"api_key": "k"}, options={"order_statuses": {"Sent": "sent"}}
    )

    assert "'sent'" in reasons["options"]
    assert "Allowed: received, accepted, " in reasons["options"]
    assert "bigbuy, cj" in rejected(connector="carrier-pigeon", secrets={})["connector"]


def test_uploaded_files_need_no_address():
    add(connector="feed", base_url="", secrets={}, options={"via": "upload"})

    assert Connection.objects.get().base_url == ""
    assert "base_url" in rejected(
        connector="feed", base_url="", secrets={}, options={"via": "sftp"}
    )


def test_a_new_key_deletes_the_tokens_of_the_old_one():
    supplier, _ = add(secrets={"api_key": "old"})
    lent = encrypt({"access": "lent"})
    Connection.objects.update(tokens_encrypted=lent, connector_state={"etag": "1"})

    add(base_url=None, secrets={"api_key": "old"})
    kept = Connection.objects.get(supplier=supplier)
    add(base_url=None, secrets={"api_key": "new"})

    changed = Connection.objects.get(supplier=supplier)
    assert kept.tokens_encrypted == lent
    assert (changed.tokens_encrypted, changed.connector_state) == ("", {"etag": "1"})
    assert decrypt(changed.secrets_encrypted) == {"api_key": "new"}


def test_another_host_requires_entering_the_keys_again():
    add(secrets={"api_key": "old"})
    Connection.objects.update(
        tokens_encrypted=encrypt({"access": "lent"}), connector_state={"etag": "1"}
    )

    reasons = rejected(connector=None, base_url="https://thief.example.net/v1/")
    add(connector=None, base_url="https://api.example.com/v2/")
    same_host = Connection.objects.get()
    add(connector=None, base_url="https://new.example.com/", secrets={"api_key": "old"})

    assert reasons == {"secret api_key": "The address has changed. Enter this secret again."}
    assert decrypt(same_host.tokens_encrypted) == {"access": "lent"}
    assert same_host.connector_state == {"etag": "1"}
    moved = Connection.objects.get()
    assert moved.base_url == "https://new.example.com/"
    assert (moved.tokens_encrypted, moved.connector_state) == ("", {})


def test_an_empty_secret_is_deleted_and_null_resets_an_option():
    add(connector="feed", secrets={"user": "u", "token": "t"}, options={"stock_at": "stock.csv"})

    add(connector="feed", base_url=None, secrets={"token": ""}, options={"stock_at": None})

    connection = Connection.objects.get()
    assert decrypt(connection.secrets_encrypted) == {"user": "u"}
    assert connection.options == {}
    assert rejected(base_url=None, secrets={"api_key": ""}).keys() == {"secret api_key"}


def test_another_connector_starts_without_options():
    add(secrets={"api_key": "k"}, options={"level": 3})

    add(connector="bigbuy", base_url=None, options={"taxonomies": [1]})

    assert Connection.objects.get().options == {"taxonomies": [1]}


def test_connector_and_currency_are_fixed_once_products_are_imported():
    supplier = make_supplier(code="dragon", currency="USD", adapter="fake")
    SupplierProduct.objects.create(supplier=supplier, external_id="P1", changed_at=timezone.now())

    reasons = rejected(connector="cj", currency="EUR", base_url=None)

    assert reasons.keys() == {"connector", "currency"}
