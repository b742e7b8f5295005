"""Product alert links: build the signed link of an alert's page, find the alert that it opens."""

from django.core.signing import BadSignature, Signer

from catalog.markets.registry import url_of
from shipping.models import ProductAlert

_signer = Signer(salt="shipping.product_alerts")


def alert_path(alert: ProductAlert) -> str:
    """Return the path of the page on which the person confirms or stops an alert."""
    return f"/{alert.locale}/alerts/{_signer.sign(str(alert.pk))}/"


def alert_url(alert: ProductAlert) -> str:
    return f"{url_of(alert.channel_id)}{alert_path(alert)}"


def product_url(alert: ProductAlert) -> str:
    variant = alert.variant
    return f"{url_of(alert.channel_id)}/{alert.locale}/p/{variant.product.slug}/?v={variant.sku}"


def find_alert(token: str) -> ProductAlert | None:
    """Return the alert of a link; None if the link is forged or the alert has ended."""
    try:
        alert_id = _signer.unsign(token)
    except BadSignature:
        return None
    alerts = ProductAlert.objects.select_related("variant__product", "channel")
    return alerts.filter(pk=alert_id).first()
