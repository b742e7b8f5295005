"""Bulk jobs: store up to 1,000 writes, process them one by one, continue after a worker died.

A row is processed once: its result is stored in the transaction of the write. Stock is written in its own
transactions; repeating it with the time of the job changes nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from catalog.listings import fixed_prices
from catalog.models import Product, Variant
from storefront.api.core import exception_handler, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import StrictCharField, StrictIntegerField, valid_values
from storefront.api.core.views import find_row
from storefront.api.merchant.catalog import writes
from storefront.api.merchant.catalog.changes import ProductChangeSerializer, VariantChangeSerializer
from storefront.api.merchant.catalog.listings import (
    SetPriceSerializer,
    describe_price,
    find_listing,
    require_currency,
)
from storefront.api.merchant.catalog.stock import SetStockSerializer
from storefront.api.models import ApiKey, BulkJob, BulkJobRow
from storefront.lib.clock import running_clock
from storefront.lib.db import advisory_locks
from storefront.lib.tasks import TASK_ENDING

log = logging.getLogger(__name__)

Operation, Result = BulkJob.Operation, BulkJobRow.Result
LOCK_NAME = "bulk job"
TIME_LIMIT_S = 600.0  # below Celery's limit; the sweep continues the job
FATAL_ERRORS = (InterfaceError, OperationalError, *TASK_ENDING)


class ProductRow(ProductChangeSerializer):
    """The product to change, and its new values."""

    id = StrictIntegerField(min_value=1)


class VariantRow(VariantChangeSerializer):
    """The variant to change, and its new values."""

    sku = StrictCharField(max_length=40)


class PriceRow(SetPriceSerializer):
    """The listing whose price is fixed, and the price."""

    listing_id = StrictIntegerField(min_value=1)


type Change = Callable[[dict[str, Any], str, datetime], dict[str, Any]]


@transaction.atomic(durable=True)
def create_job(*, key: ApiKey, operation: str, rows: list[Any], now: datetime) -> BulkJob:
    """Store a job. The caller queues ``tasks.run_job``; a sweep does it otherwise."""
    job = BulkJob.objects.create(key=key, operation=operation, created_at=now)
    BulkJobRow.objects.bulk_create(
        BulkJobRow(job=job, position=position, values=values)
        for position, values in enumerate(rows)
    )
    return job


def continue_job(job_id: int, *, now: datetime) -> None:
    """Process the pending rows of a job, unless another worker does."""
    ends_at, clock = time.monotonic() + TIME_LIMIT_S, running_clock(now)
    for _slice in advisory_locks.lock_slices(
        LOCK_NAME, has_work=lambda _job: False, among=[job_id]
    ):
        job = BulkJob.objects.select_related("key").get(pk=job_id)
        for row in job.rows.filter(result=Result.PENDING).order_by("position"):
            if time.monotonic() > ends_at:
                return
            _process(row, job, now=clock())
        BulkJob.objects.filter(pk=job.pk, completed_at=None).update(completed_at=clock())


def _process(row: BulkJobRow, job: BulkJob, *, now: datetime) -> None:
    """Process one row. A refusal or a bug refuses only this row."""
    try:
        _require_valid_key(job, now)
        if job.operation == Operation.STOCK:
            _store(row, Result.DONE, _set_stock(row.values, job.key.actor, job.created_at))
            return
        with transaction.atomic(durable=True):
            # A worker that lost its lock finds the row done.
            rows = BulkJobRow.objects.select_for_update(of=["self"])
            if rows.get(pk=row.pk).result == Result.PENDING:
                detail = CHANGES[job.operation](row.values, job.key.actor, now)
                _store(row, Result.DONE, detail)
    except FATAL_ERRORS:
        raise
    except Exception as error:
        kind, more = exception_handler.problem_of(error)
        if kind is problem_types.INTERNAL_ERROR:
            log.exception("row %s of a bulk job failed", row.pk)
        _store(row, Result.REFUSED, dict(exception_handler.respond(kind, more).data))


def _require_valid_key(job: BulkJob, now: datetime) -> None:
    if not ApiKey.objects.get(pk=job.key_id).is_valid(now):
        raise ProblemError(problem_types.INVALID_API_KEY)


def _store(row: BulkJobRow, result: str, detail: Mapping[str, Any]) -> None:
    pending = BulkJobRow.objects.filter(pk=row.pk, result=Result.PENDING)
    pending.update(result=result, detail=detail)


def _change_product(values: dict[str, Any], actor: str, now: datetime) -> dict[str, Any]:
    valid = valid_values(ProductRow, values)
    pk = valid.pop("id")
    find_row(Product.objects.all(), pk=pk)
    writes.change_product(pk, valid, actor=actor, now=now)
    return {}


def _change_variant(values: dict[str, Any], actor: str, now: datetime) -> dict[str, Any]:
    valid = valid_values(VariantRow, values)
    variant = find_row(Variant.objects.all(), sku=valid.pop("sku"))
    writes.change_variant(variant.pk, valid, actor=actor, now=now)
    return {}


def _set_price(values: dict[str, Any], actor: str, now: datetime) -> dict[str, Any]:
    valid = valid_values(PriceRow, values)
    listing = find_listing(valid["listing_id"])
    require_currency(listing, valid["currency"])
    done = fixed_prices.fix_price(listing=listing, amount=valid["amount"], actor=actor, now=now)
    return describe_price(done)


def _set_stock(values: dict[str, Any], actor: str, created_at: datetime) -> dict[str, Any]:
    writes.set_stock(**valid_values(SetStockSerializer, values), actor=actor, now=created_at)
    return {}


CHANGES: Mapping[str, Change] = {
    Operation.PRODUCTS: _change_product,
    Operation.VARIANTS: _change_variant,
    Operation.PRICES: _set_price,
}
