import base64
import contextlib
import json
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext

from notifications import dispatch
from notifications.models import Consent, Event, Message
from orders.cart import account_cart, delivery_details
from orders.models import (
    Cart,
    ErasureRequest,
    Order,
    PurchaseMessage,
    ReturnPhoto,
)
from orders.returns import authorizations, photos, refunds
from shipping.models import Parcel
from shipping.shipments import corrections, outcomes
from storefront.accounts import login_throttling, profile
from storefront.accounts.models import LoginAttempts, User
from storefront.api.models import IdempotencyRecord
from storefront.privacy import personal_data
from storefront.webhooks.models import InboundWebhook
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.compliance import make_picture
from tests.factories.orders import HOME, make_cart, make_paid_order
from tests.factories.problem_reports import decide, report_problem
from tests.factories.returns import declare, inspect, make_delivered, receive
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON
from tests.orders.returns.test_photos import files
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
CANARIES = ("Kanari Vogel", "Zwitschergasse 7", "+49307654321", "kanari@example.org")
# A third person, named only in free text.
CANARIES += ("Tante Meise",)
THERE = replace(HOME, name=CANARIES[0], line1=CANARIES[1], phone=CANARIES[2])
ERASE = "/en/account/privacy/erase/"
SURE = {"current": PASSWORD, "sure": "on"}


@pytest.fixture
def kanari(light):
    return make_shopper(CANARIES[3])


@pytest.fixture
def theirs(customer, kanari):
    sign_in(customer, CANARIES[3])
    return customer


def create_personal_data(user, light):
    """Create personal data wherever a customer leaves some; return a completed order."""
    purchase = make_accepted_purchase_order(light, email="Kanari@example.org", ship_to=THERE)
    PurchaseMessage.objects.create(
        purchase_order=purchase,
        direction="in",
        kind="state",
        body={"remark": f"for {THERE.name}, {THERE.line1}", "cost": "10.00"},
        at=NOON,
    )
    Order.objects.filter(pk=purchase.order_id).update(status="completed")
    made = returned(light)
    authorizations.reject(authorization=made, answer=f"{CANARIES[4]} wrote", actor="ann", now=NOON)
    cart = account_cart.merge_guest_cart(
        owner_id=user.pk, channel=light.channel, token=make_cart(light).token, now=NOON
    )
    delivery_details.set_address(cart=cart, email=CANARIES[3], ship_to=THERE, now=NOON)
    profile.save_address(user_id=user.pk, address=THERE, is_default=True)
    profile.set_sms_number(user_id=user.pk, number=CANARIES[2])
    Order.objects.filter(pk=purchase.order_id).update(sms_number=CANARIES[2])
    Consent.objects.bulk_create(
        Consent(recipient=recipient, sender=sender, kind="delivered", is_given=True, at=NOON)
        for recipient, sender in ((CANARIES[3], "email"), (CANARIES[2], "sms"))
    )
    InboundWebhook.objects.create(
        source="twilio", external_id="SM1", body=b"From=%2B49307654321&Body=STOP",
        received_at=NOON, status_since=NOON, due_at=NOON,
    )  # fmt: skip
    InboundWebhook.objects.create(
        source="postmark", external_id="2", body=b'{"Recipient": "Kanari@Example.org"}',
        received_at=NOON, status_since=NOON, due_at=NOON,
    )  # fmt: skip
    User.objects.filter(pk=user.pk).update(name=CANARIES[0])
    for event in Event.objects.all():
        dispatch.fan_out(event=event, now=NOON)
    body = {"number": purchase.number, "ship_to": {"line1": THERE.line1, "country": "DE"}}
    IdempotencyRecord.objects.create(
        principal="p",
        key="k",
        route="r",
        request_digest="d",
        started_at=NOON,
        response=json.dumps(body),
    )
    InboundWebhook.objects.create(
        source="s", external_id="1", body=json.dumps({**body, "to": THERE.name}).encode(),
        received_at=NOON, status_since=NOON, due_at=NOON,
    )  # fmt: skip
    return purchase.order


def returned(light, words=f"My wife at {THERE.line1} dropped it. {CANARIES[4]}"):
    """Make a return with personal data in its messages, photo and staff notes; return it."""
    order = make_delivered(light, quantity=2, email="Kanari@example.org", ship_to=THERE)
    report_damage(order)
    made = declare(order, 1, kind="defect", customer_message=words)
    authorizations.request_evidence(
        authorization=made, question=f"Where is {CANARIES[4]}?", actor="ann", now=NOON
    )
    picture = photos.reencode(make_picture("JPEG"))
    authorizations.add_answer(
        authorization=made,
        customer_message=f"{CANARIES[4]} has it.",
        encoded_photos=[picture],
        now=NOON,
    )
    worn = declare(order, 1)
    by_staff = {"authorization": worn, "actor": "ann", "now": NOON}
    authorizations.mark_shipped(carrier="DHL", tracking_number="1", **by_staff)
    authorizations.mark_lost(reason=f"{CANARIES[4]} never saw it", **by_staff)
    receive(worn)
    inspect(worn, deduction="1.00", reason=f"worn by {CANARIES[4]}", state="used")
    refunds.refund(**by_staff)
    dispute_delivery(made)
    return made


def report_damage(order):
    """Report a damage with a photo and the words of a third person, and reject it with others."""
    report = report_problem(
        Parcel.objects.get(shipment__purchase_order__order=order),
        "damaged",
        customer_message=f"{CANARIES[4]} opened it.",
        encoded_photos=[photos.reencode(make_picture("JPEG"))],
    )
    decide(report, "reject", text=f"Ask {CANARIES[4]}.")


def dispute_delivery(made):
    """Correct the parcel of a return and mark it lost, with the words of a third person."""
    parcel = Parcel.objects.get(shipment__purchase_order=made.purchase_order)
    words = {"reason": f"{CANARIES[4]} called", "actor": "ann", "now": NOON}
    corrections.correct_tracking(
        parcel=parcel,
        carrier="DHL",
        number="00340434161094015902",
        last_mile_carrier="",
        last_mile_number="",
        **words,
    )
    outcomes.mark_lost(parcel=parcel, **words)


def found_in_tables():
    """Return each table of the database that contains a canary, with the canary."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, string_agg(CASE data_type WHEN 'bytea'"
            " THEN format('encode(%I, ''escape'')', column_name)"
            " ELSE quote_ident(column_name) END, ', ')"
            " FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1"
        )
        for table, columns in cursor.fetchall():
            cursor.execute(
                f'SELECT canary FROM unnest(%s::text[]) canary WHERE EXISTS (SELECT FROM "{table}"'
                f" WHERE position(lower(canary) in lower(ROW({columns})::text)) > 0)",
                [list(CANARIES)],
            )
            found |= {(table, canary) for (canary,) in cursor.fetchall()}
    return found


def write_mails(folder):
    folder.mkdir(exist_ok=True)
    for name, words in (("own", f"Grüße an {THERE.name}"), ("other", "Grüße an Erika")):
        letter = EmailMessage()
        letter["Subject"] = "Hello"
        letter.set_content(words, cte="base64")
        (folder / f"{name}.eml").write_bytes(letter.as_bytes())


@in_each_language
def test_each_page_is_valid(theirs, language):
    for path in ("account/privacy/", "account/privacy/erase/", "account/erased/", "info/privacy/"):
        read = Page(theirs.get(f"/{language}/{path}"))
        assert (read.faults, read.unlabeled()) == ([], []), path


def test_export_contains_all_data(theirs, kanari, light):
    order = create_personal_data(kanari, light)
    make_paid_order(light)  # of another customer

    answer = theirs.post("/en/account/privacy/copy/")
    export = answer.json()

    assert answer["Content-Disposition"] == 'attachment; filename="fara.json"'
    assert all(canary in answer.content.decode() for canary in CANARIES)
    returned_order, exported_order = export["orders"]
    assert exported_order["number"] == order.number
    assert any(CANARIES[4] in each["customer_message"] for each in returned_order["returns"])
    (picture,) = [one for each in returned_order["returns"] for one in each["pictures"]]
    assert base64.b64decode(picture["jpeg"]) == photos.read(ReturnPhoto.objects.get())
    (report,) = returned_order["problem_reports"]
    assert CANARIES[4] in report["customer_message"]
    assert report["pictures"][0]["jpeg"]
    assert exported_order["lines"][0]["quantity"] == 1
    assert export["consents"][0]["is_given"] is True
    assert export["carts"][0]["lines"]
    assert export["mails"]


def test_exports_are_rate_limited(theirs, kanari):
    answers = [theirs.post("/en/account/privacy/copy/").status_code for _ in range(6)]

    assert answers == [200] * 5 + [429]
    assert theirs.get("/en/account/privacy/copy/").status_code == 405


def test_erasure_removes_all_personal_data_and_orders_stay(theirs, kanari, light, settings, caplog):
    caplog.set_level("INFO")
    order = create_personal_data(kanari, light)
    other = make_paid_order(light)
    write_mails(settings.MAILBOX_DIR)
    waiting = Message.objects.filter(recipient__iexact=CANARIES[3], status="pending")
    assert waiting.exists()
    assert len(files()) == 2
    assert len(found_in_tables()) > 15, "the data must exist before it is erased"

    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = theirs.post(ERASE, SURE)

    assert theirs.get(answer["Location"]).status_code == 200
    assert found_in_tables() == set()
    assert not ReturnPhoto.objects.exists()
    assert files() == []
    assert [path.stem for path in settings.MAILBOX_DIR.glob("*.eml")] == ["other"]
    assert not waiting.exists()
    assert not Message.objects.filter(status="pending", recipient__contains="erased").exists()
    assert not any(canary in caplog.text for canary in CANARIES), (
        "logs are kept, so they contain no personal data"
    )
    assert not any(canary in str(cache._cache) for canary in CANARIES)
    amounts = ("subtotal_amount", "total_amount", "tax_amount")
    again = Order.objects.get(pk=order.pk)
    assert [getattr(again, name) for name in amounts] == [getattr(order, name) for name in amounts]
    assert again.ship_to["country"] == "DE"
    other.refresh_from_db()
    assert other.email == "erika@example.org"
    assert Event.objects.filter(payload__email="erika@example.org").exists()
    assert theirs.get("/en/account/").status_code == 302
    assert theirs.get(f"/en/orders/{order.number}/{order.access_key}/").status_code == 404
    asked = ErasureRequest.objects.get(purchase_order__order=order)
    assert asked.sent_at is None, "staff ask the supplier to erase its copy"


def test_erasure_waits_for_an_order_on_its_way_and_for_a_return(theirs, kanari, light):
    order = make_paid_order(light, email="Kanari@example.org", ship_to=THERE)

    answer = theirs.post(ERASE, SURE)

    assert answer.status_code == 409
    assert "still on its way" in answer.content.decode()
    assert not LoginAttempts.objects.filter(count__gt=0).exists(), (
        "a right password is no failed attempt"
    )
    assert Order.objects.get().ship_to["line1"] == THERE.line1
    Order.objects.filter(pk=order.pk).update(status="completed")
    returned(light)
    assert theirs.post(ERASE, SURE).status_code == 409
    assert User.objects.filter(pk=kanari.pk).exists()


def test_erasure_waits_for_an_answer_to_a_problem_report(theirs, kanari, light):
    order = make_delivered(light, quantity=2, email="Kanari@example.org", ship_to=THERE)
    Order.objects.update(status="completed")
    report = report_problem(Parcel.objects.get(), "damaged")

    assert theirs.post(ERASE, SURE).status_code == 409
    order.refresh_from_db()
    assert order.ship_to["line1"] == THERE.line1
    decide(report, "reject")
    assert theirs.post(ERASE, SURE).status_code == 302


def test_erasure_needs_confirmation(theirs, kanari):
    for form in ({}, {"sure": "on"}, {"current": PASSWORD}, {**SURE, "current": "x"}):
        assert theirs.post(ERASE, form).status_code == 422, form
    assert User.objects.filter(pk=kanari.pk).exists()


def test_cart_untouched_for_30_days_is_deleted_with_its_address(light):
    old, young, ordered = make_cart(light), make_cart(light), make_paid_order(light).cart
    for cart, days in ((old, 31), (young, 29), (ordered, 31)):
        Cart.objects.filter(pk=cart.pk).update(updated_at=NOON - timedelta(days=days))

    assert account_cart.purge_abandoned(now=NOON) == 1

    assert set(Cart.objects.values_list("pk", flat=True)) == {young.pk, ordered.pk}


def test_expired_attempts_and_sessions_are_deleted(theirs, kanari):
    late = NOON + timedelta(hours=13)
    with contextlib.suppress(login_throttling.TooManyAttemptsError):
        login_throttling.count_attempt(account="one", network="192.0.2.0/24", now=NOON)
    login_throttling.count_attempt(account="another", network="", now=late)

    login_throttling.delete_expired(now=late)

    assert LoginAttempts.objects.filter(succeeded_at=None).count() == 1
    assert LoginAttempts.objects.exclude(succeeded_at=None).count() == 1, (
        "the network of a successful sign-in stays"
    )
    assert theirs.get("/en/account/").status_code == 200
    login_throttling.delete_expired(now=NOON + timedelta(days=15))
    assert not Session.objects.exists()


def test_erasure_ends_all_sessions_after_commit_in_batches(kanari, monkeypatch):
    monkeypatch.setattr(personal_data, "SESSION_BATCH", 2)
    others = [make_shopper(f"other-{number}@example.org") for number in range(3)]
    for user in (kanari, *others, kanari):
        Client().force_login(user)

    with TestCase.captureOnCommitCallbacks() as callbacks:
        personal_data.erase(user_id=kanari.pk, now=NOON)
        assert Session.objects.count() == 5  # ended after the commit, without locks
    with CaptureQueriesContext(connection) as asked:
        for each in callbacks:
            each()

    left = {int(each.get_decoded()["_auth_user_id"]) for each in Session.objects.all()}
    assert left == {user.pk for user in others}
    assert all("LIMIT 2" in each["sql"] for each in asked if "SELECT" in each["sql"])
