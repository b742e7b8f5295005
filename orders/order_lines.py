"""Order lines: read the lines of an order with their products, snapshot guarantees."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from catalog.models import Image, Product, Variant
from catalog.models.guarantees import GuaranteeTerms
from catalog.products.detail import load_guarantees
from catalog.safety import documents
from orders.cart.lines import LONG_FIELDS
from orders.models import Order, OrderLine
from storefront.lib.db.prepared_queries import PreparedQuery


def read_order_lines(order: Order) -> list[OrderLine]:
    """Return all lines with variant, product and spec, in the order they were added."""
    return _LINES(order_id=order.pk)


def snapshot_guarantees(products: Iterable[Product]) -> dict[int, dict[str, Any]]:
    """Return the guarantee of each product that has one as ``OrderLine.guarantee``, by product id."""
    rows = load_guarantees({product.pk for product in products if product.guarantee_months})
    return {row.product_id: asdict(row.terms) for row in rows}


def picture_of(variant: Variant) -> str:
    """Return the file stem of the first picture of a variant, or an empty string."""
    images = Image.objects.showing(product=variant.product_id, variant=variant, color=variant.color)
    return images.values_list("stem", flat=True).first() or ""


def has_terms(name: str) -> bool:
    """Return whether a stored document is the terms of a sold guarantee. Reads all order lines."""
    return OrderLine.objects.filter(guarantee__terms_file=name).exists()


def download_terms(line: OrderLine, *, stem: str) -> HttpResponse:
    """Return the terms of the guarantee that was sold with a line. Raises: Http404."""
    if not line.guarantee:
        raise Http404
    try:
        return documents.download(line.guarantee["terms_file"], stem=stem)
    except FileNotFoundError as error:
        raise Http404 from error


def guarantees_of(lines: Iterable[OrderLine]) -> list[tuple[OrderLine, GuaranteeTerms]]:
    """Return the sold guarantees, each with the first line of its product."""
    firsts: dict[int, tuple[OrderLine, GuaranteeTerms]] = {}
    for line in lines:
        if line.guarantee:
            firsts.setdefault(line.variant.product_id, (line, GuaranteeTerms(**line.guarantee)))
    return list(firsts.values())


def _lines(*, order_id: int) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(order=order_id).select_related("variant__product__spec")
    return lines.defer(*(f"variant__{name}" for name in LONG_FIELDS)).order_by("pk")


_LINES = PreparedQuery(_lines)
