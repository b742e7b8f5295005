"""Guarantees on pages: read those of products for sale and those that an order was sold with."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.urls import reverse

from catalog.models.guarantees import GuaranteeTerms
from catalog.products.detail import load_guarantees
from catalog.texts.titles import Titled
from orders.models import Order, OrderLine
from orders.order_lines import guarantees_of


class ShownGuarantee(NamedTuple):
    """A guarantee, the titled product or order line it belongs to, the download of its terms."""

    titled: Titled
    terms: GuaranteeTerms
    terms_url: str


def shown_guarantees(product_ids: Collection[int]) -> list[ShownGuarantee]:
    """Return the guarantees of products as ``load_guarantees`` does."""
    return [
        ShownGuarantee(
            row.product, row.terms, reverse("product_guarantee", args=[row.product.slug])
        )
        for row in load_guarantees(product_ids)
    ]


def sold_guarantees(order: Order, lines: Iterable[OrderLine]) -> list[ShownGuarantee]:
    """Return the guarantees at the time of the sale."""
    return [
        ShownGuarantee(
            line,
            terms,
            reverse("order_guarantee", args=[order.number, order.access_key, line.pk]),
        )
        for line, terms in guarantees_of(lines)
    ]
