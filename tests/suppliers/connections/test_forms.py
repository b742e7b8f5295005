"""Connection form: fields for a connector's secrets and options, and error messages."""

from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from storefront.dev.sandboxes import in_memory_supplier
from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.connections import health_check
from suppliers.models import Connection, Supplier
from tests.factories.feeds import stock_world

pytestmark = pytest.mark.django_db
EVERY = {f"{kind}_every_min": 9 for kind in ("products", "prices", "stock", "orders")}
NO_BUDGETS = {"quotas-TOTAL_FORMS": 0, "quotas-INITIAL_FORMS": 0}
WORDS = {"base_url": "https://api.example.com/", "account_id": "", **EVERY, **NO_BUDGETS}
RATES = {"calls_per_second": 2, "max_concurrent_calls": 8}


@pytest.fixture
def connection():
    supplier = Supplier.objects.create(code="dragon", name="Dragon", adapter="cj", currency="USD")
    return Connection.objects.create(
        supplier=supplier,
        base_url="https://api.example.com/",
        secrets_encrypted=encrypt({"api_key": "old"}),
        options={"level": 2},
    )


def page(row, what="change"):
    args = [row.pk] if what == "change" else []
    return reverse(f"admin:suppliers_{row._meta.model_name}_{what}", args=args)


def test_each_option_has_a_field_and_an_empty_one_is_the_default(connection, staff):
    shown = staff.get(page(connection)).content.decode()
    words = WORDS | RATES | {"option_payment": "staged", "option_level": "4"}
    saved = staff.post(
        page(connection), words | {"option_signature": "", "option_points_per_day": ""}
    )

    assert 'name="secret_api_key"' in shown
    assert 'name="option_level" value="2"' in shown
    assert "Default: balance" in shown
    assert saved.status_code == 302
    connection.refresh_from_db()
    assert connection.options == {"payment": "staged", "level": 4}
    assert decrypt(connection.secrets_encrypted) == {"api_key": "old"}


def test_errors_are_shown_at_their_fields(connection, staff):
    words = WORDS | RATES | {"option_level": "9", "base_url": "https://me:pw@api.example.com/"}

    answer = staff.post(page(connection), words)
    elsewhere = staff.post(page(connection), WORDS | RATES | {"base_url": "https://thief.example/"})
    wrong = staff.post(page(connection), words | {"option_level": "3"})

    assert "less than or equal to 5" in answer.content.decode()
    assert "Enter this secret again" in elsewhere.content.decode()
    assert "Do not put user names or passwords into the address" in wrong.content.decode()
    connection.refresh_from_db()
    assert (connection.base_url, connection.options) == ("https://api.example.com/", {"level": 2})


def test_a_complex_option_is_edited_as_json(connection, staff):
    Supplier.objects.update(adapter="bigbuy")
    Connection.objects.update(options={})
    words = WORDS | RATES | {"option_only_in_stock": "no"}

    invalid = staff.post(page(connection), words | {"other_options": "{"})
    unknown = staff.post(page(connection), words | {"other_options": '{"taxonomy": [1]}'})
    saved = staff.post(page(connection), words | {"other_options": '{"taxonomies": [19657]}'})

    assert "Invalid JSON" in invalid.content.decode()
    assert "unknown field `taxonomy`" in unescape(unknown.content.decode())
    assert saved.status_code == 302
    connection.refresh_from_db()
    assert connection.options == {"taxonomies": [19657], "only_in_stock": False}
    assert "19657" in staff.get(page(connection)).content.decode()


def test_a_new_connection_leads_to_the_page_for_its_keys(connection, staff):
    given = WORDS | RATES | {"supplier": connection.supplier_id}
    connection.delete()

    answer = staff.post(page(connection, "add"), given)

    assert answer.url == page(Connection.objects.get())
    assert 'name="secret_api_key"' in staff.get(answer.url).content.decode()


def test_a_key_keeps_its_lines(connection, staff):
    Supplier.objects.update(adapter="feed")
    Connection.objects.update(secrets_encrypted="", options={})
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"

    saved = staff.post(page(connection), WORDS | RATES | {"secret_private_key": key})

    assert saved.status_code == 302
    connection.refresh_from_db()
    kept = decrypt(connection.secrets_encrypted)["private_key"].replace("\r\n", "\n")
    assert kept == key
    assert "OPENSSH" not in staff.get(page(connection)).content.decode().replace("(OpenSSH)", "")


def test_the_supplier_page_shows_the_last_health_check(connection, staff):
    Supplier.objects.update(adapter="fake")
    Connection.objects.update(base_url="http://fake.example", options={})
    stock_world(in_memory_supplier.data_at("http://fake.example"), 1)

    asked = staff.get(
        reverse("admin:suppliers_supplier_check_connection", args=[connection.supplier_id])
    )
    health_check.run(supplier=Supplier.objects.get(), now=timezone.now())
    shown = staff.get(page(connection.supplier)).content.decode()
    in_memory_supplier.reset_data()

    assert "Nothing is ordered." in asked.content.decode()
    assert "read Sensor headlamp 1 (P1), 1 variants" in shown
    assert "no shipping service for one P1-Black to DE" in shown
    assert "which shipping services the account may use" in shown
