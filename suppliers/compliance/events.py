"""Compliance events: write expiring documents and held offers to the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from notifications.outbox import tell
from storefront.accounts.backends import GuardedBackend
from suppliers.models import Criterion, Evidence, Supplier


def evidence_expires(evidence: Evidence, *, at: datetime) -> None:
    """Notify staff once that a document expires soon."""
    tell(
        name="evidence.expires",
        key=f"evidence.expires:{evidence.pk}:{evidence.valid_until}",
        subject=f"supplier:{evidence.supplier.code}",
        payload={
            **_basics(evidence.supplier),
            "url": _page("suppliers_evidence_change", evidence.pk),
            "criterion": _named(evidence.criterion),
            "issuer": evidence.issuer,
            "reference": evidence.reference,
            "valid_until": str(evidence.valid_until),
        },
        at=at,
    )


def offers_withheld(
    supplier: Supplier, *, count: int, criteria: Sequence[str], at: datetime
) -> None:
    """Notify staff that offers were held because a document is missing or expired."""
    tell(
        name="offers.withheld",
        key=f"offers.withheld:{supplier.code}:{at.isoformat()}",
        subject=f"supplier:{supplier.code}",
        payload={
            **_basics(supplier),
            "url": _page("suppliers_supplier_change", supplier.pk),
            "count": count,
            "criteria": [_named(criterion) for criterion in criteria],
        },
        at=at,
    )


def _basics(supplier: Supplier) -> dict[str, Any]:
    return {
        "email": _vetters(),
        "locale": settings.LANGUAGE_CODE,
        "supplier": supplier.name,
        "code": supplier.code,
    }


def _named(criterion: str) -> str:
    """Return the label of a criterion in the language of the e-mail, not of the current user."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(Criterion(criterion).label)


def _vetters() -> list[str]:
    """Return the e-mail addresses of staff who may verify documents."""
    people = GuardedBackend().with_perm("suppliers.change_evidence")
    return sorted(people.filter(is_staff=True).values_list("email", flat=True))


def _page(name: str, pk: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'admin:{name}', args=[pk])}"
