"""System checks: refuse to serve production with the insecure defaults of local development."""

import tempfile
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from notifications.senders.email import METADATA_HEADERS
from orders.gateways import GATEWAYS, PRODUCTION_GATEWAYS

LIVE_KEYS = ("sk_live_", "rk_live_")
SECRET_KEY_LENGTH, SECRET_KEY_CHARACTERS = 50, 5  # as Django's security.W009
MIN_TOKEN_LENGTH = 16
LOCAL = ("127.0.0.1", "localhost", "[::1]")


@checks.register(checks.Tags.security)
def refuse_insecure_defaults(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for each insecure default in production."""
    if not settings.IS_PRODUCTION:
        return []
    return [
        checks.Error(
            f"{name} still has the insecure local default.", hint=hint, id=f"fara.E{number:03}"
        )
        for number, (name, is_insecure, hint) in enumerate(_defaults(), start=1)
        if is_insecure
    ]


@checks.register(checks.Tags.security)
def refuse_weak_values(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for each guessable or unencrypted value in production."""
    if not settings.IS_PRODUCTION:
        return []
    return [
        checks.Error(f"{name} is not safe for production.", hint=hint, id=f"fara.E{number:03}")
        for number, (name, is_weak, hint) in enumerate(_weaknesses(), start=51)
        if is_weak
    ]


@checks.register(checks.Tags.security)
def check_gateway(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for an unregistered payment gateway, with which checkouts would fail."""
    # The development tools register "fake" later, when the apps are ready.
    known = GATEWAYS.keys() | ({"fake"} if settings.HAS_DEV_TOOLS else set())
    if settings.IS_PRODUCTION or settings.PAYMENT_GATEWAY in known:
        return []
    return [
        checks.Error(
            f"PAYMENT_GATEWAY={settings.PAYMENT_GATEWAY} is not a registered payment gateway.",
            hint=f"Set one of: {', '.join(sorted(GATEWAYS))}.",
            id="fara.E100",
        )
    ]


@checks.register(checks.Tags.files)
def check_data_folders(**_: Any) -> list[checks.CheckMessage]:
    """Test each folder that the shop writes to, by creating a file in it."""
    errors: list[checks.CheckMessage] = []
    for name in settings.DATA_ROOTS:
        folder = Path(getattr(settings, name))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            hint = (
                f"Mount a volume at {folder} that this user may write to. All containers share it."
            )
            message = f"{name} is not writable: {error.strerror} ({folder})."
            errors.append(checks.Error(message, hint=hint, id="fara.E101"))
    return errors


def require_safe_settings() -> None:
    """Raise ImproperlyConfigured with all errors; only ``manage.py`` runs system checks by itself."""
    errors = [
        *refuse_insecure_defaults(),
        *refuse_weak_values(),
        *check_gateway(),
        *check_data_folders(),
    ]
    if errors:
        raise ImproperlyConfigured(
            "\n".join(["", *(f"{error.msg} {error.hint}" for error in errors)])
        )


def exit_if_unsafe(**_: Any) -> None:
    """Stop a worker or beat that runs production with insecure defaults."""
    try:
        require_safe_settings()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error  # Celery swallows other exceptions


def _defaults() -> list[tuple[str, bool, str]]:
    """Return each setting, whether it is an insecure default, and what to set instead."""
    return [
        (
            "SECRET_KEY",
            settings.SECRET_KEY == settings.INSECURE_SECRET_KEY,
            "Set 50 random characters.",
        ),
        ("FIELD_KEYS", settings.INSECURE_FIELD_KEY in settings.FIELD_KEYS, "Set a Fernet key."),
        ("DEBUG", settings.DEBUG, "Set DEBUG=false."),
        (
            "ALLOWED_HOSTS",
            settings.ALLOWED_HOSTS == settings.LOCAL_HOSTS or "*" in settings.ALLOWED_HOSTS,
            "Set the shop's host names.",
        ),
        (
            "PUBLIC_URL",
            any(host in settings.PUBLIC_URL for host in LOCAL),
            "Set the shop's https address.",
        ),
        (
            "TRUSTED_PROXIES",
            settings.TRUSTED_PROXIES < 1,
            "Set the number of proxies that append to X-Forwarded-For. Rate limits depend on it.",
        ),
        (
            "PAYMENT_GATEWAY",
            settings.PAYMENT_GATEWAY not in PRODUCTION_GATEWAYS,
            f"Choose a gateway with real payments: {', '.join(sorted(PRODUCTION_GATEWAYS))}.",
        ),
        *_stripe(),
        *_twilio(),
        *_mail_provider(),
        (
            "SANDBOX_SUPPLIER_URL",
            bool(settings.SANDBOX_SUPPLIER_URL),
            "Leave SANDBOX_SUPPLIER_URL empty. The sandbox supplier ships nothing.",
        ),
        (
            "SMTP_URL",
            any(host in settings.SMTP_URL for host in LOCAL),
            "Set the mail server's address.",
        ),
        (
            "STAFF_SECOND_FACTOR",
            not settings.STAFF_SECOND_FACTOR,
            "Remove it, or set STAFF_SECOND_FACTOR=true. A password alone must not be enough.",
        ),
    ]


def _weaknesses() -> list[tuple[str, bool, str]]:
    """Return each secret or address, whether it is weak, and what to set instead."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        (
            "SECRET_KEY",
            any(
                len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_CHARACTERS
                for key in keys
            ),
            f"Set {SECRET_KEY_LENGTH} random characters.",
        ),
        (
            "PUBLIC_URL",
            not settings.PUBLIC_URL.startswith("https://"),
            "Set the shop's https address. E-mails link to it.",
        ),
        (
            "MAIL_FROM",
            "@" not in parseaddr(settings.MAIL_FROM)[1],
            "Set an address, such as Your Shop <orders@shop.example>.",
        ),
        (
            "SMTP_URL",
            settings.SMTP_URL.startswith("smtp:"),
            "Set smtps:// or smtp+starttls://. E-mails contain links to orders and accounts.",
        ),
        (
            "METRICS_TOKEN",
            0 < len(settings.METRICS_TOKEN) < MIN_TOKEN_LENGTH,
            f"Set at least {MIN_TOKEN_LENGTH} random characters. It shows turnover and suppliers.",
        ),
        (
            "SEVENTEEN_TRACK_URL",
            bool(settings.SEVENTEEN_TRACK_KEY)
            and not settings.SEVENTEEN_TRACK_URL.startswith("https://"),
            "Remove it. The default is the address of 17TRACK. The key is sent there.",
        ),
        (
            "SENDCLOUD_URL",
            not settings.SENDCLOUD_URL.startswith("https://"),
            "Remove it. The default is the address of Sendcloud. The keys are sent there.",
        ),
    ]


def _stripe() -> list[tuple[str, bool, str]]:
    if settings.PAYMENT_GATEWAY != "stripe":
        return []
    return [
        (
            "STRIPE_SECRET_KEY",
            not settings.STRIPE_SECRET_KEY.startswith(LIVE_KEYS),
            "Set Stripe's live key. Test keys take no payments.",
        ),
        (
            "STRIPE_WEBHOOK_SECRET",
            not settings.STRIPE_WEBHOOK_SECRET.strip(),
            "Set the signing secret of the webhook endpoint /hooks/stripe/.",
        ),
        (
            "STRIPE_API_URL",
            not settings.STRIPE_API_URL.startswith("https://"),
            "Remove it. The default is Stripe's own address.",
        ),
    ]


def _twilio() -> list[tuple[str, bool, str]]:
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    has_some = any(getattr(settings, name) for name in names)
    return [
        *(
            (name, has_some and not getattr(settings, name), f"Set all of {', '.join(names)}.")
            for name in names
        ),
        (
            "TWILIO_API_URL",
            not settings.TWILIO_API_URL.startswith("https://"),
            "Remove it. The default is Twilio's own address.",
        ),
    ]


MIN_MAIL_SECRET_LENGTH = 16


def _mail_provider() -> list[tuple[str, bool, str]]:
    provider, secret = settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET
    return [
        (
            "MAIL_PROVIDER",
            provider not in {"", *METADATA_HEADERS},
            f"Set one of {', '.join(METADATA_HEADERS)}, or nothing.",
        ),
        (
            "MAIL_WEBHOOK_SECRET",
            bool(provider) and len(secret) < MIN_MAIL_SECRET_LENGTH,
            f"Set at least {MIN_MAIL_SECRET_LENGTH} characters. It proves the webhooks of the mail provider.",
        ),
    ]
