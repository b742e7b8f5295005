"""onX queries: read pages of orders, parcels, returns, customers, products and stock."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from catalog.models import Listing, Variant
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.paging import MAX_LIMIT
from storefront.api.core.selection import ResourceSerializer, Selection
from storefront.api.core.views import sales_channel
from storefront.api.merchant.catalog.listings import LISTINGS, ListingSerializer
from storefront.api.merchant.catalog.products import products_with
from storefront.api.merchant.catalog.serializers import ProductSerializer, VariantSerializer
from storefront.api.merchant.catalog.stock import StockSerializer, stock_rows
from storefront.api.merchant.catalog.variants import VARIANTS
from storefront.api.merchant.orders.customers import CustomerSerializer, customer_rows
from storefront.api.merchant.orders.order_serializers import MerchantOrderSerializer
from storefront.api.merchant.orders.orders import changed_since, order_rows
from storefront.api.merchant.orders.parcels import MerchantParcelSerializer, parcel_rows
from storefront.api.merchant.orders.returns import MerchantReturnSerializer, return_rows
from storefront.api.models import Scope
from storefront.api.onx import errors, schemas, shapes

MAX_SKIP = 100_000
MAX_VALUES = 250
PRODUCT_PARTS = frozenset({"variants", "images"})
ALL_LOCATIONS = "all"

type Result = dict[str, Any]


def get_orders(view: MerchantEndpoint, wanted: schemas.GetOrders) -> Result:
    lines = frozenset({"lines"} if wanted.include_line_items else ())
    rows = order_rows(lines)
    rows = _among(rows, {"number__in": wanted.ids, "external_reference__in": wanted.external_ids})
    rows = _among(rows, {"number__in": wanted.names, "status__in": wanted.statuses})
    if wanted.updated_at_min is not UNSET:
        rows = rows.filter(pk__in=changed_since(datetime.fromisoformat(wanted.updated_at_min)))
    rows = _within(rows, wanted, created="placed_at", updated="updated_at")
    found = shown(view, MerchantOrderSerializer, _page(rows, wanted), lines)
    tenant = tenant_of(view)
    with_lines = wanted.include_line_items
    return {"orders": [shapes.order(row, tenant=tenant, with_lines=with_lines) for row in found]}


def get_fulfillments(view: MerchantEndpoint, wanted: schemas.GetFulfillments) -> Result:
    rows = _among(
        parcel_rows(),
        {"pk__in": wanted.ids, "shipment__purchase_order__order__number__in": wanted.order_ids},
    )
    rows = _within(rows, wanted, created="label_created_at", updated="status_since")
    found = shown(view, MerchantParcelSerializer, _page(rows, wanted))
    return {"fulfillments": _each(shapes.fulfillment, found, view)}


def get_returns(view: MerchantEndpoint, wanted: schemas.GetReturns) -> Result:
    rows = _among(
        return_rows(),
        {
            "number__in": wanted.ids,
            "order__number__in": wanted.order_ids,
            "status__in": wanted.statuses,
        },
    )
    rows = _among(rows, {"number__in": wanted.return_numbers})
    if wanted.outcomes is not UNSET and "refund" not in wanted.outcomes:
        rows = rows.none()
    rows = _within(rows, wanted, created="opened_at", updated="status_since")
    found = shown(view, MerchantReturnSerializer, _page(rows, wanted))
    return {"returns": _each(shapes.return_, found, view)}


def get_customers(view: MerchantEndpoint, wanted: schemas.GetCustomers) -> Result:
    emails = wanted.emails if wanted.emails is UNSET else [each.lower() for each in wanted.emails]
    rows = _among(customer_rows(), {"pk__in": wanted.ids, "email__in": emails})
    rows = _within(rows, wanted, created="joined_at")
    found = shown(view, CustomerSerializer, _page(rows, wanted), {"addresses"})
    return {"customers": _each(shapes.customer, found, view)}


def get_products(view: MerchantEndpoint, wanted: schemas.GetProducts) -> Result:
    rows = _among(products_with(PRODUCT_PARTS), {"pk__in": wanted.ids})
    if wanted.skus is not UNSET:
        variants = Variant.objects.filter(sku__in=_values("skus", wanted.skus))
        rows = rows.filter(pk__in=variants.values("product"))
    rows = _within(rows, wanted, created="created_at", updated="updated_at")
    found = shown(view, ProductSerializer, _page(rows, wanted), PRODUCT_PARTS)
    return {"products": _each(shapes.product, found, view)}


def get_product_variants(view: MerchantEndpoint, wanted: schemas.GetProductVariants) -> Result:
    """Return variants with the price on the channel of the request, if the key may read prices."""
    rows = _among(
        VARIANTS.all(),
        {"pk__in": wanted.ids, "sku__in": wanted.skus, "product_id__in": wanted.product_ids},
    )
    rows = _within(rows, wanted, created="product__created_at", updated="product__updated_at")
    variants = _page(rows, wanted)
    found = shown(view, VariantSerializer, variants)
    products = products_with(frozenset()).filter(pk__in={row["product_id"] for row in found})
    parents = {row["id"]: row for row in shown(view, ProductSerializer, products)}
    prices = {}
    if view.may(Scope.PRICES_READ):
        listings = _published(view).filter(variant__in=[row["id"] for row in found])
        listed = shown(view, ListingSerializer, listings)
        prices = {row["variant_id"]: row["price"] for row in listed}
    tenant = tenant_of(view)
    return {
        "productVariants": [
            shapes.variant(
                row, parents[row["product_id"]], tenant=tenant, price=prices.get(row["id"])
            )
            for row in found
        ]
    }


def get_inventory(view: MerchantEndpoint, wanted: schemas.GetInventory) -> Result:
    """Return what can be sold: on the channel of the request, or by warehouse if some are named.

    The first is what create-sales-order accepts; a warehouse may hold units that no country gets.
    """
    skus = _values("skus", wanted.skus)
    if not skus:
        raise errors.missing("skus")
    tenant = tenant_of(view)
    if wanted.location_ids is UNSET:
        rows = _published(view).filter(variant__sku__in=skus)
        found = shown(view, ListingSerializer, rows)
    else:
        locations = shapes.ids(_values("locationIds", wanted.location_ids))
        levels = stock_rows(view.now).filter(location__in=locations)
        found = shown(view, StockSerializer, levels.filter(offer__variant__sku__in=skus))
    return {
        "inventory": [
            {
                "sku": row["sku"],
                "locationId": str(row.get("location_id", ALL_LOCATIONS)),
                "available": max(0, row["available"]),
                "tenantId": tenant,
            }
            for row in found
        ]
    }


def tenant_of(view: MerchantEndpoint) -> str:
    """Return the code of the channel that sells at the host of the request."""
    return sales_channel(view.request).code


def shown(
    view: MerchantEndpoint,
    serializer: type[ResourceSerializer],
    rows: Any,
    expanded: Any = (),
) -> list[dict[str, Any]]:
    """Return rows as the merchant API shows them to the scopes of the key."""
    selection = Selection(fields=None, expanded=frozenset(expanded), scopes=view.client.scopes)
    found: Any = serializer(rows, many=True, context={"selection": selection}).data
    return list(found)


def _published(view: MerchantEndpoint) -> QuerySet[Listing]:
    return LISTINGS.filter(channel=sales_channel(view.request), is_published=True)


def _each(
    shape: Callable[..., Mapping[str, Any]], rows: list[dict[str, Any]], view: MerchantEndpoint
) -> list[Mapping[str, Any]]:
    tenant = tenant_of(view)
    return [shape(row, tenant=tenant) for row in rows]


def _among(rows: QuerySet[Any], wanted: Mapping[str, list[str] | UnsetType]) -> QuerySet[Any]:
    """Return the rows whose columns have one of the values; an absent list means all."""
    for column, values in wanted.items():
        if values is not UNSET:
            named = _values(column, values)
            is_id = column in {"pk__in", "product_id__in"}
            rows = rows.filter(**{column: shapes.ids(named) if is_id else named})
    return rows


def _values(name: str, values: list[str]) -> list[str]:
    """Return the values; one text may list several with commas. Raises OnxError: too many."""
    named = [part.strip() for value in values for part in value.split(",") if part.strip()]
    if len(named) > MAX_VALUES:
        raise errors.invalid(name, f"Send at most {MAX_VALUES} values.")
    return named


def _within(
    rows: QuerySet[Any], page: schemas.Page, *, created: str, updated: str = ""
) -> QuerySet[Any]:
    """Return the rows of a period. Raises OnxError: the time of their change is not known."""
    for name, bound, column, operator in (
        ("createdAtMin", page.created_at_min, created, "gte"),
        ("createdAtMax", page.created_at_max, created, "lte"),
        ("updatedAtMin", page.updated_at_min, updated, "gte"),
        ("updatedAtMax", page.updated_at_max, updated, "lte"),
    ):
        if bound is UNSET:
            continue
        if not column:
            raise errors.not_implemented(name, "The time of the last change is not known.")
        rows = rows.filter(**{f"{column}__{operator}": datetime.fromisoformat(bound)})
    return rows


def _page[T: QuerySet[Any]](rows: T, page: schemas.Page) -> T:
    """Return one page, newest first. Raises OnxError: it is too large or too far."""
    if page.page_size > MAX_LIMIT:
        raise errors.invalid("pageSize", f"Send at most {MAX_LIMIT}.")
    if page.skip > MAX_SKIP:
        raise errors.invalid("skip", f"Send at most {MAX_SKIP}, and narrow the period.")
    found: T = rows.order_by("-pk")[page.skip : page.skip + page.page_size]
    return found
