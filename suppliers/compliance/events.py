"""Compliance events: write expiring documents and held offers to the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from notifications.outbox import record_event
from storefront.accounts.backends import GuardedBackend
from suppliers.models import ComplianceDocument, Requirement, Supplier


def document_expiring(document: ComplianceDocument, *, at: datetime) -> None:
    record_event(
        name="compliance_document.expires",
        key=f"compliance_document.expires:{document.pk}:{document.valid_until}",
        subject=f"supplier:{document.supplier.code}",
        payload={
            **_common_payload(document.supplier),
            "url": _admin_url("suppliers_compliancedocument_change", document.pk),
            "criterion": _criterion_label(document.criterion),
            "issuer": document.issuer,
            "reference": document.reference,
            "valid_until": str(document.valid_until),
        },
        at=at,
    )


def offers_held(supplier: Supplier, *, count: int, criteria: Sequence[str], at: datetime) -> None:
    record_event(
        name="offers.withheld",
        key=f"offers.withheld:{supplier.code}:{at.isoformat()}",
        subject=f"supplier:{supplier.code}",
        payload={
            **_common_payload(supplier),
            "url": _admin_url("suppliers_supplier_change", supplier.pk),
            "count": count,
            "criteria": [_criterion_label(criterion) for criterion in criteria],
        },
        at=at,
    )


def _common_payload(supplier: Supplier) -> dict[str, Any]:
    return {
        "email": _reviewer_emails(),
        "locale": settings.LANGUAGE_CODE,
        "supplier": supplier.name,
        "code": supplier.code,
    }


def _criterion_label(criterion: str) -> str:
    """Return the label of a criterion in the language of the e-mail, not of the current user."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(Requirement(criterion).label)


def _reviewer_emails() -> list[str]:
    """Return the e-mail addresses of staff who may verify documents."""
    people = GuardedBackend().with_perm("suppliers.change_compliancedocument")
    return sorted(people.filter(is_staff=True).values_list("email", flat=True))


def _admin_url(name: str, pk: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(f'admin:{name}', args=[pk])}"
