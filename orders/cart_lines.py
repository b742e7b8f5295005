"""Read the lines of a cart with all that pages and orders want to know of them, in one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from catalog.models import Image, Listing
from orders.models import Cart, CartLine
from storefront.lib.prepared import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """One line of a cart; its listing, variant, product and spec are read with it.

    ``is_for_sale`` is as lists show it, and asks for fresh news of its supply; ``is_shown`` only
    that it was not taken off the shelves. ``picture`` is the stem of the product's first, if any.
    """

    row: CartLine
    is_for_sale: bool
    is_shown: bool
    picture: str


def read(*, cart: Cart, now: datetime) -> list[ReadLine]:
    """Read all lines, in the order in which they were put in."""
    return [_read(row) for row in _QUESTION(cart_id=cart.pk, now=now)]


def _read(row: CartLine) -> ReadLine:
    told = cast(Any, row)
    return ReadLine(
        row=row,
        is_for_sale=told.is_for_sale,
        is_shown=told.is_shown,
        picture=told.first_picture or "",
    )


def rows_of(lines: Sequence[ReadLine]) -> list[CartLine]:
    return [line.row for line in lines]


def _question(*, cart_id: int, now: datetime) -> QuerySet[CartLine]:
    listing = OuterRef("listing")
    pictures = Image.objects.filter(product=OuterRef("listing__variant__product")).exclude(stem="")
    return (
        CartLine.objects.filter(cart=cart_id)
        .select_related("listing__variant__product__spec")
        .annotate(
            is_for_sale=Exists(Listing.objects.for_sale(now).filter(pk=listing)),
            is_shown=Exists(Listing.objects.published().filter(pk=listing, is_withdrawn=False)),
            first_picture=Subquery(pictures.order_by("position", "pk").values("stem")[:1]),
        )
        .order_by("pk")
    )


_QUESTION = Prepared(_question)
