"""Two-factor verification: check a code of an app or a recovery code, each accepted once."""

import base64
import hmac
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.db import transaction
from django.utils.crypto import constant_time_compare

from storefront.accounts import login_throttling
from storefront.accounts.models import TwoFactorEvent, User

STEP_S = 30
CLOCK_STEPS = (-1, 0, 1)  # a clock may be half a minute wrong
DIGITS = 6


class VerificationError(Exception):
    """The code or passkey is not the user's, or was used before."""


def verify_code(*, user: User, code: str, now: datetime) -> None:
    """Verify a code of the app or a recovery code; each is accepted once.

    Locks: the factors of the user.

    Raises: VerificationError, login_throttling.TooManyAttemptsError.
    """
    # The password was given before: count attempts per user, without a network.
    login_throttling.count_attempt(account=str(user.pk), network="", now=now, kind="factor")
    normalized = code.replace(" ", "").replace("-", "")
    with transaction.atomic():
        factors = Authenticator.objects.select_for_update(of=["self"]).filter(user=user)
        for factor in factors.exclude(type=Authenticator.Type.WEBAUTHN).order_by("pk"):
            if _fits(factor, normalized, now):
                factor.last_used_at = now
                factor.save(update_fields=["data", "last_used_at"])
                break
        else:
            raise VerificationError
    login_throttling.record_success(account=str(user.pk), network="", now=now, kind="factor")


def step_of(*, secret: str, code: str, now: datetime, after: int = -1) -> int | None:
    """Return the time step of an app code, if it is later than ``after``; else None."""
    current_step = int(now.timestamp()) // STEP_S
    for step in (current_step + offset for offset in CLOCK_STEPS):
        if step > after and constant_time_compare(app_code(secret, step), code):
            return step
    return None


def app_code(secret: str, step: int) -> str:
    """Return the code that an authenticator app shows in a time step (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def _fits(factor: Authenticator, code: str, now: datetime) -> bool:
    if factor.type == Authenticator.Type.TOTP:
        secret, used = decrypt(factor.data["secret"]), factor.data["step"]
        step = step_of(secret=secret, code=code, now=now, after=used)
        if step is not None:
            factor.data["step"] = step
        return step is not None
    codes = factor.wrap()
    if not codes.validate_code(code):
        return False
    factor.data = codes.instance.data
    what, user = TwoFactorEvent.What.CODE_USED, factor.user
    TwoFactorEvent.objects.create(user=user, actor=user, what=what, at=now)
    return True
