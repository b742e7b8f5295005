"""Supplier vetting: submit, verify and reject documents, activate, pause and block a supplier.

A supplier is activated only with all required documents. Offers without required certificates are
not sold.
"""

from dataclasses import dataclass, fields
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Brand, Product
from catalog.safety import documents
from storefront.lib.db.transactions import requires_transaction
from suppliers.compliance import certificates, events
from suppliers.compliance.certificates import HoldResult
from suppliers.models import (
    ComplianceDocument,
    PendingPublication,
    Requirement,
    Supplier,
    SupplierOffer,
)

Status = Supplier.Status
# Kinds that need an uploaded file.
KINDS_WITH_FILE = frozenset(
    {
        ComplianceDocument.Kind.CERTIFICATE,
        ComplianceDocument.Kind.TEST_REPORT,
        ComplianceDocument.Kind.DECLARATION,
    }
)


class NotVettedError(Exception):
    """Documents required for activation are missing."""

    def __init__(self, missing: list[Requirement]) -> None:
        names = ", ".join(str(criterion.label) for criterion in missing)
        super().__init__(_("Missing verified documents for: %(what)s.") % {"what": names})
        self.missing = missing


class UnverifiableDocumentError(Exception):
    """The document cannot be verified; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSubmission:
    """A document to submit; ``content`` is the file, if any."""

    criterion: str
    kind: str
    issuer: str = ""
    reference: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    brand: Brand | None = None
    product: Product | None = None
    note: str = ""
    content: bytes | None = None


def submit(
    *, supplier: Supplier, claim: DocumentSubmission, actor: str, now: datetime
) -> ComplianceDocument:
    """Store a document; it counts only after it is verified.

    Raises: documents.InvalidDocumentError  nothing is written
    """
    values = {each.name: getattr(claim, each.name) for each in fields(claim)}
    content: bytes | None = values.pop("content")
    stored = documents.store(content) if content is not None else None
    return ComplianceDocument.objects.create(
        **values,
        supplier=supplier,
        file=stored.name if stored else "",
        file_sha256=stored.sha256 if stored else "",
        status_since=now,
        submitted_by=actor[:100],
    )


@transaction.atomic(durable=True)
def verify(
    *, document: ComplianceDocument, actor: str, now: datetime, reason: str = ""
) -> HoldResult:
    """Verify a document; offers that needed it are released.

    Locks: the supplier, then the released offers, in id order
    Raises: UnverifiableDocumentError  it expired, or the file is missing; nothing is written
    """
    supplier = _lock_supplier(document.supplier_id)
    if document.valid_until is not None and document.valid_until < now.date():
        raise UnverifiableDocumentError(
            _("The document expired on %(day)s.") % {"day": document.valid_until}
        )
    if document.kind in KINDS_WITH_FILE and not document.file:
        raise UnverifiableDocumentError(_("Upload a file first: there is no document to verify."))
    document.move(
        ComplianceDocument.Status.VERIFIED,
        at=now,
        actor=actor,
        reason=reason,
        verified_by=actor[:100],
        verified_at=now,
    )
    return _apply_holds(supplier, now)


@transaction.atomic(durable=True)
def reject(*, document: ComplianceDocument, actor: str, now: datetime, reason: str) -> HoldResult:
    """Reject a document, also a verified one; offers that need it are held.

    Locks: the supplier, then the held offers, in id order
    """
    supplier = _lock_supplier(document.supplier_id)
    document.move(ComplianceDocument.Status.REJECTED, at=now, actor=actor, reason=reason)
    return _apply_holds(supplier, now)


def missing_requirements(*, supplier: Supplier, now: datetime) -> list[Requirement]:
    """Return the criteria that activation requires and that have no valid document."""
    documented = set(
        supplier.compliance_documents.valid(now.date()).values_list("criterion", flat=True)
    )
    return [Requirement(name) for name in settings.VETTING_REQUIRED if name not in documented]


@transaction.atomic(durable=True)
def start(*, supplier: Supplier, actor: str, now: datetime, reason: str = "") -> None:
    supplier.move(Status.VETTING, at=now, actor=actor, reason=reason)


@transaction.atomic(durable=True)
def activate(*, supplier: Supplier, actor: str, now: datetime, reason: str = "") -> None:
    """Activate a vetted or paused supplier.

    Locks: the supplier, then the changed offers, in id order
    Raises: NotVettedError  nothing is written
    """
    _lock_supplier(supplier.pk)
    if lacking := missing_requirements(supplier=supplier, now=now):
        raise NotVettedError(lacking)
    supplier.move(Status.ACTIVE, at=now, actor=actor, reason=reason)
    _apply_holds(supplier, now)
    _publish_all(supplier)


@transaction.atomic(durable=True)
def pause(*, supplier: Supplier, actor: str, now: datetime, reason: str) -> None:
    """Pause a supplier: its offers are out of stock at once."""
    supplier.move(Status.PAUSED, at=now, actor=actor, reason=reason)
    _publish_all(supplier)


@transaction.atomic(durable=True)
def block(*, supplier: Supplier, actor: str, now: datetime, reason: str) -> None:
    supplier.move(Status.BLOCKED, at=now, actor=actor, reason=reason)
    _publish_all(supplier)


def watch_expiry(*, now: datetime) -> tuple[int, int]:
    """Warn of documents that expire within ``WARN_BEFORE``; hold offers whose document expired.

    Returns the numbers of warnings and of held offers.
    """
    warned = sum(
        _warn(document, now) for document in ComplianceDocument.objects.expiring_unwarned(now)
    )
    suppliers = Supplier.objects.order_by("pk").values_list("pk", flat=True)
    held = sum(_hold_expired(pk, now) for pk in suppliers)
    return warned, held


@transaction.atomic(durable=True)
def _warn(document: ComplianceDocument, now: datetime) -> bool:
    """Notify staff of one document, unless another worker did or a later document exists."""
    row = ComplianceDocument.objects.filter(pk=document.pk, warned_at__isnull=True)
    if not row.update(warned_at=now) or _has_successor(document):
        return False
    events.document_expiring(document, at=now)
    return True


def _has_successor(document: ComplianceDocument) -> bool:
    others = ComplianceDocument.objects.verified().filter(
        supplier=document.supplier_id,
        criterion=document.criterion,
        brand=document.brand_id,
        product=document.product_id,
    )
    return (
        others.filter(valid_until__gt=document.valid_until).exists()
        or others.filter(valid_until__isnull=True).exists()
    )


@transaction.atomic(durable=True)
def _hold_expired(supplier_id: int, now: datetime) -> int:
    """Hold offers whose document expired; return how many.

    Locks: the supplier, then the changed offers, in id order
    """
    return _apply_holds(_lock_supplier(supplier_id), now).held


@requires_transaction
def _apply_holds(supplier: Supplier, now: datetime) -> HoldResult:
    result = certificates.apply_holds(supplier_id=supplier.pk, now=now)
    if result.held and supplier.status == Status.ACTIVE:
        events.offers_held(supplier, count=result.held, criteria=result.lacking, at=now)
    return result


@requires_transaction
def _lock_supplier(supplier_id: int) -> Supplier:
    """Lock out other decisions about this supplier; its feeds and orders continue."""
    return Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier_id)


@requires_transaction
def _publish_all(supplier: Supplier) -> None:
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__isnull=False)
    offers = offers.exclude(status=SupplierOffer.Status.DISCONTINUED)
    variant_ids = offers.order_by("variant_id").values_list("variant_id", flat=True).distinct()
    PendingPublication.queue(filter(None, variant_ids))
