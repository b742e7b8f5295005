"""Change how an account is called and opened: its e-mail address, its password."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import get_language

from notifications import outbox
from storefront.accounts import proving
from storefront.accounts.models import AddressChange, User
from storefront.lib.transactions import needs_transaction

LINK_WORKS_FOR = timedelta(days=3)


class StaleLinkError(Exception):
    """The link is unknown, old, used, or another was asked for after it."""


class TakenError(Exception):
    """Somebody else has an account with this address by now."""


@transaction.atomic(durable=True)
def ask_for_address(*, user: User, email: str, now: datetime) -> None:
    """Mail a link to a new address; until it is followed, nothing changes.

    An address that has an account is sent nothing: nobody learns here who has one.

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


def find(*, key: str, now: datetime) -> AddressChange | None:
    """Find what a link asks for, while it can still be done."""
    found = AddressChange.objects.select_related("user").filter(key=key, done_at=None).first()
    if found is None or found.asked_at <= now - LINK_WORKS_FOR:
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
    proving.prove(user=user)
    _tell("account.address_changed", user, found.old_email, _contact(), now)
    return user


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
    AddressChange.objects.filter(user=user, done_at=None).delete()
    user.set_password(password)
    user.save(update_fields=["password"])
    _tell("account.password_changed", user, user.email, _contact(), now)


def _is_taken(email: str, user: User) -> bool:
    others = User.objects.filter(email__iexact=email).exclude(pk=user.pk)
    proven = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user)
    return others.exists() or bool(proven.exists())


@needs_transaction
def _tell(name: str, user: User, email: str, url: str, now: datetime) -> None:
    locale = user.language or get_language() or settings.LANGUAGE_CODE
    outbox.tell(
        name=name,
        key=f"{name}:{secrets.token_hex(16)}",
        subject=f"account:{user.pk}",
        payload={"email": email, "locale": locale, "url": url},
        at=now,
    )


def _contact() -> str:
    return f"{settings.PUBLIC_URL}{reverse('page', args=['contact'])}"


@needs_transaction
def _lock(user_id: int) -> None:
    User.objects.select_for_update(of=["self"], no_key=True).get(pk=user_id)
