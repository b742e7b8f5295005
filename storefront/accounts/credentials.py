"""Account credentials: change e-mail address or password, stop a change, notify the owner."""

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
from notifications.sealed_links import encrypt_link
from storefront.accounts import email_verification, security_log
from storefront.accounts.models import EmailChangeRequest, User
from storefront.lib.db.transactions import requires_transaction

LINK_TTL = timedelta(days=3)
_STOP_SIGNER = signing.Signer(salt="stop-address-change")


class StaleLinkError(Exception):
    """The link is unknown, expired or used, or a newer change was requested."""


class EmailTakenError(Exception):
    """Another account has this address by now."""


@transaction.atomic(durable=True)
def request_email_change(*, user: User, email: str, now: datetime) -> None:
    """Mail a confirmation link to a new address; nothing changes until it is opened.

    The old address gets a mail at once, with a link that stops the change, since the session may be
    stolen. If another account has the new address, no mail is sent to it and the page looks the
    same, so that the page does not reveal which addresses have an account. The new address may be
    the old one, if that bounced and is to be confirmed again.

    Locks: the account.
    """
    email = email.lower()
    User.objects.lock(user.pk)
    change = EmailChangeRequest.objects.create(
        user=user,
        old_email=user.email,
        new_email=email,
        key=secrets.token_hex(16),
        requested_at=now,
    )
    if not _is_taken(email, user):
        url = reverse("account_email_confirm", args=[change.key])
        _notify("account.new_address", user, email, f"{settings.PUBLIC_URL}{url}", now)
    if email == user.email:
        return
    stop = reverse("account_email_stop", args=[_STOP_SIGNER.sign_object(change.pk)])
    details = {
        "new_email": email,
        "day": now.astimezone(UTC).date().isoformat(),
        "time": f"{now.astimezone(UTC):%H:%M}",
    }
    _notify(
        "account.email_change_requested",
        user,
        user.email,
        f"{settings.PUBLIC_URL}{stop}",
        now,
        more=details,
    )


def find_change(*, key: str, now: datetime) -> EmailChangeRequest | None:
    """Return the change of a confirmation link, if it can still be completed."""
    change = EmailChangeRequest.objects.select_related("user").filter(key=key).first()
    if change is None or change.done_at or change.stopped_at:
        return None
    if change.requested_at <= now - LINK_TTL:
        return None
    is_last = not EmailChangeRequest.objects.filter(user=change.user_id, pk__gt=change.pk).exists()
    is_same = change.user.email == change.old_email and change.user.is_active
    return change if is_last and is_same and not change.user.is_staff else None


@requires_transaction
def confirm_email_change(*, key: str, now: datetime) -> User:
    """Complete a change, notify the old address, and end all sessions of the account.

    Locks: the account.

    Raises: StaleLinkError, EmailTakenError.
    """
    change = EmailChangeRequest.objects.filter(key=key).first()
    if change is None:
        raise StaleLinkError
    User.objects.lock(change.user_id)
    pending = find_change(key=key, now=now)
    if pending is None:
        raise StaleLinkError
    user = pending.user
    if _is_taken(pending.new_email, user):
        raise EmailTakenError
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(
                email=pending.new_email, session_epoch=F("session_epoch") + 1
            )
    except IntegrityError as error:  # another user signed up with it concurrently
        raise EmailTakenError from error
    EmailChangeRequest.objects.filter(pk=pending.pk).update(done_at=now)
    EmailAddress.objects.filter(user=user).delete()
    user.refresh_from_db()
    email_verification.verify(user=user, now=now)
    if pending.old_email != user.email:
        _notify("account.email_changed", user, pending.old_email, _contact(), now)
        security_log.record(security_log.Event.EMAIL_CHANGED, actor=user)
    return user


def find_stoppable(*, token: str) -> EmailChangeRequest | None:
    """Return the change of a stop link, even if already stopped; None if it is completed."""
    try:
        pk = _STOP_SIGNER.unsign_object(token)
    except signing.BadSignature:
        return None
    return EmailChangeRequest.objects.filter(pk=pk, done_at=None).first()


@transaction.atomic(durable=True)
def stop_email_change(*, token: str, now: datetime) -> None:
    """Stop a change on behalf of the old address. Idempotent.

    Nothing else changes: a thief of the old mailbox can only prevent the change.

    Locks: the account.

    Raises: StaleLinkError: the change is completed, or was voided by a new password.
    """
    change = find_stoppable(token=token)
    if change is None:
        raise StaleLinkError
    User.objects.lock(change.user_id)
    pending = EmailChangeRequest.objects.filter(pk=change.pk, done_at=None)
    pending.filter(stopped_at=None).update(stopped_at=now)
    if not pending.exists():  # it was completed while this call waited for the lock
        raise StaleLinkError


def former_addresses(user: User) -> set[str]:
    """Return former addresses of the account that no other account has now."""
    confirmed = EmailChangeRequest.objects.filter(user=user, done_at__isnull=False)
    old_emails = confirmed.values_list("old_email", flat=True)
    return {email for email in old_emails if email != user.email and not _is_taken(email, user)}


@requires_transaction
def set_password(*, user: User, password: str, now: datetime) -> None:
    """Set a new password, notify the user, and void open e-mail changes.

    Ends all sessions except one whose hash the caller updates. Open e-mail changes are voided,
    because the person who requested them may have known the old password.

    Locks: the account.
    """
    User.objects.lock(user.pk)
    # The rows stay: erasure uses them to find mails to these addresses.
    EmailChangeRequest.objects.filter(user=user, done_at=None, stopped_at=None).update(
        stopped_at=now
    )
    user.set_password(password)
    user.save(update_fields=["password"])
    _notify("account.password_changed", user, user.email, _contact(), now)
    security_log.record(security_log.Event.PASSWORD_CHANGED, actor=user)


def _is_taken(email: str, user: User) -> bool:
    others = User.objects.filter(email__iexact=email).exclude(pk=user.pk)
    proven = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user)
    return others.exists() or bool(proven.exists())


@requires_transaction
def _notify(  # noqa: PLR0913 - all parts of one event
    name: str,
    user: User,
    email: str,
    url: str,
    now: datetime,
    *,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    locale = user.language or get_language() or settings.LANGUAGE_CODE
    outbox.record_event(
        name=name,
        key=f"{name}:{secrets.token_hex(16)}",
        subject=f"account:{user.pk}",
        payload={"email": email, "locale": locale, **encrypt_link(url), **more},
        at=now,
    )


def _contact() -> str:
    return f"{settings.PUBLIC_URL}{reverse('page', args=['contact'])}"
