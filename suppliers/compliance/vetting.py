"""Supplier vetting: submit, verify and reject evidence, activate, pause and block a supplier.

A supplier is activated only with all required evidence. Offers without theirs are not sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Brand, Product
from storefront.lib.db.transactions import needs_transaction
from suppliers.compliance import certificates, documents, events
from suppliers.compliance.certificates import Weighed
from suppliers.models import Criterion, Evidence, Supplier, SupplierOffer, UnpublishedSupply

Status = Supplier.Status
BATCH = 500
# What is only as good as the paper it is written on.
ON_PAPER = frozenset(
    {Evidence.Kind.CERTIFICATE, Evidence.Kind.TEST_REPORT, Evidence.Kind.DECLARATION}
)


class NotVettedError(Exception):
    """Something that must be proven before a supplier is active is not."""

    def __init__(self, missing: list[Criterion]) -> None:
        names = ", ".join(str(criterion.label) for criterion in missing)
        super().__init__(_("Not proven yet: %(what)s.") % {"what": names})
        self.missing = missing


class UnfitEvidenceError(Exception):
    """Nobody can verify it as it is; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that is said to prove a criterion. ``content`` is the paper, if there is one."""

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


def submit(*, supplier: Supplier, claim: Claim, actor: str, now: datetime) -> Evidence:
    """Take in a proof; it counts for nothing until somebody verified it.

    Raises: documents.BadPaperError  nothing is written
    """
    paper = documents.keep(claim.content) if claim.content is not None else None
    return Evidence.objects.create(
        supplier=supplier,
        criterion=claim.criterion,
        kind=claim.kind,
        issuer=claim.issuer,
        reference=claim.reference,
        valid_from=claim.valid_from,
        valid_until=claim.valid_until,
        brand=claim.brand,
        product=claim.product,
        note=claim.note,
        file=paper.name if paper else "",
        file_sha256=paper.sha256 if paper else "",
        status_since=now,
        submitted_by=actor[:100],
    )


@transaction.atomic(durable=True)
def verify(*, evidence: Evidence, actor: str, now: datetime, reason: str = "") -> Weighed:
    """Believe a proof; the offers that waited for it are on sale again.

    Locks:  the supplier, then the offers that come back, in id order
    Raises: UnfitEvidenceError  it is over, or the paper is missing; nothing is written
    """
    supplier = _lock(evidence.supplier_id)
    if evidence.valid_until is not None and evidence.valid_until < now.date():
        raise UnfitEvidenceError(_("It ended on %(day)s.") % {"day": evidence.valid_until})
    if evidence.kind in ON_PAPER and not evidence.file:
        raise UnfitEvidenceError(_("There is no paper to look at."))
    evidence.move(
        Evidence.Status.VERIFIED,
        at=now,
        actor=actor,
        reason=reason,
        verified_by=actor[:100],
        verified_at=now,
    )
    return _weigh(supplier, now)


@transaction.atomic(durable=True)
def reject(*, evidence: Evidence, actor: str, now: datetime, reason: str) -> Weighed:
    """Do not believe a proof, or no longer; the offers that stood on it alone go off sale.

    Locks:  the supplier, then the offers that are held, in id order
    """
    supplier = _lock(evidence.supplier_id)
    evidence.move(Evidence.Status.REJECTED, at=now, actor=actor, reason=reason)
    return _weigh(supplier, now)


def missing(*, supplier: Supplier, now: datetime) -> list[Criterion]:
    """Return what must be proven before this supplier is active, and is not."""
    proven = set(supplier.evidence.valid(now.date()).values_list("criterion", flat=True))
    return [Criterion(name) for name in settings.VETTING_REQUIRED if name not in proven]


@transaction.atomic(durable=True)
def begin(*, supplier: Supplier, actor: str, now: datetime, reason: str = "") -> None:
    """Look at a candidate more closely."""
    supplier.move(Status.VETTING, at=now, actor=actor, reason=reason)


@transaction.atomic(durable=True)
def activate(*, supplier: Supplier, actor: str, now: datetime, reason: str = "") -> None:
    """Buy from a supplier who was vetted, or again from one who was paused.

    Locks:  the supplier, then the offers that change, in id order
    Raises: NotVettedError  nothing is written
    """
    _lock(supplier.pk)
    if lacking := missing(supplier=supplier, now=now):
        raise NotVettedError(lacking)
    supplier.move(Status.ACTIVE, at=now, actor=actor, reason=reason)
    _weigh(supplier, now)
    _show_anew(supplier)


@transaction.atomic(durable=True)
def pause(*, supplier: Supplier, actor: str, now: datetime, reason: str) -> None:
    """Stop buying from a supplier for a while: what only he has is sold out at once."""
    supplier.move(Status.PAUSED, at=now, actor=actor, reason=reason)
    _show_anew(supplier)


@transaction.atomic(durable=True)
def block(*, supplier: Supplier, actor: str, now: datetime, reason: str) -> None:
    """Never buy from a supplier again."""
    supplier.move(Status.BLOCKED, at=now, actor=actor, reason=reason)
    _show_anew(supplier)


def watch(*, now: datetime) -> tuple[int, int]:
    """Warn of proofs that end within 30 days, and hold the offers of those that are over.

    Returns how many proofs were warned of, and how many offers were held.
    """
    warned = sum(_warn(evidence, now) for evidence in Evidence.objects.to_warn_of(now))
    suppliers = Supplier.objects.order_by("pk").values_list("pk", flat=True)
    held = sum(_expire(pk, now) for pk in suppliers)
    return warned, held


@transaction.atomic(durable=True)
def _warn(evidence: Evidence, now: datetime) -> bool:
    """Tell staff of one proof, unless another worker did, or a later one is there already."""
    row = Evidence.objects.filter(pk=evidence.pk, warned_at__isnull=True)
    if not row.update(warned_at=now) or _is_followed(evidence):
        return False
    events.evidence_expires(evidence, at=now)
    return True


def _is_followed(evidence: Evidence) -> bool:
    others = Evidence.objects.verified().filter(
        supplier=evidence.supplier_id,
        criterion=evidence.criterion,
        brand=evidence.brand_id,
        product=evidence.product_id,
    )
    return (
        others.filter(valid_until__gt=evidence.valid_until).exists()
        or others.filter(valid_until__isnull=True).exists()
    )


@transaction.atomic(durable=True)
def _expire(supplier_id: int, now: datetime) -> int:
    """Locks:  the supplier, then the offers that change, in id order."""
    return _weigh(_lock(supplier_id), now).held


@needs_transaction
def _weigh(supplier: Supplier, now: datetime) -> Weighed:
    weighed = certificates.weigh(supplier_id=supplier.pk, now=now)
    if weighed.held and supplier.status == Status.ACTIVE:
        events.offers_withheld(supplier, count=weighed.held, criteria=weighed.lacking, at=now)
    return weighed


@needs_transaction
def _lock(supplier_id: int) -> Supplier:
    """Let nobody else judge this supplier; feeds and orders of his go on meanwhile."""
    return Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier_id)


@needs_transaction
def _show_anew(supplier: Supplier) -> None:
    """Have the shop's pages show what can be had now; the sweep does it."""
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__isnull=False)
    offers = offers.exclude(status=SupplierOffer.Status.GONE)
    variant_ids = offers.order_by("variant_id").values_list("variant_id", flat=True).distinct()
    UnpublishedSupply.objects.bulk_create(
        (UnpublishedSupply(variant_id=variant_id) for variant_id in variant_ids), batch_size=BATCH
    )
