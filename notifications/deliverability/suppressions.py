"""Suppressions: stop e-mails to addresses that bounce or complain, lift a suppression.

reason        refusable messages  mandatory messages
hard_bounce   stop                stop, except those that prove the address
soft_bounces  stop                go on
complaint     stop                go on
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from notifications import preferences
from notifications.models import Message, Suppression
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.errors import PermanentError

Reason = Suppression.Reason
# So many delayed messages to one address within the period count as unreachable.
SOFT_BOUNCES = 3
SOFT_BOUNCE_PERIOD = timedelta(days=14)
# A person has just asked for these, and opening one proves the address.
PROOF_TEMPLATES = frozenset({"account_confirm", "account_new_address", "account_password"})
UNREACHABLE = (Reason.HARD_BOUNCE, Reason.SOFT_BOUNCES)


class UnreachableError(PermanentError):
    """An earlier e-mail to this address bounced; nothing was sent."""


def active_reasons(message: Message) -> frozenset[str]:
    """Return why the recipient of a message is suppressed; none for other channels than e-mail."""
    if message.sender != preferences.EMAIL:
        return frozenset()
    rows = Suppression.objects.filter(address=message.recipient.lower(), lifted_at=None)
    return frozenset(rows.values_list("reason", flat=True))


def check_reachable(message: Message, reasons: Collection[str]) -> None:
    """Refuse a message to an address that bounced. Raises UnreachableError."""
    if Reason.HARD_BOUNCE in reasons and message.template not in PROOF_TEMPLATES:
        raise UnreachableError("not sent: this address does not accept e-mail")


def find_unreachable(address: str) -> Suppression | None:
    """Return the suppression that says why an address cannot be reached; None if it can be."""
    rows = Suppression.objects.filter(
        address=address.lower(), reason__in=UNREACHABLE, lifted_at=None
    )
    return rows.order_by("reason").first()


def find_active(address: str) -> list[Suppression]:
    """Return the active suppressions of an address, oldest first."""
    return list(Suppression.objects.filter(address=address.lower(), lifted_at=None).order_by("pk"))


@requires_transaction
def suppress(*, message: Message, reason: str, detail: str, at: datetime) -> None:
    """Suppress the recipient of a message, unless it was lifted after the event. Idempotent."""
    address = message.recipient.lower()
    lifted = Suppression.objects.filter(address=address, reason=reason, lifted_at__gte=at)
    if lifted.exists():
        return
    row = Suppression(
        address=address, reason=reason, detail=detail[:300], since=at, message=message
    )
    Suppression.objects.bulk_create([row], ignore_conflicts=True)


def has_too_many_soft_bounces(address: str, *, now: datetime) -> bool:
    """Return whether enough messages to an address are delayed and not delivered since."""
    delayed = Message.objects.filter(
        delivery=Message.Delivery.SOFT_BOUNCED,
        delivery_at__gt=now - SOFT_BOUNCE_PERIOD,
        recipient__iexact=address,
    )
    return delayed.count() >= SOFT_BOUNCES


def lift(
    *,
    address: str,
    actor: str,
    reason: str,
    now: datetime,
    reasons: Collection[str] = tuple(Reason),
) -> int:
    """Lift the suppressions of an address; return how many. Idempotent."""
    rows = Suppression.objects.filter(address=address.lower(), reason__in=reasons, lifted_at=None)
    return rows.update(lifted_at=now, lifted_by=actor[:100], lift_reason=reason[:200])
