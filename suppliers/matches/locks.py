"""Locks of merges and splits: lock variants, offers, stock, products; refuse what open orders need."""

from collections.abc import Collection
from typing import Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext

from catalog.models import Product, Variant
from storefront.lib.db.transactions import requires_transaction
from suppliers.models import StockLevel, SupplierOffer
from suppliers.offers.overrides import OverrideError


class OrderCheck(Protocol):
    """A check that no open order contains these variants, or is filled from these offers.

    It is called under the locks of this module. Orders are known to the caller only.
    Raises: OverrideError
    """

    def __call__(self, *, variants: Collection[int] = (), offers: Collection[int] = ()) -> None: ...


@requires_transaction
def lock_variants(ids: Collection[int]) -> dict[int, Variant]:
    """Return the variants, locked in id order."""
    rows = Variant.objects.filter(pk__in=ids).select_related("product")
    locked = rows.select_for_update(of=["self"], no_key=True).order_by("pk")
    return {row.pk: row for row in locked}


@requires_transaction
def lock_offers(offers: QuerySet[SupplierOffer]) -> list[SupplierOffer]:
    """Return the offers, locked with their stock, unless open orders hold units of them.

    A checkout that waits for the stock finds after it that the offer supplies another variant
    (``orders.inventory.reservations``).
    Locks: the offers, then their stock rows, each in id order
    Raises: OverrideError
    """
    locked = list(offers.select_for_update(of=["self"], no_key=True).order_by("pk"))
    skus = {offer.pk: offer.supplier_sku for offer in locked}
    levels = StockLevel.objects.filter(offer__in=locked).order_by("pk")
    for level in levels.select_for_update(of=["self"], no_key=True):
        if level.reserved or level.allocated_outstanding:
            message = gettext(
                "Open orders hold units of the SKU %(sku)s. Wait until they are shipped, or cancel"
                " them first."
            )
            raise OverrideError(message % {"sku": skus[level.offer_id]})
    return locked


@requires_transaction
def lock_products(ids: Collection[int]) -> None:
    """Lock products in id order: a guarantee that moves writes its months to two of them."""
    rows = Product.objects.filter(pk__in=ids).select_for_update(of=["self"], no_key=True)
    list(rows.order_by("pk").values_list("pk"))


@requires_transaction
def require_one_offer_per_supplier(variant: Variant, offers: Collection[SupplierOffer]) -> None:
    """Check that no supplier would offer a variant twice.

    Raises: OverrideError
    """
    listed = [one for one in offers if one.status != SupplierOffer.Status.DISCONTINUED]
    suppliers = [offer.supplier_id for offer in listed]
    if len(suppliers) > len({*suppliers}):
        raise OverrideError(
            gettext("One supplier would offer the variant twice. Choose one of its SKUs.")
        )
    present = SupplierOffer.objects.filter(variant=variant, supplier__in=suppliers)
    present = present.exclude(status=SupplierOffer.Status.DISCONTINUED)
    if twice := present.exclude(pk__in=[offer.pk for offer in offers]).first():
        message = gettext(
            "The supplier already offers this variant as %(sku)s. Choose another variant."
        )
        raise OverrideError(message % {"sku": twice.supplier_sku})


def require_for_sale(variant: Variant) -> None:
    """Check that a variant can take over offers.

    Raises: OverrideError
    """
    is_archived = variant.product.status == variant.product.Status.ARCHIVED
    if is_archived or variant.status == Variant.Status.DISCONTINUED:
        message = gettext("%(variant)s is discontinued. Choose a variant that is still sold.")
        raise OverrideError(message % {"variant": variant})
