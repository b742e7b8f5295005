"""Supplier compliance: list proven and missing criteria, count the offers they keep off sale."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count

from suppliers.models import ComplianceDocument, Requirement, Supplier
from suppliers.models.compliance import WARN_BEFORE


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionStatus:
    """Status of one criterion, with the document for it, if any.

    ``state`` is one of: proven, ends_soon, over, waits, rejected, missing.
    """

    criterion: Requirement
    is_required: bool
    state: str
    evidence: ComplianceDocument | None

    @property
    def needs_action(self) -> bool:
        return self.state in {"ends_soon", "waits"} or (
            self.is_required and self.state in {"over", "rejected", "missing"}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldOffers:
    """Number of offers that lack the same documents."""

    criteria: str
    count: int


def criteria_of(supplier: Supplier, *, now: datetime) -> list[CriterionStatus]:
    """Return the status of all criteria, those required for activation first."""
    best: dict[str, tuple[int, ComplianceDocument, str]] = {}
    for evidence in supplier.compliance_documents.order_by("pk"):
        state = _state(evidence, now)
        rank = ORDER.index(state)
        if evidence.criterion not in best or rank <= best[evidence.criterion][0]:
            best[evidence.criterion] = (rank, evidence, state)
    required = [Requirement(name) for name in settings.VETTING_REQUIRED]
    others = [criterion for criterion in Requirement if criterion not in required]
    return [
        CriterionStatus(
            criterion=criterion, is_required=criterion in required, state=state, evidence=known
        )
        for criterion in (*required, *others)
        for _, known, state in [best.get(criterion, MISSING)]
    ]


MISSING: tuple[int, None, str] = (0, None, "missing")
ORDER = ("proven", "ends_soon", "waits", "over", "rejected")


def _state(evidence: ComplianceDocument, now: datetime) -> str:
    if evidence.status == ComplianceDocument.Status.REJECTED:
        return "rejected"
    if evidence.valid_until is not None and evidence.valid_until < now.date():
        return "over"
    if evidence.status == ComplianceDocument.Status.SUBMITTED or (
        evidence.valid_from is not None and evidence.valid_from > now.date()
    ):
        return "waits"
    is_short = (
        evidence.valid_until is not None and evidence.valid_until <= (now + WARN_BEFORE).date()
    )
    return "ends_soon" if is_short else "proven"


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
        WithheldOffers(criteria=", ".join(_labels(names)), count=count) for names, count in rows
    ]


def _labels(names: str) -> Iterator[str]:
    for name in names.split(", "):
        yield str(Requirement(name).label)
