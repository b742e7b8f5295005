"""Supplier compliance: list documents by criterion, count the offers withheld without them."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from suppliers.models import ComplianceDocument, Requirement, Supplier
from suppliers.models.compliance import WARN_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionStatus:
    """Status of one criterion: valid, expires_soon, expired, waiting, rejected or missing."""

    criterion: Requirement
    is_required: bool
    state: str
    document: ComplianceDocument | None

    @property
    def needs_action(self) -> bool:
        return self.state in {"expires_soon", "waiting"} or (
            self.is_required and self.state in {"expired", "rejected", "missing"}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldOffers:
    """Number of offers that lack the same documents."""

    criteria: str
    count: int


def criteria_of(supplier: Supplier, *, now: datetime) -> list[CriterionStatus]:
    """Return the status of all criteria, those required for activation first."""
    best: dict[str, tuple[int, ComplianceDocument, str]] = {}
    for document in supplier.compliance_documents.order_by("pk"):
        state = _state(document, now)
        rank = ORDER.index(state)
        if document.criterion not in best or rank <= best[document.criterion][0]:
            best[document.criterion] = (rank, document, state)
    required = [Requirement(name) for name in settings.VETTING_REQUIRED]
    others = [criterion for criterion in Requirement if criterion not in required]
    return [
        CriterionStatus(
            criterion=criterion, is_required=criterion in required, state=state, document=known
        )
        for criterion in (*required, *others)
        for _, known, state in [best.get(criterion, MISSING)]
    ]


MISSING: tuple[int, None, str] = (0, None, "missing")
ORDER = ("valid", "expires_soon", "waiting", "expired", "rejected")


def _state(document: ComplianceDocument, now: datetime) -> str:
    if document.status == ComplianceDocument.Status.REJECTED:
        return "rejected"
    if document.valid_until is not None and document.valid_until < now.date():
        return "expired"
    if document.status == ComplianceDocument.Status.SUBMITTED or (
        document.valid_from is not None and document.valid_from > now.date()
    ):
        return "waiting"
    is_short = (
        document.valid_until is not None and document.valid_until <= (now + WARN_BEFORE).date()
    )
    return "expires_soon" if is_short else "valid"


def withheld_offers(supplier: Supplier) -> list[WithheldOffers]:
    """Count the offers withheld from sale for missing documents, by what they lack."""
    rows = (
        supplier.offers.exclude(missing_certificates="")
        .exclude(status="discontinued")
        .order_by("missing_certificates")
        .values_list("missing_certificates")
        .annotate(count=Count("pk"))
    )
    return [
        WithheldOffers(criteria=Requirement.labels_of(names), count=count) for names, count in rows
    ]
