"""Completeness for sale: find what a listing lacks that publication requires."""

from collections.abc import Mapping

from catalog.attributes.families import FamilyKind
from catalog.models import Listing, Spec, Variant
from catalog.models.families import cached_families

# What each product needs, and what the kind of its family adds: codes of ``readiness.subjects``,
# whose SQL gives the same answers.
NEEDED_FOR_SALE = ("specification", "title", "price", "lithium_energy")
NEEDED_OF_KIND: Mapping[str, tuple[str, ...]] = {
    FamilyKind.LIGHT: ("power_sources", "output_or_runtime"),
    FamilyKind.BATTERY: ("battery_format",),
}


def is_complete(listing: Listing, variant: Variant, *, has_price: bool) -> bool:
    """Return whether a listing may be published; reads the product of the variant and its spec.

    A discontinued variant is not sold.
    """
    product = variant.product
    if product.status != product.Status.LIVE or listing.is_delisted:
        return False
    if variant.status == variant.Status.DISCONTINUED:
        return False
    return not missing_for_sale(variant, has_price=has_price)


def missing_for_sale(variant: Variant, *, has_price: bool) -> list[str]:
    """Return the codes of what a variant lacks to be sold.

    A light without an output may be sold if its run time is known; the output shows as "not
    stated". Lithium is sold only with its watt-hours.
    """
    product = variant.product
    spec = getattr(product, "spec", None) or Spec()
    runtime_min = spec.runtime_high_min or spec.runtime_max_min
    is_present = {
        "specification": getattr(product, "spec", None) is not None,
        "title": bool(product.title),
        "price": has_price,
        "lithium_energy": variant.lithium == variant.Lithium.NONE or variant.cell_wh is not None,
        "power_sources": bool(spec.power_sources),
        "output_or_runtime": spec.output_lm is not None or runtime_min is not None,
        "battery_format": bool(spec.battery_format),
    }
    kind = cached_families().kind_of(product.family)
    return [
        code for code in (*NEEDED_FOR_SALE, *NEEDED_OF_KIND.get(kind, ())) if not is_present[code]
    ]
