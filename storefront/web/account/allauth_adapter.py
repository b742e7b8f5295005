"""Account adapter for allauth: send its mails through the outbox, keep staff out of shop login."""

import hashlib
import secrets
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.markets.middleware import request_market
from notifications import outbox
from notifications.sealed_links import encrypt_link
from storefront.accounts.models import User
from storefront.lib.security.rate_limit import is_rate_limited

MAILS_PER_HOUR = 5
# allauth's e-mail template -> our outbox event, and the context key that holds the link.
EVENTS = {
    "email_confirmation": ("account.unproven", "activate_url"),
    "email_confirmation_signup": ("account.unproven", "activate_url"),
    "account_already_exists": ("account.known", "password_reset_url"),
    "password_reset_key": ("account.password_forgotten", "password_reset_url"),
}


class CustomerAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth adapter for customers' accounts."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("Wrong e-mail or password."),
        "invalid_login": _("Wrong e-mail or password."),
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Refuse staff: they sign in at the admin, with a second factor."""
        user: User | None = super().authenticate(request, **credentials)
        return None if user is None or user.is_staff else user

    def get_login_stages(self) -> list[str]:
        """Remove the MFA stages: only staff use a second factor, and they cannot sign in here."""
        return [stage for stage in super().get_login_stages() if ".mfa." not in stage]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Record the mail in the outbox, at most ``MAILS_PER_HOUR`` per address."""
        name, link = EVENTS[template_prefix.rpartition("/")[2]]
        if is_rate_limited(what="account-mail", who=email.lower(), per_hour=MAILS_PER_HOUR):
            return
        chosen = context["user"].language if "user" in context else ""
        payload = {"email": email, "locale": chosen or get_language()}
        address = hashlib.blake2b(email.lower().encode(), digest_size=12).hexdigest()
        with transaction.atomic():
            outbox.record_event(
                name=name,
                key=f"{name}:{secrets.token_hex(16)}",
                subject=f"account:{address}",
                payload=payload | encrypt_link(context[link]),
                at=timezone.now(),
            )

    def get_reset_password_from_key_url(self, key: str) -> str:
        user_id, _dash, token = key.partition("-")
        return self._public(reverse("account_reset_password_from_key", args=[user_id, token]))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:  # noqa: ARG002
        return self._public(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_account_already_exists_mail(self, email: str) -> None:
        link = self._public(reverse("account_reset_password"))
        self.send_mail("account_already_exists", email, {"password_reset_url": link})

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: pages show their own messages."""

    def _public(self, path: str) -> str:
        """Return the URL of a path on the market of the request."""
        market = request_market(self.request) if self.request else None
        return f"{market.origin if market else settings.PUBLIC_URL}{path}"
