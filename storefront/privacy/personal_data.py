"""Personal data: export all that we store about a person, erase it on request."""

import base64
import email
import json
from collections.abc import Collection
from datetime import datetime
from email import policy
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower

from notifications import privacy as messages
from notifications.models import Consent, Event, Message, Suppression
from orders import privacy
from orders.models import AddressChangeRequest, Cart, Order, ReturnPhoto
from orders.order_notes import customer_notes
from orders.returns import photos
from shipping.models import ProblemPhoto, ProblemReport, ProductAlert
from shipping.privacy import erase_parcels
from shipping.product_alerts import subscriptions
from storefront.accounts import credentials, login_throttling, security_log
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security.anonymization import anonymize

SESSION_BATCH = 500


def export(user: User, *, by: User | None = None) -> dict[str, Any]:
    """Return all stored personal data of a user, as JSON-serializable values.

    ``by`` is the staff member who exports it, None if the user does.
    """
    _record(security_log.Event.DATA_EXPORTED, subject=f"user:{user.pk}", actor=by or user)
    emails = verified_addresses(user)
    return {
        "account": {
            "email": user.email,
            "proven": emails,
            "name": user.name,
            "language": user.language,
            "sms_number": user.sms_number,
            "joined_at": user.joined_at,
            "last_signed_in_at": user.last_login,
        },
        "address_changes": list(
            user.address_changes.order_by("pk").values(
                "old_email", "new_email", "requested_at", "done_at", "stopped_at"
            )
        ),
        "addresses": [
            {**saved.address, "is_default": saved.is_default}
            for saved in user.addresses.order_by("pk")
        ],
        "carts": [_cart(cart) for cart in Cart.objects.filter(owner=user, order__isnull=True)],
        **_exported(
            Order.objects.of(user.pk, emails),
            emails=emails,
            former=credentials.former_addresses(user),
            numbers={user.sms_number},
        ),
    }


def export_guest(email: str, *, subject: str, by: User) -> dict[str, Any]:
    """Return all stored personal data of a guest, by an e-mail address in lower case.

    ``by`` is the staff member who exports it; ``subject`` names the guest in the security log.
    """
    _record(security_log.Event.DATA_EXPORTED, subject=subject, actor=by)
    carts = Cart.objects.filter(owner=None, email__iexact=email, order__isnull=True)
    return {
        "carts": [_cart(cart) for cart in carts],
        **_exported(privacy.orders_of_guest(email), emails=[email]),
    }


def _record(event: security_log.Event, *, subject: str, actor: User) -> None:
    """Log an event; name the subject if another person acts."""
    about: dict[str, Any] = {} if subject == f"user:{actor.pk}" else {"customer": subject}
    security_log.record(event, actor=actor, **about)


def _exported(
    orders: QuerySet[Order],
    *,
    emails: list[str],
    former: Collection[str] = (),
    numbers: Collection[str] = (),
) -> dict[str, Any]:
    """Return what is stored by the orders, addresses and numbers of a person."""
    numbers = {*numbers, *orders.values_list("sms_number", flat=True)} - {""}
    addresses = {*emails, *former, *numbers}
    sent = Message.objects.alias(lower=Lower("recipient")).filter(lower__in=addresses)
    mails = sent.order_by("pk")
    contact_events = Event.objects.filter(name="contact.received").alias(
        lower=Lower(KeyTextTransform("email", "payload"))
    )
    return {
        "consents": list(
            Consent.objects.filter(recipient__in=addresses)
            .order_by("pk")
            .values("recipient", "sender", "kind", "is_given", "source", "text_version", "at")
        ),
        "suppressed_addresses": list(
            Suppression.objects.filter(address__in=addresses)
            .order_by("pk")
            .values("address", "reason", "detail", "since", "lifted_at")
        ),
        "orders": [
            _order(order)
            for order in orders.prefetch_related(
                "lines", "payments", "customer_invoices", "returns__pictures"
            )
        ],
        "messages": [
            {name: event.payload[name] for name in ("name", "email", "topic", "message")}
            for event in contact_events.filter(lower__in=addresses).order_by("pk")
        ],
        "mails": list(
            mails.values("template", "sender", "recipient", "status", "delivery", "status_since")
        ),
        "product_alerts": list(
            ProductAlert.objects.filter(email__in=emails)
            .order_by("pk")
            .values("kind", "variant__sku", "country", "email", "price_amount", "asked_at")
        ),
    }


def _order(order: Order) -> dict[str, Any]:
    fields = (
        "number",
        "email",
        "sms_number",
        "locale",
        "ship_to",
        "address_verification",
        "currency",
        "status",
    )
    amounts = [f"{part}_amount" for part in ("subtotal", "delivery", "discount", "tax", "total")]
    return {
        **{name: getattr(order, name) for name in (*fields, "placed_at", *amounts)},
        "lines": [
            {"sku": line.sku, "title": line.title, "quantity": line.quantity,
             "line_amount": line.line_amount}
            for line in order.lines.all()
        ],
        "payments": [
            {"gateway": payment.gateway, "reference": payment.reference, "status": payment.status,
             "captured_amount": payment.captured_amount, "refunded_amount": payment.refunded_amount}
            for payment in order.payments.all()
        ],
        "invoices": [
            {"number": invoice.number, "issued_at": invoice.issued_at, "content": invoice.content}
            for invoice in order.customer_invoices.all()
        ],
        "address_change_requests": [
            {"ship_to": change.ship_to, "status": change.status, "reason": change.reason}
            for change in AddressChangeRequest.objects.filter(
                purchase_order__order=order
            ).order_by("pk")
        ],
        "messages": [
            {"author": message.author, "text": message.text, "sent_at": message.sent_at}
            for message in order.messages.order_by("pk")
        ],
        "returns": [
            {"number": authorization.number, "kind": authorization.kind,
             "customer_message": authorization.customer_message, "answer": authorization.answer,
             "status": authorization.status, "opened_at": authorization.opened_at,
             "tracking_number": authorization.tracking_number,
             "refund_amount": authorization.refund_amount,
             "pictures": [_picture(picture) for picture in authorization.pictures.all()]}
            for authorization in order.returns.all()
        ],
        "problem_reports": [
            {"kind": report.kind, "wish": report.wish,
             "customer_message": report.customer_message, "answer": report.answer,
             "status": report.status, "opened_at": report.opened_at,
             "pictures": [_picture(picture) for picture in report.pictures.all()]}
            for report in ProblemReport.objects.filter(
                parcel__shipment__purchase_order__order=order
            ).order_by("pk")
        ],
    }  # fmt: skip


def _picture(picture: ReturnPhoto | ProblemPhoto) -> dict[str, Any]:
    """Return a picture as a base64 JPEG; empty if the file is lost."""
    try:
        content = photos.read(picture)
    except FileNotFoundError:
        content = b""
    return {"added_at": picture.added_at, "jpeg": base64.b64encode(content).decode()}


def _cart(cart: Cart) -> dict[str, Any]:
    lines = cart.lines.values("listing__variant__sku", "quantity", "quoted_amount", "quoted_at")
    return {
        "email": cart.email,
        "sms_number": cart.sms_number,
        "ship_to": cart.ship_to,
        "address_verification": cart.address_verification,
        "codes": cart.codes,
        "updated_at": cart.updated_at,
        "lines": list(lines),
    }


@transaction.atomic(durable=True)
def erase(*, user_id: int, now: datetime, by: User | None = None) -> None:
    """Delete an account and all personal data of its user; orders stay, anonymized.

    ``by`` is the staff member who erases it, None if the user does.
    Locks: the account, its carts, then its orders.

    Raises: OpenOrderError: nothing is written.
    """
    user = User.objects.select_for_update(of=["self"]).get(pk=user_id)
    emails = {*verified_addresses(user), user.email.lower()}
    texts, numbers = _erase_orders(list(emails), owner_id=user.pk, now=now)
    emails |= credentials.former_addresses(user)
    customer_notes.delete(emails)
    # A never confirmed address may belong to another person: only the mail to it is erased.
    unconfirmed = user.address_changes.filter(done_at=None)
    texts |= set(unconfirmed.values_list("new_email", flat=True)) | ({user.sms_number} - {""})
    _erase_copies(emails, numbers=numbers, texts=texts, subject=f"account:{user.pk}")
    for address in emails:
        login_throttling.delete_account_counters(address)
    user_type = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=user_type, object_id=str(user.pk)).delete()
    _record(security_log.Event.DATA_ERASED, subject=f"user:{user.pk}", actor=by or user)
    user.delete()
    transaction.on_commit(partial(_end_sessions, user_id, now))


@transaction.atomic(durable=True)
def erase_guest(email: str, *, subject: str, by: User, now: datetime) -> None:
    """Erase all personal data of a guest, by an e-mail address in lower case; orders stay, anonymized.

    Locks: the carts of the address, then its orders.

    Raises: OpenOrderError: nothing is written.
    """
    texts, numbers = _erase_orders([email], owner_id=None, now=now)
    _erase_copies({email}, numbers=numbers, texts=texts, subject="")
    _record(security_log.Event.DATA_ERASED, subject=subject, actor=by)


@requires_transaction
def _erase_orders(
    addresses: list[str], *, owner_id: int | None, now: datetime
) -> tuple[set[str], set[str]]:
    """Erase a person from orders and parcels, as ``privacy.erase_customer`` does."""
    texts, numbers = privacy.erase_customer(addresses=addresses, owner_id=owner_id, now=now)
    orders = Order.objects.filter(number__in=numbers)
    reports = ProblemReport.objects.filter(parcel__shipment__purchase_order__order__in=orders)
    if reports.filter(status__in=ProblemReport.UNDECIDED).exists():
        raise privacy.OpenOrderError
    erase_parcels(orders)
    return texts, numbers


@requires_transaction
def _erase_copies(emails: set[str], *, numbers: set[str], texts: set[str], subject: str) -> None:
    """Erase a person from product alerts, messages, stored responses and webhook bodies."""
    subscriptions.erase(emails)
    texts = texts | emails
    messages.anonymize_messages(emails=emails, numbers=numbers, subject=subject, texts=texts)
    # Form-encoded, as in the webhooks of the SMS provider.
    phones = {quote(text, safe="") for text in texts if text.startswith("+")}
    _anonymize_copies(emails | numbers | phones, texts)
    transaction.on_commit(partial(_delete_mailbox, texts))


def _anonymize_copies(keys: Collection[str], texts: Collection[str]) -> None:
    """Anonymize stored API responses and webhook bodies."""
    records = apps.get_model("api", "IdempotencyRecord")._base_manager  # noqa: SLF001
    condition = Q(pk__in=[])
    for text in keys:
        condition |= Q(response__icontains=text)
    for row in records.filter(condition):
        scrubbed = anonymize(json.loads(row.response), texts)
        records.filter(pk=row.pk).update(response=json.dumps(scrubbed, ensure_ascii=False))
    webhooks = apps.get_model("hooks", "InboundWebhook")._base_manager  # noqa: SLF001
    for text in keys:
        for row in webhooks.extra(  # the ORM cannot search inside bytes
            # A mail provider repeats an address as the customer wrote it, in any case.
            where=[
                (
                    "position(convert_to(%s, 'UTF8') in body) > 0"
                    " OR position(lower(%s) in lower(encode(body, 'escape'))) > 0"
                )
            ],
            params=[text, text],
        ):
            webhooks.filter(pk=row.pk).update(body=_scrubbed(bytes(row.body), texts))


def _scrubbed(body: bytes, texts: Collection[str]) -> bytes:
    try:
        return json.dumps(anonymize(json.loads(body), texts)).encode()
    except ValueError:
        return b""


def _end_sessions(user_id: int, now: datetime) -> None:
    """Delete the sessions of a deleted user, in batches, without locking other sessions.

    They no longer sign anyone in, since the user does not exist. A session must be decoded to find
    its user.
    """
    alive = Session.objects.filter(expire_date__gt=now).order_by("session_key")
    batch = list(alive[:SESSION_BATCH])
    while batch:
        keys = [
            session.session_key
            for session in batch
            if session.get_decoded().get("_auth_user_id") == str(user_id)
        ]
        if keys:
            Session.objects.filter(session_key__in=keys).delete()
        batch = list(alive.filter(session_key__gt=batch[-1].session_key)[:SESSION_BATCH])


def _delete_mailbox(texts: Collection[str]) -> None:
    """Delete mails in the development mailbox; production has none."""
    if settings.ENVIRONMENT != "local":
        return
    for path in settings.MAILBOX_DIR.glob("*.eml"):
        if _mentions(path, texts):
            path.unlink(missing_ok=True)


def _mentions(path: Path, texts: Collection[str]) -> bool:
    raw = path.read_bytes()
    message = email.message_from_bytes(raw, policy=policy.default)
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    text = "\n".join([raw.decode("utf-8", "replace"), *parts]).casefold()
    return any(word.casefold() in text for word in texts)
