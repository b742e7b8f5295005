"""Product alert subscriptions: ask for an alert, confirm it, stop it, delete old ones."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from catalog.models import Listing
from catalog.texts.titles import full_title_in
from notifications import preferences
from notifications.models import Consent
from notifications.outbox import record_event
from notifications.preferences import EMAIL, Kind
from shipping.models import ProductAlert
from shipping.product_alerts import links
from storefront.lib.db.transactions import requires_transaction

# An address that was not confirmed may be another person's.
CONFIRM_WITHIN = timedelta(days=7)


def subscribe(  # noqa: PLR0913 - what, where to, to whom
    *,
    kind: ProductAlert.Kind,
    listing: Listing,
    country: str,
    email: str,
    locale: str,
    is_verified: bool,
    now: datetime,
) -> None:
    """Store a request for an alert, and ask the address for confirmation unless it ``is_verified``.

    Idempotent: a second request keeps the first one and its price. An address is asked once a day
    for each alert.
    """
    price = listing.price_amount if kind == ProductAlert.Kind.PRICE_DROP else None
    with transaction.atomic(durable=True):
        alert, _is_new = ProductAlert.objects.select_related("variant__product").get_or_create(
            kind=kind,
            variant=listing.variant,
            channel_id=listing.channel_id,
            country=country,
            email=email.lower(),
            defaults={"locale": locale, "price_amount": price, "asked_at": now},
        )
        if alert.confirmed_at is None and not is_verified:
            _ask(alert, at=now)
    if alert.confirmed_at is None and is_verified:
        confirm(alert=alert, source=Consent.Source.ACCOUNT, now=now)


@requires_transaction
def _ask(alert: ProductAlert, *, at: datetime) -> None:
    record_event(
        name="product_alert.asked",
        key=f"product_alert.asked:{alert.pk}:{at:%Y-%m-%d}",
        subject=f"product_alert:{alert.pk}",
        payload={
            "email": alert.email,
            "locale": alert.locale,
            "url": links.alert_url(alert),
            "name": full_title_in(alert.variant, alert.locale),
            "is_price_drop": alert.kind == ProductAlert.Kind.PRICE_DROP,
        },
        at=at,
    )


def confirm(*, alert: ProductAlert, source: str, now: datetime) -> None:
    """Activate an alert, and allow alerts again if the person unsubscribed before. Idempotent."""
    if not preferences.choices(recipient=alert.email, sender=EMAIL)[Kind.PRODUCT_ALERT]:
        preferences.record_choices(
            recipient=alert.email,
            sender=EMAIL,
            chosen={Kind.PRODUCT_ALERT: True},
            source=source,
            now=now,
        )
    ProductAlert.objects.filter(pk=alert.pk, confirmed_at=None).update(confirmed_at=now)


def stop(*, alert: ProductAlert) -> None:
    ProductAlert.objects.filter(pk=alert.pk).delete()


def active_alerts(email: str) -> list[ProductAlert]:
    """Return the confirmed alerts of an address, newest first."""
    alerts = ProductAlert.objects.filter(email=email.lower(), confirmed_at__isnull=False)
    return list(alerts.select_related("variant__product").order_by("-pk"))


def delete_old(*, now: datetime) -> int:
    """Delete alerts that were not confirmed in time, or expired."""
    expired = Q(asked_at__lt=now - timedelta(days=settings.PRODUCT_ALERT_DAYS))
    unconfirmed = Q(confirmed_at=None, asked_at__lt=now - CONFIRM_WITHIN)
    return ProductAlert.objects.filter(expired | unconfirmed).delete()[0]


def erase(addresses: Collection[str]) -> None:
    """Delete all alerts of a person, by the addresses in lower case."""
    ProductAlert.objects.filter(email__in=addresses).delete()
