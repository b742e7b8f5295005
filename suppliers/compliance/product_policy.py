"""Product policy: decide how the product data of a supplier enter the catalog."""

from datetime import datetime

from catalog.models import Product
from catalog.product_import.item import ImportPolicy
from suppliers.compliance.vetting import missing_requirements
from suppliers.models import Supplier

_Setting = Supplier.NewProductStatus


def load_policy(*, supplier: Supplier, now: datetime) -> ImportPolicy:
    """Return the policy of a supplier, with its present status and documents."""
    return ImportPolicy(
        new_status=_new_status(supplier, now),
        holds_changes=supplier.product_changes == Supplier.ProductChanges.REVIEW,
    )


def _new_status(supplier: Supplier, now: datetime) -> str:
    """Return the status of new products; live only while the supplier is active."""
    setting = supplier.new_product_status
    if setting in {_Setting.DRAFT, _Setting.IN_REVIEW}:
        return setting
    is_active = supplier.status == Supplier.Status.ACTIVE
    if is_active and setting == _Setting.AUTOMATIC:
        is_active = not missing_requirements(supplier=supplier, now=now)
    return Product.Status.LIVE if is_active else Product.Status.IN_REVIEW
