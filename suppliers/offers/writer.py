"""Offer writer: write the offers of product pages in batches, retire those no longer listed.

A page has the SKUs of a product and their terms; ``links`` decides their variants.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.product_import.importer import ImportResult
from catalog.records import ImportIssue, ProductRecord, SupplierTerms, VariantRecord
from storefront.lib.db.transactions import requires_transaction
from suppliers.compliance import certificates
from suppliers.connectors.records import StockReport
from suppliers.inventory import levels
from suppliers.models import PendingPublication, SupplierOffer, SupplierProduct
from suppliers.offers import price_list
from suppliers.offers.price_list import valid_retail_price
from suppliers.runs import issues
from suppliers.runs.issues import IssueScope
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import staging_table

Status = SupplierOffer.Status
BATCH = 500
UPDATED_FIELDS = (
    "variant_id", "disputed_variant_id", "product_external_id", "title", "status",
    "min_order_units", "pack_size", "lead_days", "map_amount", "msrp_amount", "restock_on",
)  # fmt: skip


@requires_transaction
def upsert_offers(  # noqa: PLR0913 - one pass over the records fills all outputs
    *,
    run_context: RunContext,
    records: Sequence[ProductRecord],
    imported: ImportResult,
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
            variant_id = imported.variants.get(variant.sku)
            disputed_id = disputed.get(variant.sku)
            offer = offers.get(variant.sku)
            if offer is None:
                offer = _new_offer(run_context, record, variant, variant_id, now)
                offer.disputed_variant_id = disputed_id
                new.append(offer)
            elif _update_offer(
                run_context, offer, record, variant, variant_id=variant_id, disputed_id=disputed_id
            ):
                offer.seen_at = now
                offer.run = run_context.run
                changed.append(offer)
    SupplierOffer.objects.bulk_create(new)
    SupplierOffer.objects.bulk_update(
        changed, [*UPDATED_FIELDS, "seen_at", "run"], batch_size=BATCH
    )
    touched.update(offer.variant_id for offer in [*new, *changed] if offer.variant_id is not None)
    return new


def _new_offer(
    run_context: RunContext,
    record: ProductRecord,
    variant: VariantRecord,
    variant_id: int | None,
    now: datetime,
) -> SupplierOffer:
    is_sound = variant_id is not None and variant.cost is not None
    return SupplierOffer(
        supplier=run_context.supplier,
        supplier_sku=variant.sku,
        product_external_id=record.external_id,
        variant_id=variant_id,
        title=variant.title[:200],
        **stored_terms(variant.terms, currency=run_context.supplier.currency),
        cost_amount=variant.cost.rounded().amount if variant.cost else None,
        currency=run_context.supplier.currency,
        status=Status.ACTIVE if is_sound else Status.ON_HOLD,
        seen_at=now,
        run=run_context.run,
        cost_reported_at=now if variant.cost else None,
    )


def _update_offer(  # noqa: PLR0913 - an offer, its page and its two possible links
    run_context: RunContext,
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
    before = _updated_values(offer)
    was_unlinked = offer.variant_id is None
    offer.disputed_variant_id = disputed_id
    offer.variant_id = None if disputed_id else offer.variant_id or variant_id
    offer.product_external_id = record.external_id
    offer.title = variant.title[:200]
    terms = stored_terms(variant.terms, currency=run_context.supplier.currency)
    for name, value in terms.items():
        if name not in offer.overridden_fields:
            setattr(offer, name, value)
    is_sound = offer.variant_id is not None and offer.cost_amount is not None
    is_locked = "status" in offer.overridden_fields
    if offer.status == Status.DISCONTINUED:
        offer.status = Status.ACTIVE if is_sound and not is_locked else Status.ON_HOLD
    elif disputed_id and not is_locked:
        offer.status = Status.ON_HOLD
    elif was_unlinked and offer.variant_id is not None and not is_locked:
        offer.status = Status.ACTIVE if is_sound else Status.ON_HOLD
    return before != _updated_values(offer)


def _updated_values(offer: SupplierOffer) -> tuple[Any, ...]:
    return tuple(getattr(offer, name) for name in UPDATED_FIELDS)


def stored_terms(terms: SupplierTerms, *, currency: str) -> dict[str, Any]:
    return {
        "min_order_units": terms.min_order_units or 1,
        "pack_size": terms.pack_size or 1,
        "lead_days": terms.lead_days,
        "map_amount": valid_retail_price(terms.map_price, currency=currency),
        "msrp_amount": valid_retail_price(terms.msrp, currency=currency),
        "restock_on": terms.restock_on,
    }


# Batches of pages


class SkuConflictError(Exception):
    """Another product got one of the SKUs meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """A product whose page is to be read, with the digests of its list row."""

    external_id: str
    digest: str
    cost_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPage:
    """A valid page: its digest, record and stock."""

    listed: ListedProduct
    digest: str
    record: ProductRecord
    stock: tuple[StockReport, ...] = ()


@dataclass(slots=True, kw_only=True)
class Batch:
    good: list[AcceptedPage] = field(default_factory=list)
    same: list[ListedProduct] = field(default_factory=list)
    refused: list[tuple[ListedProduct, str]] = field(
        default_factory=list
    )  # with the digest of the page
    gone: list[str] = field(default_factory=list)
    problems: list[ImportIssue] = field(default_factory=list)
    size: int = 0  # requested pages, answered or not

    @property
    def examined(self) -> list[str]:
        return [page.listed.external_id for page in self.good] + [
            listed.external_id for listed, _ in self.refused
        ]

    @property
    def answered(self) -> list[str]:
        return [*self.examined, *self.gone, *(listed.external_id for listed in self.same)]


@transaction.atomic(durable=True)
def write_batch(  # noqa: PLR0913 - the parts of one batch
    *,
    run_context: RunContext,
    batch: Batch,
    records: Sequence[ProductRecord],
    imported: ImportResult,
    disputed: Mapping[str, int],
    present: Mapping[str, SupplierProduct],
    read_again: Collection[str] = (),
) -> None:
    """Write one batch atomically: offers, initial stock, digests and issues.

    Shape: ``read_again`` are products that the next run reads again; ``disputed`` maps SKUs to the
        variant that they must not be linked to (``offers.links``)
    Locks: the run, the offers, then stock rows, each in id order
    Raises: SkuConflictError  another worker's batch has one of the SKUs
    """
    run_context.lock()
    price_list.lock_offer_creation(supplier_id=run_context.supplier.pk)
    now = run_context.clock()
    skus = [variant.sku for record in records for variant in record.variants]
    external_ids = [record.external_id for record in records]
    offers = {
        offer.supplier_sku: offer
        for offer in SupplierOffer.objects.filter(
            Q(supplier_sku__in=skus) | Q(product_external_id__in=[*external_ids, *batch.gone]),
            supplier=run_context.supplier,
        )
        .select_for_update(of=["self"], no_key=True)
        .order_by("pk")
    }
    owners = {variant.sku: record.external_id for record in records for variant in record.variants}
    for sku, offer in offers.items():
        if offer.status != Status.DISCONTINUED and owners.get(sku, offer.product_external_id) != (
            offer.product_external_id
        ):
            raise SkuConflictError(sku)
    touched = set(imported.touched)
    new = upsert_offers(
        run_context=run_context,
        records=records,
        imported=imported,
        disputed=disputed,
        offers=offers,
        touched=touched,
        now=now,
    )
    missing_offers = [
        offer
        for sku, offer in offers.items()
        if offer.product_external_id in {*external_ids, *batch.gone} and sku not in set(skus)
    ]
    kept_offers = [
        offer
        for offer in missing_offers
        if run_context.has_unidentified_rows
        and offer.product_external_id in external_ids
        and offer.status != Status.DISCONTINUED
    ]
    touched |= _discontinue(
        run_context, [offer for offer in missing_offers if offer not in kept_offers], now
    )
    _write_first_stock(run_context, batch, new)
    _write_products(run_context, batch, set(external_ids), present, now)
    # So are products whose offers are kept because the list has unreadable rows.
    SupplierProduct.objects.filter(
        supplier=run_context.supplier,
        external_id__in={*read_again, *(offer.product_external_id for offer in kept_offers)},
    ).update(list_digest="", detail_digest="")
    # An offer without a required certificate starts on hold.
    ids = [offer.pk for offer in [*new, *offers.values()]]
    certificates.apply_holds(supplier_id=run_context.supplier.pk, now=now, offer_ids=ids)
    examined = [*batch.examined, *skus, *offers, *(f"{r}:{s}" for r, s in _sku_claims(batch))]
    for scope, read in ((IssueScope.PAGE, examined), (IssueScope.ANSWER, batch.answered)):
        issues.resolve(
            run=run_context.run, scope=scope, problems=batch.problems, now=now, examined=read
        )
    issues.record(run=run_context.run, problems=batch.problems)
    PendingPublication.queue(sorted(touched))


def _sku_claims(batch: Batch) -> list[tuple[str, str]]:
    return [
        (page.listed.external_id, variant.sku)
        for page in batch.good
        for variant in page.record.variants
    ]


@requires_transaction
def _write_first_stock(run_context: RunContext, batch: Batch, new: Sequence[SupplierOffer]) -> None:
    """Import the stock of new offers from their pages; the stock job follows."""
    ids = {offer.supplier_sku: offer.pk for offer in new}
    rows = [row for page in batch.good for row in page.stock if row.sku in ids]
    if not rows:
        return
    now = run_context.clock()
    with staging_table(levels.STAGE, levels.COLUMNS) as stage:
        levels.stage_rows(stage, rows)
        stage.analyze()
        levels.set_affected_offers(ids.values())
        levels.merge(
            supplier=run_context.supplier,
            cause=f"run:{run_context.run.pk}",
            as_of=min(now, run_context.run.file_as_of or now),
            received_at=now,
        )


@requires_transaction
def _write_products(
    run_context: RunContext,
    batch: Batch,
    imported_ids: set[str],
    present: Mapping[str, SupplierProduct],
    now: datetime,
) -> None:
    """Store the digests; ``cost_digest`` only of new products, whose costs were just imported."""
    new, changed = [], []
    read = [(page.listed, page.digest) for page in batch.good] + batch.refused
    for listed, detail_digest in read:
        is_imported = listed.external_id in imported_ids
        status = SupplierProduct.Status.ACTIVE if is_imported else SupplierProduct.Status.REFUSED
        product = present.get(listed.external_id)
        if product is None:
            product = SupplierProduct(
                supplier=run_context.supplier,
                external_id=listed.external_id,
                cost_digest=listed.cost_digest,
            )
            new.append(product)
            run_context.run.created += is_imported
        else:
            if product.status != SupplierProduct.Status.ACTIVE:
                product.cost_digest = ""  # its costs may be outdated
            changed.append(product)
            run_context.run.updated += is_imported
        run_context.run.rejected += not is_imported
        product.status = status
        product.detail_digest = detail_digest
        product.list_digest = listed.digest
        product.changed_at = now
    for listed in batch.same:
        run_context.run.unchanged += 1
        product = present[listed.external_id]
        if product.list_digest != listed.digest:
            product.list_digest = listed.digest
            changed.append(product)
    discontinued = [present[external_id] for external_id in batch.gone if external_id in present]
    run_context.run.gone += len(discontinued)
    for product in discontinued:
        product.status = SupplierProduct.Status.DISCONTINUED
        product.changed_at = now
    SupplierProduct.objects.bulk_create(new)
    SupplierProduct.objects.bulk_update(
        [*changed, *discontinued],
        ["list_digest", "detail_digest", "cost_digest", "status", "changed_at"],
        batch_size=BATCH,
    )


def discontinue(*, run_context: RunContext, external_ids: Iterable[str]) -> None:
    """Discontinue products that the list no longer contains. The guards have accepted the list."""
    for ids in batched(external_ids, BATCH):
        with transaction.atomic(durable=True):
            discontinue_batch(run_context, ids)


@requires_transaction
def discontinue_batch(run_context: RunContext, external_ids: Sequence[str]) -> None:
    """Discontinue some products.

    Locks: the run, their offers, then stock rows, each in id order
    Raises: LeaseLostError  the run was closed
    """
    run_context.lock()
    now = run_context.clock()
    offers = SupplierOffer.objects.filter(
        supplier=run_context.supplier, product_external_id__in=external_ids
    )
    touched = _discontinue(
        run_context, offers.select_for_update(of=["self"], no_key=True).order_by("pk"), now
    )
    run_context.run.gone += SupplierProduct.objects.filter(
        supplier=run_context.supplier, external_id__in=external_ids
    ).update(status=SupplierProduct.Status.DISCONTINUED, changed_at=now)
    PendingPublication.queue(sorted(touched))


@requires_transaction
def _discontinue(
    run_context: RunContext, offers: Iterable[SupplierOffer], now: datetime
) -> set[int]:
    """Discontinue offers and set their stock to zero; return their variants."""
    closed = [offer for offer in offers if offer.status != Status.DISCONTINUED]
    ids = [offer.pk for offer in closed]
    SupplierOffer.objects.filter(pk__in=ids).update(status=Status.DISCONTINUED, seen_at=now)
    levels.zero_stock(sync_run=run_context.run, offer_ids=ids, now=now)
    return {offer.variant_id for offer in closed if offer.variant_id is not None}
