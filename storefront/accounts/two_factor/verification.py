"""Two-factor verification: check a code of an app, a recovery code or a passkey."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare

from storefront.accounts import login_throttling
from storefront.accounts.models import TwoFactorEvent, User

STEP_S = 30
CLOCK_STEPS = (-1, 0, 1)  # a clock may be half a minute wrong
# What allauth and fido2 raise for a forged or malformed browser response.
MALFORMED_ERRORS: tuple[type[Exception], ...] = (
    ValidationError, ValueError, TypeError, KeyError, AttributeError,
)  # fmt: skip


class VerificationError(Exception):
    """The code or passkey is not the user's, or was used before."""


def verify_code(*, user: User, code: str, now: datetime) -> None:
    """Verify a code of the app or a recovery code; each is accepted once.

    Locks: the factors of the user.

    Raises: VerificationError, login_throttling.TooManyAttemptsError.
    """
    # The password was given before: count attempts per user, without a network.
    login_throttling.count_attempt(account=str(user.pk), network="", now=now, kind="factor")
    typed = code.replace(" ", "").replace("-", "")
    with transaction.atomic():
        theirs = Authenticator.objects.select_for_update(of=["self"]).filter(user=user)
        for factor in theirs.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk"):
            if _fits(factor, typed, now):
                factor.last_used_at = now
                factor.save(update_fields=["data", "last_used_at"])
                break
        else:
            raise VerificationError
    login_throttling.record_success(account=str(user.pk), network="", now=now, kind="factor")


def verify_passkey(*, user: User, answer: Any, now: datetime) -> None:
    """Verify the browser's response to the challenge in its session.

    Raises: VerificationError.
    """
    try:
        webauthn.parse_authentication_response(answer)
        factor = webauthn.complete_authentication(user, answer)
    except MALFORMED_ERRORS as error:
        raise VerificationError from error
    Authenticator.objects.filter(pk=factor.pk).update(last_used_at=now)


def step_of(*, secret: str, code: str, now: datetime, after: int = -1) -> int | None:
    """Return the time step of an app code, if it is later than ``after``; else None."""
    here = int(now.timestamp()) // STEP_S
    for step in (here + by for by in CLOCK_STEPS):
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if step > after and constant_time_compare(expected, code):
            return step
    return None


def _fits(factor: Authenticator, code: str, now: datetime) -> bool:
    if factor.type == Authenticator.Type.TOTP:
        secret, used = decrypt(factor.data["secret"]), factor.data["step"]
        step = step_of(secret=secret, code=code, now=now, after=used)
        if step is not None:
            factor.data["step"] = step
        return step is not None
    codes = RecoveryCodes(factor)
    if not codes.validate_code(code):
        return False
    factor.data = codes.instance.data
    what, user = TwoFactorEvent.What.CODE_USED, factor.user
    TwoFactorEvent.objects.create(user=user, actor=user, what=what, at=now)
    return True
