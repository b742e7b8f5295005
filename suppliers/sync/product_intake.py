"""Product intake: classify product pages as new, unchanged or invalid, import a batch."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import DataError, IntegrityError

from catalog.product_import import importer
from catalog.product_import.importer import Intake
from catalog.records import BadRow, ProductRecord
from storefront.lib.http.errors import OutsideError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import GoneError, ProductPage, StockRecord
from suppliers.models import SupplierOffer, SupplierProduct
from suppliers.offers import links, writer
from suppliers.offers.links import Links
from suppliers.offers.writer import Batch, Good, Listed, TakenMeanwhileError
from suppliers.quarantine import guards
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs.runs import Work

log = logging.getLogger(__name__)

TRIES = 3
NOT_STORED = "cannot-be-stored"
NOT_STORABLE = (DataError, IntegrityError, ValueError)


@dataclass(slots=True, kw_only=True)
class Reading:
    """Progress of reading pages, and what was found."""

    work: Work
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


def sift(reading: Reading, answers: Sequence[tuple[Listed, ProductPage | OutsideError]]) -> Batch:
    """Classify pages as they arrive.

    Raises: QuarantinedError  a guard rejects the pages read so far
    """
    work = reading.work
    batch = Batch(size=len(answers))
    present = _present(work, [listed.ref for listed, _ in answers])
    for listed, page in answers:
        _sort(reading, batch, listed, page, present.get(listed.ref))
    reading.read += len(answers)
    reading.unusable += len(batch.refused)
    usable = reading.read - reading.unusable
    work.believe(
        guards.currency_is_right(expected=work.supplier.currency, found=reading.currencies)
        or guards.rows_are_readable(good=usable, bad=reading.unusable, limits=limits_of_run(work))
    )
    return batch


def take(work: Work, batch: Batch) -> int:
    """Import a batch of pages; return its number of SKUs.

    If the database rejects a batch, it is halved until the rejected page is alone. That page
    becomes an issue; the next run reads it again.

    Raises: LeaseLostError  the run was closed
    """
    counts = work.counts()
    try:
        return _take_whole(work, batch)
    except NOT_STORABLE:
        if not batch.good:
            raise
        for name, count in counts.items():
            setattr(work.run, name, count)
        if len(batch.good) > 1:
            half = len(batch.good) // 2
            rest = Batch(good=batch.good[half:])
            return take(work, replace(batch, good=batch.good[:half])) + take(work, rest)
        ref = batch.good[0].record.ref
        log.exception("product %s cannot be stored", ref)
        problems = [*batch.problems, _not_stored(ref)]
        return take(work, replace(batch, good=[], problems=problems))


def _not_stored(ref: str) -> BadRow:
    message = "The database cannot store a value of this product. The log names the value."
    return BadRow(row=ref, code=NOT_STORED, message=message)


def _take_whole(work: Work, batch: Batch) -> int:
    for _ in range(TRIES):
        problems = list(batch.problems)
        try:
            return _take(work, replace(batch, problems=problems))
        except TakenMeanwhileError as error:
            log.info(
                "batch of run %s is imported again: SKU %s belongs to another product",
                work.run.pk,
                error,
            )
    raise TemporaryError(
        "Other batches imported its SKUs at the same time, several times. The next run tries again."
    )


def _take(work: Work, batch: Batch) -> int:
    records = _with_own_skus(work, [page.record for page in batch.good], batch)
    decided = links.decide(supplier=work.supplier, records=records)
    taken = _taken_in(work, decided)
    batch.problems += taken.issues
    present = _present(work, batch.answered)
    # What cannot be stored now is fetched again by the next run.
    again = {problem.row for problem in taken.issues if problem.code == NOT_STORED}
    writer.write(
        work=work,
        batch=batch,
        records=records,
        taken=taken,
        disputed=decided.disputed,
        present=present,
        again=again,
    )
    return sum(len(record.variants) for record in records)


def _present(work: Work, refs: Sequence[str]) -> dict[str, SupplierProduct]:
    known = SupplierProduct.objects.filter(supplier=work.supplier, ref__in=refs)
    return {product.ref: product for product in known}


def _sort(
    reading: Reading,
    batch: Batch,
    listed: Listed,
    page: ProductPage | OutsideError,
    known: SupplierProduct | None,
) -> None:
    """Add one page to the part of the batch for its class."""
    if isinstance(page, GoneError) or (isinstance(page, ProductPage) and page.is_gone):
        batch.gone.append(listed.ref)
    elif isinstance(page, OutsideError):
        # Without a stored digest the next run fetches it again.
        batch.problems.append(BadRow(row=listed.ref, code="answer-missing", message=str(page)))
    elif (
        known is not None
        and known.status != SupplierProduct.Status.GONE
        and known.detail_digest == page.digest
    ):
        batch.same.append(listed)
    else:
        batch.problems += page.problems
        if page.record is None:
            batch.refused.append((listed, page.digest))
            return
        record = _with_sound_costs(reading, page.record, batch.problems)
        stock = tuple(row for row in page.stock or () if isinstance(row, StockRecord))
        batch.good.append(Good(listed=listed, digest=page.digest, record=record, stock=stock))


def _with_sound_costs(
    reading: Reading, record: ProductRecord, problems: list[BadRow]
) -> ProductRecord:
    expected = reading.work.supplier.currency
    variants = []
    for variant in record.variants:
        cost = variant.cost
        if cost is not None:
            reading.currencies.append(cost.currency)
            wrong = wrong_cost(cost, sku=variant.sku, expected=expected)
            if wrong is not None:
                problems.append(wrong)
                cost = None
        variants.append(replace(variant, cost=cost))
    return replace(record, variants=tuple(variants))


def wrong_cost(cost: Money, *, sku: str, expected: str) -> BadRow | None:
    """Return the issue of an invalid cost, or None; ``expected`` is the supplier's currency."""
    if cost.currency != expected:
        message = f"The price is in {cost.currency}, not in {expected}."
        return BadRow(row=sku, code="cost-wrong-currency", message=message)
    if not 0 < cost.rounded().amount <= guards.MAX_COST:
        return BadRow(row=sku, code="cost-absurd", message=f"{cost.amount} is not a valid price.")
    return None


def _with_own_skus(
    work: Work, records: Sequence[ProductRecord], batch: Batch
) -> list[ProductRecord]:
    """Drop SKUs that another listed product has: the first product keeps the SKU."""
    skus = [variant.sku for record in records for variant in record.variants]
    owners = dict(
        SupplierOffer.objects.filter(supplier=work.supplier, supplier_sku__in=skus)
        .exclude(status=SupplierOffer.Status.GONE)
        .values_list("supplier_sku", "supplier_product")
    )
    kept = []
    for record in records:
        own = []
        for variant in record.variants:
            owner = owners.setdefault(variant.sku, record.ref)
            if owner == record.ref:
                own.append(variant)
            else:
                message = f"Product {owner} already has this SKU."
                batch.problems.append(
                    BadRow(row=f"{record.ref}:{variant.sku}", code="sku-of-two", message=message)
                )
        if own:
            kept.append(replace(record, variants=tuple(own)))
    return kept


def _taken_in(work: Work, decided: Links, *, is_again: bool = False) -> Intake:
    """Store the supplier's own products, and link its offers for other suppliers' products."""
    taken = _stored(work, decided.own, decided.known, is_again=is_again)
    touched = {*decided.linked.values(), *decided.disputed.values()}
    return replace(
        taken,
        variants={**taken.variants, **decided.linked},
        touched=taken.touched | touched,
        issues=[*taken.issues, *decided.problems],
    )


def _stored(
    work: Work,
    records: Sequence[ProductRecord],
    known: Mapping[str, int],
    *,
    is_again: bool = False,
) -> Intake:
    """Store the records together; if one cannot be stored, each alone."""
    try:
        return importer.take_in(
            records=records, known=known, source=work.supplier.code, now=work.moment()
        )
    except NOT_STORABLE as error:
        if len(records) == 1 and isinstance(error, IntegrityError) and not is_again:
            # Another worker may have stored the product or its slug: matching again finds it.
            decided = links.decide(supplier=work.supplier, records=records)
            return _taken_in(work, decided, is_again=True)
        if len(records) == 1:
            log.exception("product %s cannot be stored", records[0].ref)
            issues = [_not_stored(records[0].ref)]
            return Intake(
                variants={}, touched=set(), issues=issues, created=0, updated=0, unchanged=0
            )
    taken = [_stored(work, [record], known) for record in records]
    return Intake(
        variants={sku: pk for each in taken for sku, pk in each.variants.items()},
        touched={pk for each in taken for pk in each.touched},
        issues=[issue for each in taken for issue in each.issues],
        created=sum(each.created for each in taken),
        updated=sum(each.updated for each in taken),
        unchanged=sum(each.unchanged for each in taken),
    )
