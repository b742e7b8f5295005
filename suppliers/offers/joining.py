"""Joining: add SKUs of a page as new variants to the product that its other SKUs are linked to.

The option values of a new variant must be complete and new. If a variant of the product has the
same ones, the SKU may be that variant: staff decide. If some are missing, the SKU stays on hold.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from catalog.attributes.identifiers import brand_key, option_keys
from catalog.models import Variant
from catalog.records import ProductRecord, VariantRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPage:
    """A page with its linked variants; ``unknown`` are its SKUs that match no variant."""

    record: ProductRecord
    linked: frozenset[int]
    unknown: tuple[VariantRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The decision about one unknown SKU.

    It becomes a variant of ``product_id``, or may be ``variant_id``, or stays on hold.
    """

    page: LinkedPage
    variant: VariantRecord
    product_id: int | None = None
    variant_id: int | None = None


def join(pages: Sequence[LinkedPage]) -> Iterator[Joined]:
    """Decide about the unknown SKUs of these pages, with one query for all of them."""
    ids = {pk for page in pages for pk in page.linked}
    siblings: dict[int, list[Variant]] = {}
    product_of: dict[int, int] = {}
    rows = Variant.objects.filter(product__variants__in=ids).select_related("product")
    for row in rows.distinct().order_by("pk") if ids else ():
        siblings.setdefault(row.product_id, []).append(row)
        product_of[row.pk] = row.product_id
    for page in pages:
        products = {product_of[pk] for pk in page.linked}
        own = siblings[products.pop()] if len(products) == 1 else []
        taken = {option_keys(row.option_values): row.pk for row in own}
        is_of_these_options = bool(own) and _has_options(page.record, own[0])
        for variant in page.unknown:
            keys = option_keys(variant.option_values)
            is_complete = len(keys) == len(page.record.option_names) > 0
            if not (is_of_these_options and is_complete):
                yield Joined(page=page, variant=variant)
            elif keys in taken:
                yield Joined(page=page, variant=variant, variant_id=taken[keys])
            else:
                yield Joined(page=page, variant=variant, product_id=own[0].product_id)


def _has_options(record: ProductRecord, variant: Variant) -> bool:
    return _keys(record.option_names) == _keys(variant.product.option_names)


def _keys(names: Iterable[str]) -> set[str]:
    return {brand_key(name) for name in names}
