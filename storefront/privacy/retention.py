"""Retention: state how long personal data is kept, empty or delete what is older."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from catalog.models import FieldChange
from notifications.models import Consent, Event, Message, Suppression
from orders import privacy
from orders.customer_invoices import publication
from orders.models import Cart, CustomerInvoice, Order, PurchaseMessage
from shipping.models import ProductAlert
from shipping.privacy import erase_parcels
from storefront.accounts.models import EmailChangeRequest, User
from storefront.events.models import PublicEvent
from storefront.lib.db.audit import AuditEvent
from storefront.lib.state_machine import StatusChange

BATCH = 500
DAY = timedelta(days=1)
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A retention rule; ``sweep`` handles up to ``BATCH`` rows older than a moment."""

    code: str
    keep: timedelta
    sweep: Callable[[datetime], int]


def apply(*, now: datetime, for_s: float) -> dict[str, int]:
    """Apply each rule for its share of ``for_s`` seconds; return the rows by rule."""
    done = {}
    for rule in RULES:
        until, done[rule.code] = time.monotonic() + for_s / len(RULES), 0
        while time.monotonic() < until:
            with transaction.atomic(durable=True):
                count = rule.sweep(now - rule.keep)
            done[rule.code] += count
            if count < BATCH:
                break
    return done


def _first(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _empty_calls(before: datetime) -> int:
    """Empty the bodies of webhooks; their ids stay, so that none can be replayed."""
    calls = apps.get_model("hooks", "InboundWebhook")._base_manager  # noqa: SLF001 - model of a higher layer
    ended = calls.exclude(status="received").exclude(body=b"").filter(status_since__lt=before)
    return int(calls.filter(pk__in=_first(ended)).update(body=b""))


def _delete_messages(before: datetime) -> int:
    """Delete messages that were sent or given up; their events stay, so that none is sent again."""
    ended = Message.objects.filter(status__in=["sent", "failed"], status_since__lt=before)
    return Message.objects.filter(pk__in=_first(ended)).delete()[0]


def _empty_events(before: datetime) -> int:
    """Empty the payloads of events whose messages are deleted; their keys stay."""
    ended = Event.objects.filter(
        fanned_out_at__isnull=False, occurred_at__lt=before, messages=None
    ).exclude(payload={})
    return Event.objects.filter(pk__in=_first(ended)).update(payload={})


def _empty_history(before: datetime) -> int:
    """Blank reason and actor in the history of webhooks and e-mails, which may quote senders."""
    moves = StatusChange.objects.filter(
        subject__in=["hooks.InboundWebhook", "notifications.Message"], at__lt=before
    ).exclude(reason="", actor="")
    return StatusChange.objects.filter(pk__in=_first(moves)).update(reason="", actor="")


def _empty_supplier_messages(before: datetime) -> int:
    ended = PurchaseMessage.objects.filter(
        at__lt=before, purchase_order__order__status__in=privacy.FINAL
    ).exclude(body={})
    return PurchaseMessage.objects.filter(pk__in=_first(ended)).update(body={})


def _delete_address_changes(before: datetime) -> int:
    changes = EmailChangeRequest.objects.filter(requested_at__lt=before)
    return EmailChangeRequest.objects.filter(pk__in=_first(changes)).delete()[0]


def _delete_field_changes(before: datetime) -> int:
    """Delete the oldest changes; ids are in the order of time, so that no index of ``at`` is needed."""
    oldest = _first(FieldChange.objects.all())
    return FieldChange.objects.filter(pk__in=oldest, at__lt=before).delete()[0]


def _delete_audit_events(before: datetime) -> int:
    """Delete the oldest events; ids are in the order of time."""
    oldest = _first(AuditEvent.objects.all())
    return AuditEvent.objects.filter(pk__in=oldest, at__lt=before).delete()[0]


def _delete_public_events(before: datetime) -> int:
    """Delete the oldest public events with their deliveries; ids are in the order of time."""
    oldest = _first(PublicEvent.objects.all())
    ended = PublicEvent.objects.filter(pk__in=oldest, published_at__lt=before)
    return ended.delete()[1].get("events.PublicEvent", 0)


def _delete_consents(before: datetime) -> int:
    """Delete choices of recipients without account, order, cart or product alert."""
    emails = [
        EmailAddress.objects.all(),
        User.objects.all(),
        Order.objects.all(),
        Cart.objects.all(),
        ProductAlert.objects.all(),
    ]
    numbers = [User.objects.all(), Order.objects.all(), Cart.objects.all()]
    unused = Consent.objects.filter(at__lt=before)
    for rows in emails:
        unused = unused.exclude(recipient__in=rows.values(lower=Lower("email")))
    for rows in numbers:
        unused = unused.exclude(recipient__in=rows.exclude(sms_number="").values("sms_number"))
    return Consent.objects.filter(pk__in=_first(unused)).delete()[0]


def _delete_suppressions(before: datetime) -> int:
    """Delete suppressions that were lifted, and those of addresses in no account and no order."""
    used = [EmailAddress.objects.all(), User.objects.all(), Order.objects.all()]
    unused = Suppression.objects.filter(since__lt=before)
    for rows in used:
        unused = unused.exclude(address__in=rows.values(lower=Lower("email")))
    ended = Suppression.objects.filter(lifted_at__lt=before)
    return Suppression.objects.filter(pk__in=[*_first(ended), *_first(unused)]).delete()[0]


def _erase_guests(before: datetime, *, is_unpaid: bool = False) -> int:
    orders = privacy.guest_orders(placed_before=before, is_unpaid=is_unpaid)
    rows = Order.objects.filter(pk__in=_first(orders)).order_by("pk")
    count = privacy.erase_guests(rows)
    erase_parcels(rows.filter(email__endswith=privacy.ERASED))
    return count


def _delete_invoices(before: datetime) -> int:
    """Delete invoices and credit notes with their files; an invoice after its credit notes."""
    old = CustomerInvoice.objects.filter(issued_at__lt=before, credit_notes=None)
    rows = CustomerInvoice.objects.filter(pk__in=_first(old))
    publication.delete_files(list(rows.values_list("file", flat=True)))
    return rows.delete()[0]


RULES = (
    Rule(code="webhook_bodies", keep=90 * DAY, sweep=_empty_calls),
    Rule(code="message_history", keep=YEAR, sweep=_empty_history),
    Rule(code="emails", keep=YEAR, sweep=_delete_messages),
    Rule(code="event_payloads", keep=YEAR, sweep=_empty_events),
    Rule(code="message_choices", keep=30 * DAY, sweep=_delete_consents),
    Rule(code="suppressed_addresses", keep=YEAR, sweep=_delete_suppressions),
    Rule(code="address_changes", keep=2 * YEAR, sweep=_delete_address_changes),
    Rule(code="public_events", keep=30 * DAY, sweep=_delete_public_events),
    Rule(code="audit_log", keep=2 * YEAR, sweep=_delete_audit_events),
    Rule(code="product_history", keep=YEAR, sweep=_delete_field_changes),
    Rule(code="supplier_messages", keep=3 * YEAR, sweep=_empty_supplier_messages),
    Rule(code="unpaid_guest_orders", keep=YEAR, sweep=partial(_erase_guests, is_unpaid=True)),
    # ten years from the end of the year of the sale
    Rule(code="guest_orders", keep=11 * YEAR, sweep=_erase_guests),
    Rule(code="customer_invoices", keep=11 * YEAR, sweep=_delete_invoices),
)
