"""Account models: store users, addresses, login attempts, staff sessions, changes."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from storefront.lib.address import Address
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import cascading_key
from storefront.lib.db.indexed_search import plain_column
from storefront.lib.db.transactions import requires_transaction

PLAIN_NAME = plain_column("name")  # as staff search for it


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail, as Django's commands do, and locks them."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account that signs in with an address, whatever its capital letters."""
        return self.get(email=(username or "").strip().lower())

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    @requires_transaction
    def lock(self, user_id: int) -> None:
        """Lock an account until the end of the transaction."""
        self.select_for_update(of=["self"], no_key=True).get(pk=user_id)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in: staff, or a customer with an account."""

    # The columns of Django's base classes, with our labels.
    password = models.CharField(_("Password"), max_length=128)
    last_login = models.DateTimeField(_("Last sign-in"), blank=True, null=True)
    is_superuser = models.BooleanField(
        _("Superuser"), default=False, help_text=_("If ticked, this person has all permissions.")
    )
    email = models.EmailField(_("E-mail"), max_length=254, help_text=_("Used to sign in."))
    name = models.CharField(
        _("Name"),
        max_length=120,
        blank=True,
        help_text=_("Name shown to colleagues. Empty: the e-mail address is shown."),
    )
    is_staff = models.BooleanField(
        _("Staff account"),
        default=False,
        help_text=_("If ticked, this person can open the staff pages, with the permissions below."),
    )
    is_active = models.BooleanField(
        _("Active"),
        default=True,
        help_text=_("If not ticked, this person cannot sign in. No data is deleted."),
    )
    joined_at = models.DateTimeField(_("Joined"), auto_now_add=True)
    # language of e-mails; empty: the language of the page that causes the e-mail
    language = models.CharField(_("Language"), max_length=5, blank=True)
    # where text messages about the user's orders go (E.164); empty: chosen at each checkout
    sms_number = models.CharField(_("Text messages to"), max_length=16, blank=True, db_default="")
    # incremented to end all sessions at once
    session_epoch = models.PositiveIntegerField(_("Sessions ended"), default=0, db_default=0)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [
            ("view_customer", "Can view customer page"),
            ("view_as_customer", "Can view the shop as customer"),
            ("export_customer", "Can export personal data of customer"),
            ("erase_customer", "Can erase customer"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_once_per_email",
                violation_error_message=_("Another user has this e-mail address."),
            ),
            # Django's system check requires the plain column to be unique too.
            unique("user_email_unique", ["email"]),
        ]
        # The search of staff.
        indexes = [
            models.Index(fields=["email"], opclasses=["varchar_pattern_ops"], name="user_by_email"),
            GinIndex(SearchVector(PLAIN_NAME, config="simple"), name="user_name_words"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @property
    def customer_key(self) -> str | None:
        """Return the name of the customer page in its URL; staff have none."""
        return None if self.is_staff else f"account-{self.pk}"

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        # A session must match this hash: Django's hash of the password, with the session epoch.
        django_hash: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.session_epoch:
            return django_hash
        value = f"{django_hash}:{self.session_epoch}"
        return salted_hmac("session", value, secret=secret, algorithm="sha256").hexdigest()


class SavedAddress(models.Model):
    """A delivery address of an account; checkout starts with the default one."""

    user = cascading_key(User, "addresses", _("User"))
    address = models.JSONField(_("Address"))  # Address
    is_default = models.BooleanField(_("Default"), default=False)

    class Meta:
        verbose_name = _("saved address")
        verbose_name_plural = _("saved addresses")
        constraints = [
            unique("one_default_address", ["user"], condition=models.Q(is_default=True)),
        ]

    def __str__(self) -> str:
        return f"address {self.pk}"

    @property
    def as_address(self) -> Address:
        return Address(**self.address)


class EmailChangeRequest(models.Model):
    """An e-mail change. A link to the new address confirms it; a link to the old stops it."""

    user = cascading_key(User, "address_changes", _("User"))
    old_email = models.EmailField(_("From"), max_length=254)
    new_email = models.EmailField(_("To"), max_length=254)
    key = models.CharField(_("Link"), max_length=40, unique=True)  # of the link in the mail
    requested_at = models.DateTimeField(_("Requested"))
    done_at = models.DateTimeField(_("Confirmed"), null=True, blank=True)
    # by the link in the mail to the old address
    stopped_at = models.DateTimeField(_("Stopped from the old address"), null=True, blank=True)

    class Meta:
        verbose_name = _("e-mail change")
        verbose_name_plural = _("e-mail changes")
        constraints = [
            check("email_change_ends_once", models.Q(done_at=None) | models.Q(stopped_at=None)),
        ]

    def __str__(self) -> str:
        return f"address change {self.pk}"


class LoginAttempts(models.Model):
    """Failed sign-ins by ``key``, a digest of account and network; ``count`` leaks over time."""

    key = models.CharField(_("Key"), max_length=64, unique=True)
    count = models.DecimalField(_("Attempts"), max_digits=9, decimal_places=4, default=0)
    last_at = models.DateTimeField(_("Last attempt"))
    blocked_until = models.DateTimeField(_("Blocked until"), null=True, blank=True)
    succeeded_at = models.DateTimeField(_("Last success"), null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in attempts")
        verbose_name_plural = _("sign-in attempts")

    def __str__(self) -> str:
        return self.key


class TwoFactorEvent(models.Model):
    """A change of second factors. Append-only by trigger, except to clear a deleted actor."""

    class What(models.TextChoices):
        APP_ADDED = "app_added", _("An authenticator app was added")
        PASSKEY_ADDED = "passkey_added", _("A passkey was added")
        CODES_MADE = "codes_made", _("New recovery codes were made")
        CODE_USED = "code_used", _("A recovery code was used")
        DROPPED = "dropped", _("An app or a passkey was removed")
        RESET = "reset", _("A colleague removed all second factors")

    user = cascading_key(User, "two_factor_events", _("User"))
    what = models.CharField(_("What happened"), max_length=20, choices=What)
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", verbose_name=_("Changed by")
    )
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("two-factor change")
        verbose_name_plural = _("two-factor changes")
        constraints = [
            check("two_factor_event_known", models.Q(what__in=[
                "app_added", "passkey_added", "codes_made", "code_used", "dropped", "reset",
            ])),
            check("two_factor_reset_has_reason", ~models.Q(what="reset") | ~models.Q(reason="")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.what} {self.pk}"


class StaffSession(models.Model):
    """The user and the last request of a session. Pages show this row, never the session key."""

    session = models.OneToOneField(
        "sessions.Session",
        models.DB_CASCADE,
        related_name="staff_session",
        verbose_name=_("Session"),
    )
    user = models.ForeignKey(
        User, models.DB_CASCADE, related_name="staff_sessions", verbose_name=_("User")
    )
    started_at = models.DateTimeField(_("Signed in"))
    seen_at = models.DateTimeField(_("Last request"))  # accurate to a minute
    network = models.CharField(_("Network"), max_length=64)  # of the last request
    # browser and system; empty if unknown
    browser = models.CharField(_("Browser"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("staff session")
        verbose_name_plural = _("staff sessions")

    def __str__(self) -> str:
        return f"staff session {self.pk}"
