"""Account credentials: change the e-mail address or password, stop a change, notify its owner."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import get_language

from notifications import outbox
from notifications.sealed_links import sealed_link
from storefront.accounts import email_verification, security_log
from storefront.accounts.models import AddressChange, User
from storefront.lib.db.transactions import needs_transaction

LINK_WORKS_FOR = timedelta(days=3)
_STOPS = signing.Signer(salt="stop-address-change")


class StaleLinkError(Exception):
    """The link is unknown, old, used, or another was asked for after it."""


class TakenError(Exception):
    """Somebody else has an account with this address by now."""


@transaction.atomic(durable=True)
def ask_for_address(*, user: User, email: str, now: datetime) -> None:
    """Mail a link to a new address; until it is followed, nothing changes.

    The old address is told at once, with a link that stops it: whoever asks may be a thief. An
    address that has an account is sent nothing: nobody learns here who has one.

    Locks:  the account
    """
    email = email.lower()
    _lock(user.pk)
    change = AddressChange.objects.create(
        user=user, old_email=user.email, new_email=email, key=secrets.token_hex(16), asked_at=now
    )
    if not _is_taken(email, user):
        url = reverse("account_email_take", args=[change.key])
        _tell("account.new_address", user, email, f"{settings.PUBLIC_URL}{url}", now)
    stop = reverse("account_email_stop", args=[_STOPS.sign_object(change.pk)])
    said = {
        "new_email": email,
        "day": now.astimezone(UTC).date().isoformat(),
        "time": f"{now.astimezone(UTC):%H:%M}",
    }
    _tell("account.address_asked", user, user.email, f"{settings.PUBLIC_URL}{stop}", now, more=said)


def find(*, key: str, now: datetime) -> AddressChange | None:
    """Find what a link asks for, while it can still be done."""
    found = AddressChange.objects.select_related("user").filter(key=key).first()
    if found is None or found.done_at or found.stopped_at:
        return None
    if found.asked_at <= now - LINK_WORKS_FOR:
        return None
    is_last = not AddressChange.objects.filter(user=found.user_id, pk__gt=found.pk).exists()
    is_same = found.user.email == found.old_email and found.user.is_active
    return found if is_last and is_same and not found.user.is_staff else None


@needs_transaction
def take_address(*, key: str, now: datetime) -> User:
    """Let the new address count, tell the old one, and end all sessions of the account.

    Locks:  the account
    Raises: StaleLinkError, TakenError
    """
    change = AddressChange.objects.filter(key=key).first()
    if change is None:
        raise StaleLinkError
    _lock(change.user_id)
    found = find(key=key, now=now)
    if found is None:
        raise StaleLinkError
    user = found.user
    if _is_taken(found.new_email, user):
        raise TakenError
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(
                email=found.new_email, session_round=F("session_round") + 1
            )
    except IntegrityError as error:  # somebody signed up at this very moment
        raise TakenError from error
    AddressChange.objects.filter(pk=found.pk).update(done_at=now)
    EmailAddress.objects.filter(user=user).delete()
    user.refresh_from_db()
    email_verification.prove(user=user)
    _tell("account.address_changed", user, found.old_email, _contact(), now)
    security_log.record(security_log.Event.EMAIL_CHANGED, actor=user)
    return user


def find_stoppable(*, token: str) -> AddressChange | None:
    """Find what the old address was told of: a change that is not done, perhaps stopped."""
    try:
        pk = _STOPS.unsign_object(token)
    except signing.BadSignature:
        return None
    return AddressChange.objects.filter(pk=pk, done_at=None).first()


@transaction.atomic(durable=True)
def stop(*, token: str, now: datetime) -> None:
    """Stop a change for whoever reads the old address; a second time it changes nothing.

    Nothing else changes: who stole a mailbox gains no more by it than that the address stays.

    Locks:  the account
    Raises: StaleLinkError  it is done, or was voided by a new password
    """
    found = find_stoppable(token=token)
    if found is None:
        raise StaleLinkError
    _lock(found.user_id)
    open_one = AddressChange.objects.filter(pk=found.pk, done_at=None)
    open_one.filter(stopped_at=None).update(stopped_at=now)
    if not open_one.exists():  # it was done while we waited
        raise StaleLinkError


def former_addresses(user: User) -> set[str]:
    """Return what the account was called before, unless that is somebody else's by now."""
    done = AddressChange.objects.filter(user=user, done_at__isnull=False)
    old = done.values_list("old_email", flat=True)
    return {email for email in old if email != user.email and not _is_taken(email, user)}


@needs_transaction
def set_password(*, user: User, password: str, now: datetime) -> None:
    """Set another password, which ends all sessions but the one that keeps up; and say so.

    Links to a new address that were asked for before are void: who asked may have known the old
    password.

    Locks:  the account
    """
    _lock(user.pk)
    # Kept, for erasure finds by them what was written of these addresses.
    AddressChange.objects.filter(user=user, done_at=None, stopped_at=None).update(stopped_at=now)
    user.set_password(password)
    user.save(update_fields=["password"])
    _tell("account.password_changed", user, user.email, _contact(), now)
    security_log.record(security_log.Event.PASSWORD_CHANGED, actor=user)


def _is_taken(email: str, user: User) -> bool:
    others = User.objects.filter(email__iexact=email).exclude(pk=user.pk)
    proven = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user)
    return others.exists() or bool(proven.exists())


@needs_transaction
def _tell(  # noqa: PLR0913 - a fact is what, of whom, to whom, with which words, when
    name: str,
    user: User,
    email: str,
    url: str,
    now: datetime,
    *,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    locale = user.language or get_language() or settings.LANGUAGE_CODE
    outbox.tell(
        name=name,
        key=f"{name}:{secrets.token_hex(16)}",
        subject=f"account:{user.pk}",
        payload={"email": email, "locale": locale, **sealed_link(url), **more},
        at=now,
    )


def _contact() -> str:
    return f"{settings.PUBLIC_URL}{reverse('page', args=['contact'])}"


@needs_transaction
def _lock(user_id: int) -> None:
    User.objects.select_for_update(of=["self"], no_key=True).get(pk=user_id)
