"""Account models: users, addresses, consents, login attempts, staff sessions, changes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from storefront.lib.address import Address


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail; Django's commands call these two methods."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in: staff, or a customer with an account."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    # of e-mails; empty: the language of the page
    language = models.CharField(max_length=5, blank=True)
    session_epoch = models.PositiveIntegerField(
        default=0, db_default=0
    )  # incremented to end all sessions at once

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_once_per_email"),
            # Django's system check requires the plain column to be unique too.
            models.UniqueConstraint(fields=["email"], name="user_email_unique"),
        ]

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        # The hash that a session must match: Django's, of the password, and the round.
        carried: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.session_epoch:
            return carried
        words = f"{carried}:{self.session_epoch}"
        return salted_hmac("session", words, secret=secret, algorithm="sha256").hexdigest()


class SavedAddress(models.Model):
    """A delivery address of an account; checkout starts with the default one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="addresses")
    address = models.JSONField()  # Address
    is_default = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "saved addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(is_default=True), name="one_default_address"
            ),
        ]

    def __str__(self) -> str:
        return f"address {self.pk}"

    @property
    def as_address(self) -> Address:
        return Address(**self.address)


class Consent(models.Model):
    """One consent given or withdrawn, when and where; the last one holds.

    Append-only: a trigger refuses updates.
    """

    class Kind(models.TextChoices):
        MARKETING_EMAIL = "marketing_email", _("News and offers by e-mail")

    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind)
    is_given = models.BooleanField()
    source = models.CharField(max_length=40)  # the page it was given on
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "kind", "-id"], name="consent_last")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["marketing_email"]), name="consent_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class EmailChangeRequest(models.Model):
    """A requested e-mail change; it takes effect when the link in its mail is opened.

    Until then the old address may stop it. Erasure also searches the old and requested addresses.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="address_changes")
    old_email = models.EmailField(max_length=254)
    new_email = models.EmailField(max_length=254)
    key = models.CharField(max_length=40, unique=True)  # of the link in the mail
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    # by the link in the mail to the old address
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(stopped_at=None),
                name="email_change_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"address change {self.pk}"


class LoginAttempts(models.Model):
    """Failed sign-ins of one account, one network, or one account in one network.

    ``key`` is a digest of which. ``count`` leaks over time (``login_throttling``).
    """

    key = models.CharField(max_length=64, unique=True)
    count = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    last_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "sign-in attempts"

    def __str__(self) -> str:
        return self.key


class TwoFactorEvent(models.Model):
    """A change of a user's second factors: what, by whom, why.

    Append-only: a trigger refuses updates, except to clear a deleted actor.
    """

    class What(models.TextChoices):
        APP_ADDED = "app_added", _("An authenticator app was added")
        PASSKEY_ADDED = "passkey_added", _("A passkey was added")
        CODES_MADE = "codes_made", _("New recovery codes were made")
        CODE_USED = "code_used", _("A recovery code was used")
        DROPPED = "dropped", _("An app or a passkey was removed")
        RESET = "reset", _("A colleague removed all of them")

    user = models.ForeignKey(User, models.CASCADE, related_name="two_factor_events")
    what = models.CharField(max_length=20, choices=What)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    what__in=[
                        "app_added", "passkey_added", "codes_made", "code_used", "dropped", "reset",
                    ]
                ),
                name="two_factor_event_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(what="reset") | ~models.Q(reason=""),
                name="two_factor_reset_has_reason",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.what} {self.pk}"


class StaffSession(models.Model):
    """A session of a staff member: start, last use and network.

    It is deleted with its session. The session key is never shown.
    """

    session = models.OneToOneField(
        "sessions.Session", models.DB_CASCADE, related_name="staff_session"
    )
    user = models.ForeignKey(User, models.DB_CASCADE, related_name="staff_sessions")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # accurate to a minute
    network = models.CharField(max_length=64)  # of the last request
    browser = models.CharField(max_length=40, blank=True)  # and system; empty if unknown

    def __str__(self) -> str:
        return f"staff session {self.pk}"
