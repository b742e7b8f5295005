"""Portal links: create, rotate, revoke and find the link to all orders of a supplier."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from notifications.outbox import record_event
from notifications.sealed_links import encrypt_link
from storefront.lib.security.encryption import decrypt, encrypt
from suppliers.models import Connection, PortalLink, Supplier

KEY_BYTES = 24
# A use is recorded at most this often, so that most pages write nothing.
USE_RECORDED_EVERY = timedelta(minutes=5)


class ExpiredPortalLinkError(Exception):
    """The key is right, but the link has expired."""


class PortalLinkChangedError(Exception):
    """The current link is not the one that was to be replaced or revoked; says so to staff."""


def current_link(supplier: Supplier) -> PortalLink | None:
    """Return the link that is not ended; it may have expired."""
    return PortalLink.objects.filter(supplier=supplier, ended_at=None).first()


@transaction.atomic(durable=True)
def create_link(
    *, supplier: Supplier, former_id: int | None, email: str, actor: str, now: datetime
) -> str:
    """Create a link, end the former one and return the URL; e-mail it if ``email`` is not empty.

    Locks: the supplier
    Raises: PortalLinkChangedError  the current link is not ``former_id``
    """
    _end(supplier, former_id, actor=actor, now=now)
    key = secrets.token_urlsafe(KEY_BYTES)
    link = PortalLink.objects.create(
        supplier=supplier,
        key_encrypted=encrypt({"key": key}),
        created_by=actor[:100],
        created_at=now,
        expires_at=now + timedelta(days=settings.SUPPLIER_LINK_DAYS),
        sent_to=email,
    )
    url = _url(supplier, key)
    if email:
        record_event(
            name="supplier.portal_link_created",
            key=f"supplier.portal_link_created:{link.pk}",
            subject=f"supplier:{supplier.pk}",
            payload={
                "email": email,
                "locale": supplier.language,
                "supplier": supplier.name,
                "days": settings.SUPPLIER_LINK_DAYS,
                **encrypt_link(url),
            },
            at=now,
        )
    return url


@transaction.atomic(durable=True)
def revoke_link(*, supplier: Supplier, link_id: int, actor: str, now: datetime) -> None:
    """End the link at once. Locks the supplier. Raises PortalLinkChangedError."""
    _end(supplier, link_id, actor=actor, now=now)


def _end(supplier: Supplier, link_id: int | None, *, actor: str, now: datetime) -> None:
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    current = current_link(supplier)
    if (current.pk if current else None) != link_id:
        raise PortalLinkChangedError(
            gettext("The link was changed in the meantime. Check the current one, then try again.")
        )
    PortalLink.objects.filter(supplier=supplier, ended_at=None).update(
        ended_at=now, ended_by=actor[:100], key_encrypted=""
    )


def find_supplier(*, code: str, key: str, now: datetime) -> Supplier | None:
    """Return the supplier whose link has this key, and record the use.

    A wrong key, an unknown code and a revoked link look the same.

    Raises: ExpiredPortalLinkError
    """
    links = PortalLink.objects.filter(supplier__code=code, ended_at=None)
    link = None if "\0" in code else links.select_related("supplier").first()
    expected = str(decrypt(link.key_encrypted)["key"]) if link else secrets.token_urlsafe(KEY_BYTES)
    if not secrets.compare_digest(expected.encode(), key.encode()) or link is None:
        return None
    if link.expires_at <= now:
        raise ExpiredPortalLinkError
    PortalLink.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - USE_RECORDED_EVERY), pk=link.pk
    ).update(last_used_at=now)
    return link.supplier


def portal_url(supplier: Supplier, *, now: datetime) -> str:
    """Return the URL of all orders for e-mails to the supplier; "" if it has no valid link."""
    link = PortalLink.objects.filter(supplier=supplier, ended_at=None, expires_at__gt=now).first()
    return _url(supplier, str(decrypt(link.key_encrypted)["key"])) if link else ""


def _url(supplier: Supplier, key: str) -> str:
    return f"{settings.PUBLIC_URL}/{supplier.language}/suppliers/{supplier.code}/{key}/"


def contact_email(supplier: Supplier) -> str:
    """Return the address to which questions or orders are e-mailed; "" if there is none."""
    connection = Connection.objects.filter(supplier=supplier).first()
    options = connection.options if connection else {}
    addresses = (str(options.get(name, "")) for name in ("questions_to", "orders_to"))
    return next((address for address in addresses if "@" in address), "")
