"""Supplier command: add and check a supplier from a script."""

import io
import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.security.encryption import decrypt
from suppliers.connectors.records import FreightOption
from suppliers.models import Connection, Supplier, SyncRun
from tests.factories.feeds import make_feed_supplier, stock_world, usd

pytestmark = pytest.mark.django_db
Status = Supplier.Status
ROUTE = FreightOption(name="Post", price=usd("3.50"), min_days=3, max_days=5)


def run_command(*words):
    out = io.StringIO()
    call_command("supplier", *words, stdout=out)
    return out.getvalue()


def add(*words, code="lumen", connector="fake", base_url="http://fake.example"):
    return run_command(
        "add", f"--code={code}", f"--connector={connector}", f"--base-url={base_url}", *words
    )


def test_add_creates_or_changes_a_supplier():
    first = add("--name=Lumen", "--currency=EUR", "--max-concurrent-calls=5")
    second = add("--calls-per-second=7")

    supplier = Supplier.objects.get()
    connection = supplier.connection
    assert first.startswith("lumen (fake): added as a candidate.")
    assert second.startswith("lumen (fake): changed.")
    assert (supplier.name, supplier.currency) == ("Lumen", "EUR")
    assert (connection.max_concurrent_calls, connection.calls_per_second) == (5, 7)


def test_secrets_are_read_from_files_and_never_printed(tmp_path):
    (tmp_path / "key").write_text("CJ1@api@swordfish\n")

    said = add(f"--secret=api_key=@{tmp_path / 'key'}", connector="cj")
    with pytest.raises(CommandError) as missing:
        add(f"--secret=api_key=@{tmp_path / 'none'}", connector="cj")
    with pytest.raises(CommandError) as unnamed:
        add("--secret=swordfish", connector="cj")
    with pytest.raises(CommandError) as misnamed:
        add("--secret=key=swordfish", connector="cj")

    assert decrypt(Connection.objects.get().secrets_encrypted) == {"api_key": "CJ1@api@swordfish"}
    for words in (said, str(missing.value), str(unnamed.value), str(misnamed.value)):
        assert "swordfish" not in words
    assert "secret key: This connector has no such secret." in str(misnamed.value)


def test_a_secret_is_read_from_standard_input_and_options_are_json_or_words(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("piped\n"))

    add("--secret=api_key=-", "--option=level=2", "--option=payment=staged", connector="cj")

    connection = Connection.objects.get()
    assert decrypt(connection.secrets_encrypted) == {"api_key": "piped"}
    assert connection.options == {"level": 2, "payment": "staged"}
    with pytest.raises(CommandError, match=r"option payment: '\{' is not valid JSON"):
        add("--option=payment={", connector="cj")


@pytest.mark.parametrize("words", ["--calls-per-second=many", "--option=level", "--option=level=9"])
def test_invalid_arguments_change_nothing(words):
    with pytest.raises(CommandError):
        add("--secret=api_key=k", words, connector="cj")

    assert not Supplier.objects.exists()


def test_a_check_reports_each_step_and_orders_nothing(shop, world):
    supplier = make_feed_supplier()
    stock_world(world, 1)
    world.routes = (ROUTE, replace(ROUTE, name="Air", price=usd("9.00")))

    said = run_command("check", "lumen")

    assert "ok  sign in: signed in as " in said
    assert "ok  catalog: read Sensor headlamp 1 (P1), 1 variants" in said
    assert "ok  stock and price: 120 units at 2 locations, 1 prices" in said
    assert "2 shipping services for one P1-Black to DE, from 3.50 USD (Post)" in said
    assert "-  balance: not supported by the connector" in said
    assert said.endswith("Ready. Nothing was ordered.\n")
    assert not world.orders
    assert not any(call.startswith(("place", "cancel")) for call in world.asked)
    supplier.connection.refresh_from_db()
    assert supplier.connection.health_report["is_ready"] is True
    assert not SyncRun.objects.exists()


def test_a_failed_check_gives_advice_and_an_exit_code(shop, world):
    make_feed_supplier()
    world.failures = [PermanentError("HTTP 401", code="401")]
    out = io.StringIO()

    with pytest.raises(CommandError) as caught:
        call_command("supplier", "check", "lumen", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert caught.value.returncode == 1
    assert report["is_ready"] is False
    assert report["steps"][0] == {
        "name": "sign in",
        "outcome": "bad",
        "message": "HTTP 401",
        "advice": "Enter the keys again. The supplier rejects this key, or the key lacks the"
        " permission.",
    }
    assert {step["outcome"] for step in report["steps"][1:]} == {"not tried", "absent"}


def test_a_check_continues_after_a_failed_step(shop, world):
    make_feed_supplier()
    stock_world(world, 1)
    asked = world.asked

    class Flaky(list):
        def __bool__(self):
            return asked[-1] == "freight"

        def pop(self, _place):
            return TemporaryError("freight: HTTP 503", code="503")

    world.failures = Flaky()

    with pytest.raises(CommandError):
        run_command("check", "lumen")

    steps = Connection.objects.get().health_report["steps"]
    assert [step["outcome"] for step in steps] == ["good", "good", "good", "bad", "absent"]
    assert "Try again in a few minutes" in steps[3]["advice"]


def test_a_supplier_with_an_empty_list_is_not_ready_and_an_unknown_code_is_an_error(shop, world):
    make_feed_supplier()

    with pytest.raises(CommandError):
        run_command("check", "lumen")
    with pytest.raises(CommandError, match=r"Unknown supplier 'unknown'. Available: lumen$"):
        run_command("check", "unknown")

    step = Connection.objects.get().health_report["steps"][1]
    assert (step["message"], step["outcome"]) == ("the product list is empty", "bad")
