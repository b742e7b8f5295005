"""Two-factor enrollment: add, remove and reset authenticator apps, passkeys and recovery codes."""

import base64
import secrets
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import models, transaction
from django.db.models import F
from django.utils.translation import get_language, gettext

from notifications import outbox
from storefront.accounts import security_log
from storefront.accounts.models import TwoFactorEvent, User
from storefront.accounts.two_factor import passkeys, verification
from storefront.accounts.two_factor.verification import VerificationError
from storefront.lib.db.transactions import requires_transaction

What = TwoFactorEvent.What
CODES = Authenticator.Type.RECOVERY_CODES
MAX_NAME = 60


class AppExistsError(Exception):
    """The user already has an authenticator app; it must be removed first."""


class LastFactorError(Exception):
    """Staff need a second factor: the last one cannot be removed."""


class NotAllowedError(Exception):
    """Only a superuser may reset another user's factors, and not their own."""

    def __str__(self) -> str:
        return gettext("Only a superuser may reset the second factors of another user.")


def factors_of(user: User) -> models.QuerySet[Any]:
    """Return the user's factors, without recovery codes."""
    factors: models.QuerySet[Any] = Authenticator.objects.filter(user=user).exclude(type=CODES)
    return factors


def has_any(user: User) -> bool:
    return factors_of(user).exists()


def new_app_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


@transaction.atomic(durable=True)
def add_app(*, user: User, secret: str, code: str, now: datetime) -> None:
    """Store the secret of an authenticator app, if a code proves that the app has it.

    Locks: the account.

    Raises: AppExistsError, VerificationError.
    """
    User.objects.lock(user.pk)
    kind = Authenticator.Type.TOTP
    if Authenticator.objects.filter(user=user, type=kind).exists():
        raise AppExistsError
    step = verification.step_of(secret=secret, code=code.replace(" ", ""), now=now)
    if step is None:
        raise VerificationError
    Authenticator.objects.create(
        user=user, type=kind, data={"secret": encrypt(secret), "step": step}, created_at=now
    )
    _record(user=user, what=What.APP_ADDED, actor=user, now=now)


@transaction.atomic(durable=True)
def add_passkey(*, user: User, name: str, answer: Any, session: SessionBase, now: datetime) -> None:
    """Store a passkey for the session's challenge. Locks the account. Raises VerificationError."""
    User.objects.lock(user.pk)
    passkeys.verify_registration(answer, session)
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": name[:MAX_NAME], "credential": answer},
        created_at=now,
    )
    _record(user=user, what=What.PASSKEY_ADDED, actor=user, now=now)


@transaction.atomic(durable=True)
def make_codes(*, user: User, now: datetime) -> list[str]:
    """Replace the recovery codes and return them; they cannot be read again. Locks the account."""
    User.objects.lock(user.pk)
    Authenticator.objects.filter(user=user, type=CODES).delete()
    seed = {"seed": encrypt(secrets.token_hex(40)), "used_mask": 0}
    factor = Authenticator.objects.create(user=user, type=CODES, data=seed, created_at=now)
    _record(user=user, what=What.CODES_MADE, actor=user, now=now)
    codes: list[str] = factor.wrap().generate_codes()
    return codes


@transaction.atomic(durable=True)
def remove(*, user: User, factor_id: int, now: datetime) -> None:
    """Remove the user's app or passkey, and with the last one also the recovery codes.

    Locks: the account.

    Raises: LastFactorError, Authenticator.DoesNotExist.
    """
    User.objects.lock(user.pk)
    factors = factors_of(user)
    factor = factors.get(pk=factor_id)
    is_last = not factors.exclude(pk=factor.pk).exists()
    if is_last and settings.STAFF_SECOND_FACTOR:
        raise LastFactorError
    factor.delete()
    if is_last:
        Authenticator.objects.filter(user=user).delete()
    _record(user=user, what=What.DROPPED, actor=user, now=now)


@transaction.atomic(durable=True)
def reset(*, user: User, actor: User | None, reason: str, now: datetime) -> None:
    """Remove all factors of a user who lost their devices, and end all their sessions.

    ``actor`` is None for a management command.

    Locks: the account.

    Raises: NotAllowedError.
    """
    if actor is not None and (not actor.is_superuser or actor.pk == user.pk):
        raise NotAllowedError
    User.objects.lock(user.pk)
    Authenticator.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    _record(user=user, what=What.RESET, actor=actor, now=now, reason=reason)


@requires_transaction
def _record(*, user: User, what: What, actor: User | None, now: datetime, reason: str = "") -> None:
    """Record a change of factors, and mail the user, who may not have made it."""
    TwoFactorEvent.objects.create(user=user, what=what, actor=actor, reason=reason, at=now)
    security_log.record(
        security_log.Event.FACTORS_CHANGED, actor=actor, what=f"user:{user.pk}", change=what.value
    )
    outbox.record_event(
        name="account.mfa_changed",
        key=f"account.mfa_changed:{secrets.token_hex(16)}",
        subject=f"account:{user.pk}",
        payload={
            "email": user.email,
            "locale": user.language or get_language() or settings.LANGUAGE_CODE,
            "url": f"{settings.PUBLIC_URL}/admin/factors/",
            "what": what.value,
        },
        at=now,
    )
