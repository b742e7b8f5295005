"""Product intake: classify product pages as new, unchanged or invalid, import a batch."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from django.db import DataError, IntegrityError, InterfaceError, OperationalError

from catalog.brands import aliases
from catalog.product_import import importer
from catalog.product_import.importer import ImportResult
from catalog.product_import.other_statements import write_statements
from catalog.records import FAILED, ImportIssue, ProductRecord
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.money import Money
from storefront.lib.tasks import TASK_ENDING
from suppliers.compliance import product_policy
from suppliers.connectors.records import DiscontinuedError, ProductDetail, StockReport
from suppliers.models import Supplier, SupplierOffer, SupplierProduct
from suppliers.offers import links, writer
from suppliers.offers.links import Links
from suppliers.offers.writer import AcceptedPage, Batch, ListedProduct, SkuConflictError
from suppliers.quarantine import guards
from suppliers.quarantine.thresholds import run_thresholds
from suppliers.runs.runs import LeaseLostError, QuarantinedError, RunContext

log = logging.getLogger(__name__)

MAX_TRIES = 3
NOT_STORED = "cannot-be-stored"
NOT_STORABLE = (DataError, IntegrityError, ValueError)
# Errors that concern the whole run. Any other error concerns a record of the batch.
RUN_ERRORS = (
    *(LeaseLostError, QuarantinedError, ExternalServiceError, InterfaceError, OperationalError),
    *TASK_ENDING,
)

Store = Callable[..., ImportResult]  # ``importer.import_products`` with supplier and time bound


@dataclass(slots=True, kw_only=True)
class IntakeProgress:
    run_context: RunContext
    read: int = 0
    unusable: int = 0
    currencies: list[str] = field(default_factory=list)
    _published: float = field(default_factory=time.monotonic)

    def is_time_to_publish(self, every_s: float) -> bool:
        """Return True at most once per ``every_s``."""
        passed_s = time.monotonic() - self._published
        if passed_s < every_s:
            return False
        self._published += passed_s
        return True


def classify(
    progress: IntakeProgress,
    answers: Sequence[tuple[ListedProduct, ProductDetail | ExternalServiceError]],
) -> Batch:
    """Classify pages as they arrive.

    Raises: QuarantinedError  a guard rejects the pages read so far
    """
    run_context = progress.run_context
    batch = Batch(size=len(answers))
    present = _known_products(run_context, [listed.external_id for listed, _ in answers])
    for listed, page in answers:
        _classify_page(progress, batch, listed, page, present.get(listed.external_id))
    progress.read += len(answers)
    progress.unusable += len(batch.refused)
    usable = progress.read - progress.unusable
    run_context.quarantine_if(
        guards.currency_violation(
            expected=run_context.supplier.currency, currencies=progress.currencies
        )
        or guards.invalid_rows_violation(
            good=usable, bad=progress.unusable, limits=run_thresholds(run_context)
        )
    )
    return batch


def import_batch(run_context: RunContext, batch: Batch) -> int:
    """Import a batch of pages; return its number of SKUs.

    If a batch raises an unexpected exception, or the database rejects it, it is halved until the
    page that causes it is alone. That page becomes an issue; the next run reads it again.

    Raises: LeaseLostError  the run was closed
    """
    counts = run_context.counts()
    try:
        return _import_with_retries(run_context, batch)
    except RUN_ERRORS:
        raise
    except Exception as error:
        if not batch.good:
            raise
        for name, count in counts.items():
            setattr(run_context.run, name, count)
        if len(batch.good) > 1:
            half = len(batch.good) // 2
            second_half = Batch(good=batch.good[half:])
            return import_batch(run_context, replace(batch, good=batch.good[:half])) + import_batch(
                run_context, second_half
            )
        record = batch.good[0].record
        log.exception("product %s cannot be stored", record.external_id)
        if isinstance(error, NOT_STORABLE):
            issue = _storage_issue(record.external_id)
        else:
            issue = importer.failed_issue(record, error)
            run_context.failed_records += 1
        problems = [*batch.problems, issue]
        return import_batch(run_context, replace(batch, good=[], problems=problems))


def _storage_issue(external_id: str) -> ImportIssue:
    message = "The database cannot store a value of this product. The log names the value."
    return ImportIssue(row=external_id, code=NOT_STORED, message=message)


def _import_with_retries(run_context: RunContext, batch: Batch) -> int:
    for _ in range(MAX_TRIES):
        problems = list(batch.problems)
        try:
            return _import_once(run_context, replace(batch, problems=problems))
        except SkuConflictError as error:
            log.info(
                "batch of run %s is imported again: SKU %s belongs to another product",
                run_context.run.pk,
                error,
            )
    raise TemporaryError(
        "Other workers imported SKUs of this batch meanwhile, several times. The next run retries."
    )


def _import_once(run_context: RunContext, batch: Batch) -> int:
    supplier = run_context.supplier
    stated = aliases.resolve_records([page.record for page in batch.good])
    records = _without_foreign_skus(supplier, stated, batch.problems)
    decided = links.decide_links(supplier=supplier, records=records)
    now, run = run_context.clock(), run_context.run.pk
    store = partial(_store_of(supplier, now=now), run=run)
    imported = _store_and_link(supplier, decided, store)
    write_statements(
        records=records,
        variant_ids=decided.matched_links,
        source=supplier.code,
        now=run_context.clock(),
    )
    batch.problems += imported.issues
    present = _known_products(run_context, batch.answered)
    # What cannot be stored now is fetched again by the next run.
    failed = {problem.row for problem in imported.issues if problem.code == FAILED}
    read_again = {problem.row for problem in imported.issues if problem.code == NOT_STORED} | failed
    writer.write_batch(
        run_context=run_context,
        batch=batch,
        records=records,
        imported=imported,
        disputed=decided.disputed,
        present=present,
        read_again=read_again,
    )
    run_context.failed_records += len(failed)
    return sum(len(record.variants) for record in records)


def _store_of(supplier: Supplier, *, now: datetime) -> Store:
    policy = product_policy.load_policy(supplier=supplier, now=now)
    return partial(importer.import_products, source=supplier.code, policy=policy, now=now)


@requires_transaction
def preview_import(
    *, supplier: Supplier, records: Sequence[ProductRecord], now: datetime
) -> ImportResult:
    """Write products as a sync would, in a transaction that the caller rolls back.

    Offers are not written.
    """
    problems: list[ImportIssue] = []
    own = _without_foreign_skus(supplier, aliases.resolve_records(records), problems)
    decided = links.decide_links(supplier=supplier, records=own)
    store = partial(_store_of(supplier, now=now), is_preview=True)
    imported = _store_and_link(supplier, decided, store)
    return replace(imported, issues=[*problems, *imported.issues])


def _known_products(
    run_context: RunContext, external_ids: Sequence[str]
) -> dict[str, SupplierProduct]:
    known = SupplierProduct.objects.filter(
        supplier=run_context.supplier, external_id__in=external_ids
    )
    return {product.external_id: product for product in known}


def _classify_page(
    progress: IntakeProgress,
    batch: Batch,
    listed: ListedProduct,
    page: ProductDetail | ExternalServiceError,
    known: SupplierProduct | None,
) -> None:
    """Add one page to the part of the batch for its class."""
    if isinstance(page, DiscontinuedError) or (isinstance(page, ProductDetail) and page.is_gone):
        batch.gone.append(listed.external_id)
    elif isinstance(page, ExternalServiceError):
        # Without a stored digest the next run fetches it again.
        batch.problems.append(
            ImportIssue(row=listed.external_id, code="answer-missing", message=str(page))
        )
    elif (
        known is not None
        and known.status != SupplierProduct.Status.DISCONTINUED
        and known.detail_digest == page.digest
    ):
        batch.same.append(listed)
    else:
        batch.problems += page.problems
        if page.record is None:
            batch.refused.append((listed, page.digest))
            return
        record = _without_invalid_costs(progress, page.record, batch.problems)
        stock = tuple(row for row in page.stock or () if isinstance(row, StockReport))
        batch.good.append(
            AcceptedPage(listed=listed, digest=page.digest, record=record, stock=stock)
        )


def _without_invalid_costs(
    progress: IntakeProgress, record: ProductRecord, problems: list[ImportIssue]
) -> ProductRecord:
    expected = progress.run_context.supplier.currency
    variants = []
    for variant in record.variants:
        cost = variant.cost
        if cost is not None:
            progress.currencies.append(cost.currency)
            issue = cost_issue(cost, sku=variant.sku, expected=expected)
            if issue is not None:
                problems.append(issue)
                cost = None
        variants.append(replace(variant, cost=cost))
    return replace(record, variants=tuple(variants))


def cost_issue(cost: Money, *, sku: str, expected: str) -> ImportIssue | None:
    """Return the issue of an invalid cost, or None; ``expected`` is the supplier's currency."""
    if cost.currency != expected:
        message = f"The price is in {cost.currency}, not in {expected}."
        return ImportIssue(row=sku, code="cost-wrong-currency", message=message)
    if not 0 < cost.rounded().amount <= guards.MAX_COST:
        return ImportIssue(
            row=sku, code="cost-absurd", message=f"{cost.amount} is not a valid price."
        )
    return None


def _without_foreign_skus(
    supplier: Supplier, records: Sequence[ProductRecord], problems: list[ImportIssue]
) -> list[ProductRecord]:
    """Drop SKUs that another listed product has: the first product keeps the SKU."""
    skus = [variant.sku for record in records for variant in record.variants]
    owners = dict(
        SupplierOffer.objects.filter(supplier=supplier, supplier_sku__in=skus)
        .exclude(status=SupplierOffer.Status.DISCONTINUED)
        .values_list("supplier_sku", "product_external_id")
    )
    own_records = []
    for record in records:
        own = []
        for variant in record.variants:
            owner = owners.setdefault(variant.sku, record.external_id)
            if owner == record.external_id:
                own.append(variant)
            else:
                message = f"Product {owner} already has this SKU."
                problems.append(
                    ImportIssue(
                        row=f"{record.external_id}:{variant.sku}",
                        code="sku-of-two",
                        message=message,
                    )
                )
        if own:
            own_records.append(replace(record, variants=tuple(own)))
    return own_records


def _store_and_link(
    supplier: Supplier, decided: Links, store: Store, *, is_again: bool = False
) -> ImportResult:
    """Store the supplier's own products, and link its offers for other suppliers' products."""
    stored = _store_records(supplier, decided.own, decided, store, is_again=is_again)
    touched = {*decided.matched_links.values(), *decided.disputed.values()}
    return replace(
        stored,
        variants={**stored.variants, **decided.matched_links},
        touched=stored.touched | touched,
        issues=[*stored.issues, *decided.problems],
    )


def _store_records(
    supplier: Supplier,
    records: Sequence[ProductRecord],
    decided: Links,
    store: Store,
    *,
    is_again: bool = False,
) -> ImportResult:
    """Store the records together; if one cannot be stored, each alone."""
    try:
        return store(records=records, variant_ids=decided.earlier_links, product_ids=decided.joined)
    except NOT_STORABLE as error:
        if len(records) == 1 and isinstance(error, IntegrityError) and not is_again:
            # Another worker may have stored the product or its slug: matching again finds it.
            again = links.decide_links(supplier=supplier, records=records)
            return _store_and_link(supplier, again, store, is_again=True)
        if len(records) == 1:
            log.exception("product %s cannot be stored", records[0].external_id)
            issues = [_storage_issue(records[0].external_id)]
            return ImportResult(
                variants={}, touched=set(), issues=issues, created=0, updated=0, unchanged=0
            )
    results = [_store_records(supplier, [record], decided, store) for record in records]
    return ImportResult(
        variants={sku: pk for result in results for sku, pk in result.variants.items()},
        touched={pk for result in results for pk in result.touched},
        issues=[issue for result in results for issue in result.issues],
        created=sum(result.created for result in results),
        updated=sum(result.updated for result in results),
        unchanged=sum(result.unchanged for result in results),
    )
