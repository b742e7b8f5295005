"""Connect page: secret, example, test call, calls and replay."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from storefront.webhooks import processing
from storefront.webhooks.models import InboundWebhook, SupplierSecret
from storefront.webhooks.supplier_system.secrets import valid_secrets
from suppliers.models import SupplierOffer
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel, make_variant
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.factories.webhooks import store_webhook

pytestmark = pytest.mark.django_db
RIGHTS = ("view_supplier", "change_supplier", "change_connection")


@pytest.fixture
def supplier():
    return make_supplier()


@pytest.fixture
def buyer():
    desk = Client()
    desk.force_login(make_staff("buyer", *RIGHTS))
    return desk


def page(supplier):
    return reverse("admin:hooks_connect", args=[supplier.pk])


def rotate(desk, supplier, overlap="1"):
    current = desk.get(page(supplier)).context["current"]
    form = {"action": "rotate", "overlap": overlap, "current": current.pk if current else ""}
    return desk.post(page(supplier), form)


def test_the_suppliers_page_leads_to_it(buyer, supplier):
    url = reverse("admin:suppliers_supplier_connect_system", args=[supplier.pk])

    assert buyer.get(url)["Location"] == page(supplier)


def test_a_secret_is_shown_once(buyer, supplier):
    assert "There is no secret yet" in buyer.get(page(supplier)).content.decode()

    created = rotate(buyer, supplier)
    later = buyer.get(page(supplier)).content.decode()

    secret = created.context["secret"]
    assert secret in valid_secrets(supplier_code=supplier.code, now=NOON)
    assert created.content.decode().count(secret) == 2  # the secret and the example
    assert secret not in later
    assert "The secret was created on" in later
    assert "buyer@fara.example" in later
    assert "private" in created["Cache-Control"]
    assert secret not in SupplierSecret.objects.get().secret_encrypted
    assert LogEntry.objects.get().change_message


def test_the_old_secret_ends_after_the_overlap_or_at_once(buyer, supplier):
    first = rotate(buyer, supplier).context["secret"]
    second = rotate(buyer, supplier, "24").context["secret"]
    both = buyer.get(page(supplier))
    expires_at = SupplierSecret.objects.get(expires_at__isnull=False).expires_at
    at_the_end = valid_secrets(supplier_code=supplier.code, now=expires_at)

    before = valid_secrets(supplier_code=supplier.code, now=expires_at - timedelta(minutes=1))
    buyer.post(page(supplier), {"action": "end_old"})
    ended = buyer.get(page(supplier))

    assert before == [second, first]
    assert at_the_end[0] == second
    assert first not in at_the_end
    assert "End old secret now" in both.content.decode()
    assert "End old secret now" not in ended.content.decode()
    assert SupplierSecret.objects.filter(expires_at=None).count() == 1


def test_a_repeated_rotation_does_not_end_the_secret_in_use(buyer, supplier):
    rotate(buyer, supplier)
    form = {"action": "rotate", "overlap": "24", "current": SupplierSecret.objects.get().pk}
    buyer.post(page(supplier), form)

    again = buyer.post(page(supplier), form, follow=True)
    wrong = buyer.post(page(supplier), form | {"overlap": "9999"})

    assert (
        "The secret was changed in the meantime. Check the current one before you rotate it again."
        in again.content.decode()
    )
    assert (wrong.status_code, SupplierSecret.objects.count()) == (200, 2)


def test_the_test_call_goes_through_the_same_checks(buyer, supplier, queued):
    nothing = buyer.post(page(supplier), {"action": "test"})
    rotate(buyer, supplier)

    answer = buyer.post(page(supplier), {"action": "test"})

    call = InboundWebhook.objects.get()
    assert nothing.status_code == 302
    assert "Answer to the test call: 200" in answer.content.decode()
    assert (call.source, call.external_id[:5]) == ("supplier-lumen", "test_")
    assert processing.process(call=call, now=call.received_at) is True
    assert call.status == "applied"


def test_examples_hold_present_values(buyer, supplier):
    offer = make_offer(make_variant(), supplier, sku="it's 1", cost="7.25")
    make_level(offer, 6)
    make_location(supplier, "CN", "CN")

    stock, price, tracking, unknown = (
        buyer.get(f"{page(supplier)}?payload={kind}").context["example"]
        for kind in ("stock", "price", "tracking", "nothing")
    )

    assert '"quantity": 6, "location": "DE"' in stock
    assert "it'\"'\"'s 1" in stock
    assert '"cost": "7.25"' in price
    assert '"order": "FL-' in tracking
    assert '{"type": "test"}' in unknown
    SupplierOffer.objects.update(status="on_hold")
    without_offer = buyer.get(f"{page(supplier)}?payload=stock")
    assert "HL-1800-BK" in without_offer.context["example"]
    assert "With the present values" not in without_offer.content.decode()


def test_calls_show_problems_and_refused_rows_and_can_be_replayed(buyer, supplier, queued):
    make_offer(make_variant(), supplier, sku="A-1")
    rows = [{"sku": sku, "status": "active"} for sku in ("A-1", "<b>")]
    body = json.dumps({"type": "product_status", "rows": rows}).encode()
    call = store_webhook("supplier-lumen", body)
    waiting = buyer.get(page(supplier)).content.decode()
    processing.process(call=call, now=NOON)
    foreign = store_webhook("supplier-other", body)
    make_channel()

    shown = buyer.get(page(supplier)).content.decode()
    answer = buyer.post(page(supplier), {"action": "replay", "call": call.pk}, follow=True)
    twice = buyer.post(page(supplier), {"action": "replay", "call": call.pk}, follow=True)

    assert "Replay: " not in waiting
    assert "1 refused row" in shown
    assert "<code>&lt;b&gt;</code>: unknown SKU" in shown
    assert "1 of 2 rows refused: &lt;b&gt;: unknown SKU" in shown
    assert foreign.external_id not in shown
    call.refresh_from_db()
    assert (call.status, call.attempts) == ("received", 0)
    assert "The call is processed again." in answer.content.decode()
    assert "This call is already being processed." in twice.content.decode()
    assert queued == [{"call_id": call.pk}]
    InboundWebhook.objects.update(body=b"", status="applied")
    emptied = buyer.post(page(supplier), {"action": "replay", "call": call.pk}, follow=True)
    assert (
        "The payload of this call was deleted. Ask the sender to send it again."
        in emptied.content.decode()
    )
    for number in (foreign.pk, "x", 10**20):
        missing = buyer.post(page(supplier), {"action": "replay", "call": number})
        assert missing.status_code == 404


def test_rights(supplier):
    viewer, stranger = Client(), Client()
    viewer.force_login(make_staff("viewer", "view_supplier"))
    stranger.force_login(make_staff("stranger", "view_order"))
    store_webhook("supplier-lumen", b"{}")
    InboundWebhook.objects.update(status="failed")

    make_channel()

    seen = viewer.get(page(supplier))

    assert seen.status_code == 200
    for label in ("Create secret", "Send test call", "Replay"):
        assert label not in seen.content.decode()
    assert viewer.post(page(supplier), {"action": "rotate"}).status_code == 403
    assert stranger.get(page(supplier)).status_code == 403
    assert viewer.get(page(supplier).replace(str(supplier.pk), "999999")).status_code == 404


def test_the_page_takes_few_statements(buyer, supplier, django_assert_max_num_queries):
    rotate(buyer, supplier)
    for _ in range(60):
        store_webhook("supplier-lumen", b"{}")

    with django_assert_max_num_queries(12):
        shown = buyer.get(page(supplier)).content.decode()

    assert len(re.findall(r'<th scope="row">', unescape(shown))) == 50
