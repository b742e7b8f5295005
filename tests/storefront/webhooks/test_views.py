import json
import time
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from storefront.celery import app
from storefront.lib.security import webhook_signing
from storefront.webhooks import reception, storage
from storefront.webhooks.models import InboundWebhook, SupplierSecret
from storefront.webhooks.supplier_system import secrets
from suppliers.models import Supplier
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import (
    OLD_SECRET,
    cj_body,
    cj_sign,
    connect_cj,
    post_cj,
    post_signed,
    secret_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def cj():
    return connect_cj(make_supplier())


@pytest.fixture
def tracking():
    return f"supplier-{make_supplier().code}"


def signed_headers(body, secret):
    return webhook_signing.headers_for(message_id="msg_1", body=body, at=NOON, secret=secret)


def post_as(client, source, body, headers):
    return client.post(
        reverse("hook", args=[source]), body, content_type="application/json", headers=headers
    )


BODY = json.dumps({"order": "FL-1-1", "parcels": []}).encode()


def test_valid_webhook_is_stored_unchanged_and_queued(client, cj, queued):
    body = cj_body("ORDER", "m-7", orderNumber="FL-1-1") + b"  \n"

    answer = post_cj(client, cj, body)

    call = InboundWebhook.objects.get()
    assert answer.status_code == 200
    assert (call.source, call.external_id, bytes(call.body)) == (cj, "m-7", body)
    assert (call.status, call.received_at, call.due_at) == ("received", NOON, NOON)
    assert queued == [{"call_id": call.pk}]


def test_redelivery_is_acknowledged_and_changes_nothing(client, cj, tracking, queued):
    body = cj_body("ORDER", "m-7", orderNumber="FL-1-1")
    other = f"supplier-{make_supplier('other').code}"

    answers = [post_cj(client, cj, body).status_code for _ in range(3)]
    answers += [
        post_signed(client, source, BODY, message_id="msg_1").status_code
        for source in (tracking, tracking, other)  # ids are unique per source only
    ]

    assert answers == [200] * 6
    assert InboundWebhook.objects.count() == len(queued) == 3


def test_webhook_not_signed_by_cj_leaves_no_row(client, cj, queued):
    right = cj_sign(cj_body("ORDER", "m-7"))

    for sign, status in (
        ("", 400),
        ("bm90IHRoZSBzaWduYXR1cmU=", 401),
        (cj_sign(b"another body"), 401),
        (cj_sign(cj_body("ORDER", "m-7"), open_id="20000124"), 401),
        (right.lower(), 401),
        ("\u00e9\u00e9", 401),
    ):
        assert post_cj(client, cj, cj_body("ORDER", "m-7"), sign=sign).status_code == status, sign
    assert (InboundWebhook.objects.count(), queued) == (0, [])


def test_supplier_with_unknown_open_id_cannot_be_impersonated(client, queued):
    source = connect_cj(make_supplier(), open_id="")
    body = cj_body("ORDER", "m-7")

    answer = post_cj(client, source, body, sign=cj_sign(body, open_id=""))

    assert answer.status_code == 401
    assert InboundWebhook.objects.count() == 0


def test_changed_body_is_refused(client, cj, tracking, queued):
    body = cj_body("ORDER", "m-7", orderNumber="FL-1-1")
    again = json.dumps(json.loads(body), indent=1).encode()

    answers = [
        post_cj(client, cj, again, sign=cj_sign(body)).status_code,
        post_as(client, tracking, again, signed_headers(body, secret_of(tracking))).status_code,
    ]

    assert answers == [401, 401]
    assert InboundWebhook.objects.count() == 0


def test_old_or_future_signature_is_stale(client, tracking, queued):
    for seconds, status in ((-301, 401), (301, 401), (-299, 200), (0, 200), (299, 200)):
        answer = post_signed(client, tracking, BODY, at=NOON + timedelta(seconds=seconds))
        assert answer.status_code == status, seconds
    assert InboundWebhook.objects.count() == 3


def test_invalid_headers_are_refused(client, tracking, queued):
    for name, value, status in (
        ("id", "", 400),
        ("id", "a" * 101, 400),
        ("id", "a b", 400),
        ("id", "another", 401),
        ("timestamp", "", 400),
        ("timestamp", "noon", 400),
        ("timestamp", "-1", 400),
        ("timestamp", "999999999999", 400),
        ("signature", "", 400),
        ("signature", "v1,", 401),
        ("signature", "v1", 401),
        ("signature", "nonsense,,, v1,AAAA", 401),
        ("signature", "\u00e9", 401),
    ):
        answer = post_signed(client, tracking, BODY, **{f"webhook-{name}": value})
        assert answer.status_code == status, (name, value)
    assert (InboundWebhook.objects.count(), queued) == (0, [])


def test_old_secret_stays_valid_during_rotation(client, tracking, queued):
    supplier = Supplier.objects.get(code=tracking.partition("-")[2])
    old = secret_of(tracking)
    new, newest = (
        secrets.rotate_secret(supplier=supplier, overlap=overlap, actor="a", now=NOON)
        for overlap in (timedelta(hours=1), timedelta(minutes=1))
    )

    at_once = [
        post_signed(client, tracking, BODY, secret=secret).status_code
        for secret in (old, new, newest)
    ]
    SupplierSecret.objects.filter(expires_at__gt=NOON).update(expires_at=NOON)
    late = [
        post_signed(client, tracking, BODY, secret=secret).status_code for secret in (new, newest)
    ]

    # At most two are valid: the second rotation ended the first secret.
    assert (at_once, late) == ([401, 200, 200], [401, 200])


def test_webhook_signed_with_two_secrets_is_accepted_with_either(client, tracking, queued):
    mine = secret_of(tracking)
    both = " ".join(
        signed_headers(BODY, secret)["webhook-signature"] for secret in (OLD_SECRET, mine)
    )
    headers = signed_headers(BODY, mine) | {"webhook-signature": f"v1a,AAAA {both}"}

    answer = post_as(client, tracking, BODY, headers)

    assert answer.status_code == 200


def test_unknown_source_is_refused(client, cj, queued):
    make_supplier("silent")  # another connector than CJ's
    assert client.get(reverse("hook", args=[cj])).status_code == 405, "only POST is accepted"

    for source, status in (
        ("cj-unknown", 401),
        ("cj-silent", 401),
        ("supplier-unknown", 400),
        ("stripe", 404),
        ("cj-", 404),
        ("fake-silent", 404),
        ("supplier", 404),
    ):
        assert post_cj(client, source, cj_body("ORDER")).status_code == status, source
    assert InboundWebhook.objects.count() == 0


def test_a_call_over_64_kb_is_not_read(client, cj, queued):
    fits = cj_body("ORDER", "m-1", remark="x" * (64 * 1024 - 120))
    body = cj_body("ORDER", "m-2", remark="x" * 64 * 1024)

    answers = [post_cj(client, cj, fits).status_code, post_cj(client, cj, body).status_code]

    assert len(fits) <= 64 * 1024 < len(body)
    assert answers == [200, 413]
    assert InboundWebhook.objects.get().external_id == "m-1"


def test_webhook_without_an_id_is_stored_under_its_hash(client, cj, queued):
    bodies = [
        b"",
        b"not json",
        b"[" * 60_000,
        b'{"messageId": null}',
        b'{"messageId": {"a": 1}}',
        b'{"messageId": "a\\u0000b"}',
        b'{"messageId": "' + b"a" * 200 + b'"}',
        b"\xff\xfe\x00",
    ]

    answers = [post_cj(client, cj, body).status_code for body in bodies * 2]

    assert set(answers) == {200}
    calls = InboundWebhook.objects.order_by("pk")
    assert all(call.external_id.startswith("sha256:") for call in calls)
    assert [bytes(call.body) for call in calls] == bodies


def test_webhook_is_acknowledged_at_once_while_the_broker_is_down(client, cj, monkeypatch):
    # The read and write URLs are derived from this one.
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    started = time.monotonic()

    answer = post_cj(client, cj, cj_body("ORDER", "m-7"))

    assert answer.status_code == 200
    assert time.monotonic() - started < 3
    assert list(InboundWebhook.objects.due(NOON)) == [InboundWebhook.objects.get()]


def test_signature_is_checked_by_the_database_time(client, tracking, queued, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(reception.process, "delay", lambda **_: None)
    database_now = storage.database_time()

    with time_machine.travel(database_now + timedelta(minutes=10)):
        answer = post_signed(client, tracking, BODY, at=database_now)

    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["supplier", "cj"])
def test_supplier_codes_cannot_be_discovered(client, kind):
    make_supplier("known", adapter="cj")
    body = cj_body("ORDER")
    signed = webhook_signing.headers_for(message_id="m-1", body=b"{}", at=NOON, secret="whsec_AAAA")

    for headers in ({}, {**signed, "sign": "AAAA"}):
        known, unknown = (
            client.post(
                f"/hooks/{kind}-{code}/", body, content_type="application/json", headers=headers
            )
            for code in ("known", "unknown")
        )
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        assert known.status_code in {400, 401}


def refusals(client, source):
    """Post a forged, a stale, and an altered call; return the answers."""
    stale = NOON - timedelta(minutes=6)
    altered = signed_headers(BODY, secret_of(source))
    return [
        post_signed(client, source, BODY, secret=OLD_SECRET),
        post_signed(client, source, BODY, at=stale),
        post_as(client, source, BODY + b" ", altered),
    ]


def test_forged_stale_and_altered_calls_get_one_answer(client, tracking, queued):
    known, unknown = refusals(client, tracking), refusals(client, "supplier-unknown")

    assert {(answer.status_code, answer.content) for answer in known + unknown} == {
        (401, known[0].content)
    }


def test_known_and_unknown_suppliers_cost_the_same_work(client, tracking, queued, monkeypatch):
    signed = []
    real = webhook_signing.sign
    monkeypatch.setattr(webhook_signing, "sign", lambda **k: signed.append(1) or real(**k))
    headers = signed_headers(BODY, OLD_SECRET)
    secret_of(tracking)

    works = []
    for source in (tracking, "supplier-unknown"):
        signed.clear()
        with CaptureQueriesContext(connection) as queries:
            post_as(client, source, BODY, headers)
        works.append((len(signed), len(queries)))

    assert works[0] == works[1]


def test_a_payload_that_breaks_its_schema_is_answered_with_the_field(client, tracking, queued):
    wrong = b'{"type": "stock", "rows": [{"sku": "A", "quantity": -1}]}'

    answer = post_signed(client, tracking, wrong, message_id="m-1")

    call = InboundWebhook.objects.get()
    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "invalid_payload",
        "message": "Expected `int` >= 0",
        "field": "rows[0].quantity",
    }
    assert (call.status, call.problem) == (
        "failed",
        "malformed payload: rows[0].quantity: Expected `int` >= 0",
    )
    assert queued == []


def test_a_corrected_payload_may_be_sent_under_the_same_id(client, tracking, queued):
    wrong = b'{"type": "stock", "rows": []}'
    right = b'{"type": "stock", "rows": [{"sku": "A", "quantity": 1}]}'

    answers = [
        post_signed(client, tracking, body, message_id="m-1")
        for body in (wrong, wrong, right, right)
    ]

    call = InboundWebhook.objects.get()
    assert [answer.status_code for answer in answers] == [422, 422, 200, 200]
    assert [answer.json()["status"] for answer in answers[2:]] == ["received", "duplicate"]
    assert (call.status, bytes(call.body), call.priority) == ("received", right, 1)
    assert queued == [{"call_id": call.pk}]


def test_a_schema_error_under_a_known_id_keeps_the_applied_call(client, tracking, queued):
    post_signed(client, tracking, BODY, message_id="m-1")

    answer = post_signed(client, tracking, b"{}", message_id="m-1")

    call = InboundWebhook.objects.get()
    assert (answer.status_code, call.status, bytes(call.body)) == (422, "received", BODY)


def test_calls_of_one_supplier_are_limited(client, queued, monkeypatch):
    tracking = f"supplier-{make_supplier(uuid4().hex[:20]).code}"  # not counted by other tests
    monkeypatch.setattr(reception, "MAX_CALLS_PER_MINUTE", 2)
    forged = [post_signed(client, tracking, BODY, secret=OLD_SECRET) for _ in range(3)]

    answers = [post_signed(client, tracking, BODY) for _ in range(3)]

    assert {answer.status_code for answer in forged} == {401}  # not counted
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "60"


def test_a_suppliers_system_may_send_256_kb(client, tracking, queued):
    rows = [{"sku": f"{number:060}", "quantity": 1} for number in range(1000)]
    batch = json.dumps({"type": "stock", "rows": rows}).encode()
    large = batch + b" " * (256 * 1024 - len(batch))

    answers = [post_signed(client, tracking, body).status_code for body in (large, large + b" ")]

    assert answers == [200, 413]
