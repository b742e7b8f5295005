"""Match decision factories: make supplier pages, read all that a decision may change."""

from catalog.models import Identifier, Product, ProductGuarantee, Variant
from suppliers.models import SupplierOffer
from tests.factories.product_records import make_product_record, make_variant_record

GTIN, OTHER_GTIN = "4006381333931", "4012345678901"


def page(*, title="Northbeam H100 headlamp", brand="Northbeam", sku="H100", gtin="", mpn="NB-H100"):
    variant = make_variant_record(sku=sku, title="", option_values=(), gtin=gtin, mpn=mpn)
    return make_product_record(
        external_id=sku, title=title, brand=brand, variants=[variant], option_names=(),
        picture_urls=(),
    )  # fmt: skip


def check_orders(**_about):
    """Find no open orders."""


def state():
    """Return all that a decision may change."""
    return (
        list(
            SupplierOffer.objects.order_by("pk").values_list(
                "variant", "disputed_variant", "status", "overridden_fields"
            )
        ),
        list(Identifier.objects.order_by("pk").values_list("pk", "variant", "value", "state")),
        list(Variant.objects.order_by("pk").values_list("status", "replaced_by")),
        list(Product.objects.order_by("pk").values_list("status", "guarantee_months")),
        list(ProductGuarantee.objects.order_by("pk").values_list("pk", "product", "months")),
    )
