"""Act on what a supplier tells us unasked of stock and products: ask again what he names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from catalog.records import BadRow
from suppliers import stocktaking, supply
from suppliers.adapters.abilities import PagedStockAndPrice, able
from suppliers.adapters.base import NewsKind, StockRecord, SupplierNews
from suppliers.connecting import adapter_for
from suppliers.models import Supplier, SupplierOffer, SupplierProduct
from suppliers.staging import staged


def hear(*, supplier: Supplier, news: SupplierNews, now: datetime) -> bool:
    """Ask again for stock at once; let the next runs of the jobs read a changed product.

    Returns whether it was of anything that we know.

    Raises: OutsideError  the supplier does not answer; the next run will ask him anyway
    """
    offers = SupplierOffer.objects.filter(supplier=supplier).filter(
        Q(supplier_sku__in=news.skus) | Q(supplier_product__in=news.product_refs)
    )
    refs = set(offers.values_list("supplier_product", flat=True))
    if not refs:
        return False
    if news.kind is NewsKind.STOCK:
        recount(supplier=supplier, refs=sorted(refs), cause=f"news:{news.external_id}", now=now)
    elif news.kind is NewsKind.PRODUCT:
        SupplierProduct.objects.filter(supplier=supplier, ref__in=refs).update(
            list_digest="", cost_digest=""
        )
    return True


def recount(*, supplier: Supplier, refs: Sequence[str], cause: str, now: datetime) -> None:
    """Ask how many there are of these products now, and show it.

    Raises: OutsideError  the supplier does not answer
    """
    with adapter_for(supplier) as connector:
        figures = able(connector, PagedStockAndPrice)
        told = {ref: figures.stock(ref=ref) for ref in refs}
    _write(supplier, told, cause, now)
    supply.publish_waiting(now=now)


@transaction.atomic(durable=True)
def _write(
    supplier: Supplier,
    told: dict[str, tuple[StockRecord | BadRow, ...]],
    cause: str,
    now: datetime,
) -> None:
    offers = SupplierOffer.objects.filter(supplier=supplier, supplier_product__in=told)
    offers = offers.exclude(status=SupplierOffer.Status.GONE)
    with staged(stocktaking.STAGE, stocktaking.COLUMNS) as stage:
        problems = [
            problem
            for ref, figures in told.items()
            for problem in stocktaking.lay_out(stage, figures, ref=ref)
        ]
        stage.ready()
        doubtful = [problem.row for problem in problems if problem.is_fatal]
        covered = offers.exclude(supplier_sku__in=doubtful).values_list("pk", flat=True)
        stocktaking.merge(
            supplier=supplier, covered=covered, cause=cause, as_of=now, received_at=now
        )
