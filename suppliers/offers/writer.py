"""Offer writer: write the offers of product pages in batches, retire those no longer listed.

A page has the SKUs of a product and their terms; ``links`` decides their variants.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.product_import.importer import Intake
from catalog.records import BadRow, ProductRecord, Terms, VariantRecord
from storefront.lib.db.transactions import needs_transaction
from suppliers.compliance import certificates
from suppliers.connectors.records import StockRecord
from suppliers.inventory import levels
from suppliers.models import SupplierOffer, SupplierProduct, UnpublishedSupply
from suppliers.offers import price_list
from suppliers.offers.price_list import known_retail
from suppliers.runs import issues
from suppliers.runs.issues import Family
from suppliers.runs.runs import Work
from suppliers.runs.staging import staged

Status = SupplierOffer.Status
BATCH = 500
WRITTEN = (
    "variant_id", "disputed_variant_id", "supplier_product", "title", "status",
    "minimum_quantity", "pack_size", "lead_days", "map_amount", "msrp_amount",
    "restock_on",
)  # fmt: skip


@needs_transaction
def note(  # noqa: PLR0913 - one pass over the records fills all outputs
    *,
    work: Work,
    records: Sequence[ProductRecord],
    taken: Intake,
    disputed: Mapping[str, int],
    offers: Mapping[str, SupplierOffer],
    touched: set[int],
    now: datetime,
) -> list[SupplierOffer]:
    """Write the offers of these pages; return the new ones, and add to ``touched``.

    Shape: ``offers`` are the known ones by SKU, locked
    """
    new, changed = [], []
    for record in records:
        for variant in record.variants:
            variant_id = taken.variants.get(variant.sku)
            disputed_id = disputed.get(variant.sku)
            offer = offers.get(variant.sku)
            if offer is None:
                offer = _offer(work, record, variant, variant_id, now)
                offer.disputed_variant_id = disputed_id
                new.append(offer)
            elif _is_changed(
                work, offer, record, variant, variant_id=variant_id, disputed_id=disputed_id
            ):
                offer.seen_at = now
                offer.run = work.run
                changed.append(offer)
    SupplierOffer.objects.bulk_create(new)
    SupplierOffer.objects.bulk_update(changed, [*WRITTEN, "seen_at", "run"], batch_size=BATCH)
    touched.update(offer.variant_id for offer in [*new, *changed] if offer.variant_id is not None)
    return new


def _offer(
    work: Work,
    record: ProductRecord,
    variant: VariantRecord,
    variant_id: int | None,
    now: datetime,
) -> SupplierOffer:
    is_sound = variant_id is not None and variant.cost is not None
    return SupplierOffer(
        supplier=work.supplier,
        supplier_sku=variant.sku,
        supplier_product=record.ref,
        variant_id=variant_id,
        title=variant.title[:200],
        **_terms(work, variant.terms),
        cost_amount=variant.cost.rounded().amount if variant.cost else None,
        currency=work.supplier.currency,
        status=Status.ACTIVE if is_sound else Status.HELD,
        seen_at=now,
        run=work.run,
        cost_as_of=now if variant.cost else None,
    )


def _is_changed(  # noqa: PLR0913 - an offer, its page and its two possible links
    work: Work,
    offer: SupplierOffer,
    record: ProductRecord,
    variant: VariantRecord,
    *,
    variant_id: int | None,
    disputed_id: int | None,
) -> bool:
    """Update the offer from its page, except overridden fields; return whether it changed.

    The cost is left to the price job. An offer held for its cost stays held. A relisted offer
    is active if it can be sold, but held if staff had set its status.
    """
    before = _written(offer)
    was_nothing_of_ours = offer.variant_id is None
    offer.disputed_variant_id = disputed_id
    offer.variant_id = None if disputed_id else offer.variant_id or variant_id
    offer.supplier_product = record.ref
    offer.title = variant.title[:200]
    for name, value in _terms(work, variant.terms).items():
        if name not in offer.locked_fields:
            setattr(offer, name, value)
    is_sound = offer.variant_id is not None and offer.cost_amount is not None
    is_locked = "status" in offer.locked_fields
    if offer.status == Status.GONE:
        offer.status = Status.ACTIVE if is_sound and not is_locked else Status.HELD
    elif disputed_id and not is_locked:
        offer.status = Status.HELD
    elif was_nothing_of_ours and offer.variant_id is not None and not is_locked:
        offer.status = Status.ACTIVE if is_sound else Status.HELD
    return before != _written(offer)


def _written(offer: SupplierOffer) -> tuple[Any, ...]:
    return tuple(getattr(offer, name) for name in WRITTEN)


def _terms(work: Work, terms: Terms) -> dict[str, Any]:
    currency = work.supplier.currency
    return {
        "minimum_quantity": terms.minimum_quantity or 1,
        "pack_size": terms.pack_size or 1,
        "lead_days": terms.lead_days,
        "map_amount": known_retail(terms.map_price, currency=currency),
        "msrp_amount": known_retail(terms.msrp, currency=currency),
        "restock_on": terms.restock_on,
    }


# Batches of pages


class TakenMeanwhileError(Exception):
    """Another product got one of the SKUs meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A product whose page is to be read, with the digests of its list row."""

    ref: str
    digest: str
    cost_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A valid page: its digest, record and stock."""

    listed: Listed
    digest: str
    record: ProductRecord
    stock: tuple[StockRecord, ...] = ()


@dataclass(slots=True, kw_only=True)
class Batch:
    """Pages that are imported together, by class."""

    good: list[Good] = field(default_factory=list)
    same: list[Listed] = field(default_factory=list)
    refused: list[tuple[Listed, str]] = field(default_factory=list)  # with the digest of the page
    gone: list[str] = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)
    size: int = 0  # requested pages, whatever the answers

    @property
    def examined(self) -> list[str]:
        return [page.listed.ref for page in self.good] + [each.ref for each, _ in self.refused]

    @property
    def answered(self) -> list[str]:
        return [*self.examined, *self.gone, *(listed.ref for listed in self.same)]


@transaction.atomic(durable=True)
def write(  # noqa: PLR0913 - the parts of one batch
    *,
    work: Work,
    batch: Batch,
    records: Sequence[ProductRecord],
    taken: Intake,
    disputed: Mapping[str, int],
    present: Mapping[str, SupplierProduct],
    again: Collection[str] = (),
) -> None:
    """Write one batch atomically: offers, initial stock, digests and issues.

    Shape: ``again`` are products that the next run reads again; ``disputed`` maps SKUs to the
        variant that they must not be linked to (``offers.links``)
    Locks: the run, the offers, then stock rows, each in id order
    Raises: TakenMeanwhileError  another worker's batch has one of the SKUs
    """
    work.hold()
    price_list.alone(supplier_id=work.supplier.pk)
    now = work.moment()
    skus = [variant.sku for record in records for variant in record.variants]
    refs = [record.ref for record in records]
    offers = {
        offer.supplier_sku: offer
        for offer in SupplierOffer.objects.filter(
            Q(supplier_sku__in=skus) | Q(supplier_product__in=[*refs, *batch.gone]),
            supplier=work.supplier,
        )
        .select_for_update(of=["self"], no_key=True)
        .order_by("pk")
    }
    owners = {variant.sku: record.ref for record in records for variant in record.variants}
    for sku, offer in offers.items():
        if offer.status != Status.GONE and owners.get(sku, offer.supplier_product) != (
            offer.supplier_product
        ):
            raise TakenMeanwhileError(sku)
    touched = set(taken.touched)
    new = note(
        work=work,
        records=records,
        taken=taken,
        disputed=disputed,
        offers=offers,
        touched=touched,
        now=now,
    )
    left_out = [
        offer
        for sku, offer in offers.items()
        if offer.supplier_product in {*refs, *batch.gone} and sku not in set(skus)
    ]
    kept = [
        offer
        for offer in left_out
        if work.is_torn and offer.supplier_product in refs and offer.status != Status.GONE
    ]
    touched |= _retire(work, [offer for offer in left_out if offer not in kept], now)
    _write_first_stock(work, batch, new)
    _write_products(work, batch, set(refs), present, now)
    # Products kept because of an unreadable list are read again, too.
    SupplierProduct.objects.filter(
        supplier=work.supplier, ref__in={*again, *(offer.supplier_product for offer in kept)}
    ).update(list_digest="", detail_digest="")
    # An offer that lacks a required certificate starts on hold.
    ids = [offer.pk for offer in [*new, *offers.values()]]
    certificates.weigh(supplier_id=work.supplier.pk, now=now, offer_ids=ids)
    examined = [*batch.examined, *skus, *offers, *(f"{r}:{s}" for r, s in _claimed(batch))]
    for family, read in ((Family.PAGE, examined), (Family.ANSWER, batch.answered)):
        issues.resolve(run=work.run, family=family, problems=batch.problems, now=now, examined=read)
    issues.note(run=work.run, problems=batch.problems)
    UnpublishedSupply.objects.bulk_create(
        UnpublishedSupply(variant_id=variant_id) for variant_id in sorted(touched)
    )


def _claimed(batch: Batch) -> list[tuple[str, str]]:
    return [
        (page.listed.ref, variant.sku) for page in batch.good for variant in page.record.variants
    ]


@needs_transaction
def _write_first_stock(work: Work, batch: Batch, new: Sequence[SupplierOffer]) -> None:
    """Import the stock of new offers from their pages; the stock job follows."""
    ids = {offer.supplier_sku: offer.pk for offer in new}
    told = [row for page in batch.good for row in page.stock if row.sku in ids]
    if not told:
        return
    now = work.moment()
    with staged(levels.STAGE, levels.COLUMNS) as stage:
        levels.lay_out(stage, told)
        stage.ready()
        levels.cover(ids.values())
        levels.merge(
            supplier=work.supplier,
            cause=f"run:{work.run.pk}",
            as_of=min(now, work.run.file_as_of or now),
            received_at=now,
        )


@needs_transaction
def _write_products(
    work: Work,
    batch: Batch,
    taken_refs: set[str],
    present: Mapping[str, SupplierProduct],
    now: datetime,
) -> None:
    """Store the digests; ``cost_digest`` only if the price job need not read the product."""
    new, changed = [], []
    read = [(page.listed, page.digest) for page in batch.good] + batch.refused
    for listed, detail_digest in read:
        is_taken = listed.ref in taken_refs
        status = SupplierProduct.Status.ACTIVE if is_taken else SupplierProduct.Status.REFUSED
        product = present.get(listed.ref)
        if product is None:
            product = SupplierProduct(
                supplier=work.supplier, ref=listed.ref, cost_digest=listed.cost_digest
            )
            new.append(product)
            work.run.created += is_taken
        else:
            if product.status != SupplierProduct.Status.ACTIVE:
                product.cost_digest = ""  # its costs may be outdated
            changed.append(product)
            work.run.updated += is_taken
        work.run.rejected += not is_taken
        product.status = status
        product.detail_digest = detail_digest
        product.list_digest = listed.digest
        product.changed_at = now
    for listed in batch.same:
        work.run.unchanged += 1
        product = present[listed.ref]
        if product.list_digest != listed.digest:
            product.list_digest = listed.digest
            changed.append(product)
    gone = [present[ref] for ref in batch.gone if ref in present]
    work.run.gone += len(gone)
    for product in gone:
        product.status = SupplierProduct.Status.GONE
        product.changed_at = now
    SupplierProduct.objects.bulk_create(new)
    SupplierProduct.objects.bulk_update(
        [*changed, *gone],
        ["list_digest", "detail_digest", "cost_digest", "status", "changed_at"],
        batch_size=BATCH,
    )


def retire(*, work: Work, refs: Iterable[str]) -> None:
    """Discontinue products that the list no longer contains. The guards have accepted the list."""
    for some in batched(refs, BATCH):
        with transaction.atomic(durable=True):
            retire_some(work, some)


@needs_transaction
def retire_some(work: Work, refs: Sequence[str]) -> None:
    """Discontinue some products.

    Locks: the run, their offers, then stock rows, each in id order
    Raises: LeaseLostError  the run was closed
    """
    work.hold()
    now = work.moment()
    offers = SupplierOffer.objects.filter(supplier=work.supplier, supplier_product__in=refs)
    touched = _retire(work, offers.select_for_update(of=["self"], no_key=True).order_by("pk"), now)
    work.run.gone += SupplierProduct.objects.filter(supplier=work.supplier, ref__in=refs).update(
        status=SupplierProduct.Status.GONE, changed_at=now
    )
    UnpublishedSupply.objects.bulk_create(
        UnpublishedSupply(variant_id=variant_id) for variant_id in sorted(touched)
    )


@needs_transaction
def _retire(work: Work, offers: Iterable[SupplierOffer], now: datetime) -> set[int]:
    """Discontinue offers and set their stock to zero; return their variants."""
    closed = [offer for offer in offers if offer.status != Status.GONE]
    ids = [offer.pk for offer in closed]
    SupplierOffer.objects.filter(pk__in=ids).update(status=Status.GONE, seen_at=now)
    levels.empty(feed_run=work.run, offer_ids=ids, now=now)
    return {offer.variant_id for offer in closed if offer.variant_id is not None}
