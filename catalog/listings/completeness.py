"""Completeness: decide whether a listing has everything that publication requires."""

from catalog.attributes.families import FamilyKind
from catalog.models import Listing, Variant
from catalog.models.families import cached_families


def is_complete(listing: Listing, variant: Variant, *, has_price: bool) -> bool:
    """Return whether a listing may be published; reads the product of the variant and its spec.

    A light without an output may be published if its run time is known; the output shows as "not
    stated". Lithium is sold only with its watt-hours. A discontinued variant is not sold.
    """
    product = variant.product
    spec = getattr(product, "spec", None)
    if spec is None or not (product.title and has_price):
        return False
    if product.status != product.Status.LIVE or listing.is_delisted:
        return False
    if variant.status == variant.Status.DISCONTINUED:
        return False
    runtime_min = spec.runtime_high_min or spec.runtime_max_min
    kind = cached_families().kind_of(product.family)
    if kind == FamilyKind.LIGHT and not (
        spec.power_sources and (spec.output_lm is not None or runtime_min is not None)
    ):
        return False
    if kind == FamilyKind.BATTERY and not spec.battery_format:
        return False
    return variant.lithium == variant.Lithium.NONE or variant.cell_wh is not None
