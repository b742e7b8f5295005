"""Preferences: list the kinds of message that a recipient chooses, read and record choices."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import Consent, Message
from notifications.routes import kind_of
from storefront.identity.current import shop_identity

EMAIL, SMS, CHAT = "email", "sms", "chat"
ERASED = "erased@erased.invalid"  # the recipient of an erased person's messages


class Kind(StrEnum):
    """What a recipient can choose. Messages without a kind are always sent."""

    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    PROBLEM = "problem"
    PRODUCT_ALERT = "product_alert"
    REVIEW_REQUEST = "review_request"


LABELS: Mapping[Kind, Promise] = MappingProxyType(
    {
        Kind.CONFIRMED: _("An order is confirmed, if that takes a while"),
        Kind.SHIPPED: _("A parcel is on its way"),
        Kind.OUT_FOR_DELIVERY: _("A parcel arrives today"),
        Kind.DELIVERED: _("A parcel was delivered"),
        Kind.PROBLEM: _("There is a problem with a delivery"),
        Kind.PRODUCT_ALERT: _("An item that I asked about is available again, or cheaper"),
        Kind.REVIEW_REQUEST: _("Ask me once after a delivery to review my order"),
    }
)
# The kinds of each channel that can be chosen.
KINDS: Mapping[str, tuple[Kind, ...]] = MappingProxyType(
    {
        EMAIL: (
            Kind.CONFIRMED,
            Kind.OUT_FOR_DELIVERY,
            Kind.DELIVERED,
            Kind.PRODUCT_ALERT,
            Kind.REVIEW_REQUEST,
        ),
        SMS: (Kind.SHIPPED, Kind.OUT_FOR_DELIVERY, Kind.DELIVERED, Kind.PROBLEM),
    }
)
# Text messages need consent. E-mails about an order's progress, and those that a person asked for
# by name, do not, and can be ended.
DEFAULTS: Mapping[str, bool] = MappingProxyType({EMAIL: True, SMS: False})
OPT_IN = frozenset({Kind.REVIEW_REQUEST})  # need consent on each channel
# What the recipient reads beside the choice. A changed text gets a new version: both stay in the
# list, because consents name the version.
TEXTS: Mapping[str, Promise] = MappingProxyType(
    {
        "email-1": _(
            "E-mails that an order needs, such as confirmation and refund, are always sent."
        ),
        "sms-1": _(
            "Text messages about deliveries come between 8:00 and 21:00. You can end them at any time:"
            " reply STOP."
        ),
    }
)
TEXT_VERSIONS: Mapping[str, str] = MappingProxyType({EMAIL: "email-1", SMS: "sms-1"})
_signer = Signer(salt="notifications.preferences")


def offered_kinds(sender: str) -> tuple[Kind, ...]:
    """Return the kinds of a channel that this shop sends."""
    if shop_identity().review_url:
        return KINDS[sender]
    return tuple(kind for kind in KINDS[sender] if kind != Kind.REVIEW_REQUEST)


def text_of(sender: str) -> Promise:
    """Return the current text beside the choices of a channel."""
    return TEXTS[TEXT_VERSIONS[sender]]


def choices(*, recipient: str, sender: str) -> dict[Kind, bool]:
    """Return for each kind of a channel whether the recipient gets it now."""
    newest = (
        Consent.objects.filter(recipient=recipient.lower(), sender=sender)
        .order_by("kind", "-pk")
        .distinct("kind")
        .values_list("kind", "is_given")
    )
    chosen = {kind: DEFAULTS[sender] and kind not in OPT_IN for kind in KINDS[sender]}
    return chosen | {Kind(kind): is_given for kind, is_given in newest if kind in chosen}


def kind_of_message(message: Message) -> Kind | None:
    """Return the kind that the recipient can refuse; None for a message that is always sent."""
    kind = kind_of(event_name=message.event.name, template=message.template, sender=message.sender)
    return Kind(kind) if kind else None


def is_wanted(message: Message) -> bool:
    """Return whether the recipient gets messages of this kind, or must get them."""
    kind = kind_of_message(message)
    return kind is None or choices(recipient=message.recipient, sender=message.sender)[kind]


@transaction.atomic(durable=True)
def record_choices(
    *, recipient: str, sender: str, chosen: Mapping[Kind, bool], source: str, now: datetime
) -> None:
    """Record the choices that differ from those that apply.

    They apply to messages that were not sent yet, too.
    """
    applying = choices(recipient=recipient, sender=sender)
    has_shown_text = source in {
        Consent.Source.CHECKOUT,
        Consent.Source.ACCOUNT,
        Consent.Source.LINK,
    }
    Consent.objects.bulk_create(
        Consent(
            recipient=recipient.lower(),
            sender=sender,
            kind=kind,
            is_given=is_given,
            source=source,
            text_version=TEXT_VERSIONS[sender] if has_shown_text else "",
            at=now,
        )
        for kind, is_given in chosen.items()
        if applying[kind] != is_given
    )


def withdraw_all(*, recipient: str, sender: str, source: str, now: datetime) -> None:
    """Record that a recipient wants no kind of a channel."""
    chosen = dict.fromkeys(KINDS[sender], False)
    record_choices(recipient=recipient, sender=sender, chosen=chosen, source=source, now=now)


def preferences_url(message: Message) -> str:
    """Return the link of the page where the recipient chooses; empty if nothing can be chosen.

    The link names the message, so that no address is in it.
    """
    if kind_of_message(message) is None:
        return ""
    shop_url = message.event.payload.get("shop_url", settings.PUBLIC_URL)
    return f"{shop_url}/{message.locale}/messages/{_signer.sign(str(message.pk))}/"


def find_message(token: str) -> Message | None:
    """Return the message of a link; None if the link is forged or the message was deleted or erased."""
    try:
        message_id = _signer.unsign(token)
    except BadSignature:
        return None
    messages = Message.objects.select_related("event").exclude(recipient=ERASED)
    return messages.filter(pk=message_id).first()
