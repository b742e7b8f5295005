import re
from datetime import timedelta
from pathlib import Path

import pytest

from catalog.models import FieldChange
from notifications import dispatch, outbox
from notifications.models import Consent, Event, Message
from orders.models import Order, PurchaseMessage
from orders.privacy import ERASED
from storefront.accounts.models import EmailChangeRequest, User
from storefront.events.models import WebhookDelivery
from storefront.lib.state_machine import StatusChange
from storefront.privacy import retention
from storefront.webhooks.models import InboundWebhook
from tests.factories.events import make_event, make_subscription
from tests.factories.orders import make_order, make_purchase_orders, make_sellable, pay
from tests.factories.suppliers import NOON
from tests.factories.webhooks import store_webhook

pytestmark = pytest.mark.django_db
KEEP = {rule.code: rule.keep for rule in retention.RULES}


def sweep(code, *, after=timedelta(seconds=1)):
    """Apply all rules when this one is due; return how many rows it handled."""
    return retention.apply(now=NOON + KEEP[code] + after, for_s=60)[code]


def test_documentation_names_each_period():
    text = Path("docs/retention.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE)

    assert {code: timedelta(days=int(days)) for code, days in rows} == KEEP


def test_body_of_a_webhook_is_deleted_and_its_id_stays():
    ended, waiting = store_webhook("stripe", b"1"), store_webhook("stripe", b"2")
    InboundWebhook.objects.update(status_since=NOON)
    InboundWebhook.objects.filter(pk=ended.pk).update(status="applied")

    assert sweep("webhook_bodies", after=timedelta(0)) == 0
    assert sweep("webhook_bodies") == 1
    bodies = dict(InboundWebhook.objects.values_list("external_id", "body"))
    assert {key: bytes(body) for key, body in bodies.items()} == {
        ended.external_id: b"",
        waiting.external_id: b"2",
    }


def test_public_events_are_deleted_with_their_deliveries():
    make_subscription("http://127.0.0.1:9000/")
    make_event("order:1")
    kept = make_event("order:2", now=NOON + timedelta(days=1))

    assert sweep("public_events") == 1
    assert WebhookDelivery.objects.get().event == kept


def test_history_of_products_is_deleted():
    for days in (1, 0):
        FieldChange.objects.create(
            product_id=1, record="product", record_id=1, at=NOON + timedelta(days=days)
        )

    assert sweep("product_history") == 1
    assert FieldChange.objects.get().at > NOON


def test_emails_are_deleted_and_their_event_is_not_sent_again():
    @retention.transaction.atomic
    def record_event():
        return outbox.record_event(
            name="account.known",
            key="once",
            subject="account:1",
            payload={"email": "ada@example.org", "locale": "en", "url": "https://shop.example/"},
            at=NOON,
        )

    event = record_event()
    [message] = dispatch.fan_out(event=event, now=NOON)
    assert sweep("event_payloads") == 0  # its e-mail is pending

    message.move("sending", at=NOON)
    message.move("sent", at=NOON, actor="clerk@shop.example", reason="clerk: it was sent")
    assert sweep("emails") == 1
    assert not Message.objects.exists()
    moves = StatusChange.objects.filter(subject="notifications.Message")
    assert set(moves.values_list("reason", "actor")) == {("", "")}
    assert Event.objects.get().payload == {}
    with retention.transaction.atomic():
        assert record_event().pk == event.pk
    assert dispatch.fan_out(event=event, now=NOON) == []


def test_choices_of_messages_end_without_an_account_order_or_cart():
    make_order(make_sellable())
    Order.objects.update(email="Ada@example.org", sms_number="+4915100000001")
    User.objects.create_user("bob@example.org", "a good password", sms_number="+4915100000002")
    used = ["ada@example.org", "+4915100000001", "bob@example.org", "+4915100000002"]
    Consent.objects.bulk_create(
        Consent(recipient=recipient, sender="sms", kind="delivered", is_given=True, at=NOON)
        for recipient in [*used, "+4915100000003", "former@example.org"]
    )

    assert sweep("message_choices", after=timedelta(0)) == 0
    assert sweep("message_choices") == 2
    assert set(Consent.objects.values_list("recipient", flat=True)) == set(used)


def test_old_email_change_requests_are_deleted():
    user = User.objects.create_user("ada@example.org", "a good password")
    emails = {"old_email": "ada@example.org", "new_email": "a@example.org"}
    EmailChangeRequest.objects.create(user=user, key="k", requested_at=NOON, **emails)

    assert sweep("address_changes", after=timedelta(0)) == 0
    assert sweep("address_changes") == 1


def test_supplier_messages_are_emptied_once_the_order_is_final():
    [purchase_order] = make_purchase_orders(make_sellable())
    PurchaseMessage.objects.create(
        purchase_order=purchase_order, direction="out", kind="order", body={"to": "Ada"}, at=NOON
    )

    assert sweep("supplier_messages") == 0
    Order.objects.update(status="completed")
    assert sweep("supplier_messages") == 1
    assert PurchaseMessage.objects.get().body == {}


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        ("expired", "unpaid_guest_orders"),
        ("canceled", "unpaid_guest_orders"),  # by its customer, before it was paid
        ("completed", "guest_orders"),
    ],
)
def test_guest_is_anonymized_after_the_period_and_the_order_stays(status, rule):
    order = make_order(make_sellable())
    Order.objects.update(status=status, placed_at=NOON)
    before = Order.objects.get()

    assert sweep(rule, after=timedelta(0)) == 0
    assert sweep(rule) == 1
    after = Order.objects.get()
    assert after.email == f"{order.number.lower()}{ERASED}"
    assert "Erika" not in str(after.ship_to) + str(after.cart.ship_to) + after.cart.email
    assert after.access_key != before.access_key
    assert after.total_amount == before.total_amount
    assert after.ship_to["country"] == before.ship_to["country"]
    assert sweep(rule) == 0


@pytest.mark.parametrize("keeps", ["account", "open"])
def test_account_orders_and_open_orders_are_untouched(keeps):
    order = make_order(make_sellable())
    Order.objects.update(status="completed" if keeps == "account" else "processing", placed_at=NOON)
    if keeps == "account":
        order.cart.owner = User.objects.create_user("erika@example.org", "a good password")
        order.cart.save()

    assert sweep("guest_orders") == 0


def test_canceled_paid_order_stays_as_long_as_a_completed_one():
    pay(make_order(make_sellable()))
    Order.objects.update(status="canceled", placed_at=NOON)

    assert sweep("unpaid_guest_orders") == 0
    assert sweep("guest_orders") == 1


def test_many_rows_are_handled_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        store_webhook("stripe", b"x%d" % number)
    InboundWebhook.objects.update(status="applied", status_since=NOON)

    assert sweep("webhook_bodies") == 5
