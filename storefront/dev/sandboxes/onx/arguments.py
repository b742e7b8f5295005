"""onX arguments: define what each tool accepts, check a call, describe it as JSON schema.

Source: onX tool inputs, 1.0.0; read 2026-12-01
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

MAX_INTEGER = 2**53 - 1

type Text = str | UnsetType
type Texts = list[str] | UnsetType
type Number = float | UnsetType
type Flag = bool | UnsetType
type Objects = list[dict[str, Any]] | UnsetType
type NotBelowZero = Annotated[float, Meta(ge=0)] | UnsetType
type Timestamp = Annotated[
    str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d", extra_json_schema={"format": "date-time"})
]
type Moment = Timestamp | UnsetType
type Email = (
    Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", extra_json_schema={"format": "email"})]
    | UnsetType
)


class _Input(Struct, rename="camel", forbid_unknown_fields=True):
    pass


class CustomField(_Input):
    name: str
    value: str


class Address(_Input):
    address1: Text = UNSET
    address2: Text = UNSET
    city: Text = UNSET
    company: Text = UNSET
    country: Text = UNSET
    email: Email = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    phone: Text = UNSET
    state_or_province: Text = UNSET
    zip_code_or_postal_code: Text = UNSET


class CustomerAddress(_Input):
    address: Address
    name: Text = UNSET


class Customer(_Input):
    id: str
    created_at: Timestamp
    updated_at: Timestamp
    tenant_id: str
    external_id: Text = UNSET
    addresses: list[CustomerAddress] | UnsetType = UNSET
    email: Email = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    notes: Text = UNSET
    phone: Text = UNSET
    status: Text = UNSET
    type: Text = UNSET
    custom_fields: list[CustomField] | UnsetType = UNSET
    tags: Texts = UNSET


class OrderLine(_Input):
    sku: Annotated[str, Meta(min_length=1)]
    quantity: Annotated[float, Meta(ge=1)]
    id: Text = UNSET
    unit_price: NotBelowZero = UNSET
    unit_discount: NotBelowZero = UNSET
    total_price: NotBelowZero = UNSET
    name: Text = UNSET
    custom_fields: list[CustomField] | UnsetType = UNSET


class Order(_Input):
    line_items: list[OrderLine]
    external_id: Text = UNSET
    name: Text = UNSET
    status: Text = UNSET
    billing_address: Address | UnsetType = UNSET
    currency: Text = UNSET
    custom_fields: list[CustomField] | UnsetType = UNSET
    customer: Customer | UnsetType = UNSET
    discounts: Objects = UNSET
    order_discount: Number = UNSET
    order_note: Text = UNSET
    order_source: Text = UNSET
    order_tax: Number = UNSET
    payment_status: Text = UNSET
    payments: Objects = UNSET
    refunds: Objects = UNSET
    sub_total_price: Number = UNSET
    tags: Texts = UNSET
    total_price: Number = UNSET
    shipping_address: Address | UnsetType = UNSET
    shipping_carrier: Text = UNSET
    shipping_class: Text = UNSET
    shipping_code: Text = UNSET
    shipping_note: Text = UNSET
    shipping_price: Number = UNSET
    gift_note: Text = UNSET
    incoterms: Text = UNSET


class CreateSalesOrder(_Input):
    order: Order


class CanceledLine(_Input):
    sku: Annotated[str, Meta(min_length=1)]
    quantity: Annotated[float, Meta(ge=1)]
    id: Text = UNSET


class CancelOrder(_Input):
    order_id: str
    reason: Text = UNSET
    notify_customer: Flag = UNSET
    notes: Text = UNSET
    line_items: list[CanceledLine] | UnsetType = UNSET


class _Page(_Input):
    updated_at_min: Moment = UNSET
    updated_at_max: Moment = UNSET
    created_at_min: Moment = UNSET
    created_at_max: Moment = UNSET
    page_size: Annotated[int, Meta(gt=0, le=MAX_INTEGER)] = 10
    skip: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] = 0


class GetOrders(_Page):
    ids: Texts = UNSET
    external_ids: Texts = UNSET
    statuses: Texts = UNSET
    names: Texts = UNSET
    include_line_items: bool = True


class GetProducts(_Page):
    ids: Texts = UNSET
    skus: Texts = UNSET


class GetProductVariants(GetProducts):
    product_ids: Texts = UNSET


class GetInventory(_Input):
    skus: list[str]
    location_ids: Texts = UNSET


class GetFulfillments(_Page):
    ids: Texts = UNSET
    order_ids: Texts = UNSET


def json_schema(kind: type[Struct]) -> dict[str, Any]:
    """Return the schema of a tool's input, without references."""
    (root,), components = msgspec.json.schema_components([kind], ref_template="{name}")

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(each) for each in part]
        if not isinstance(part, dict):
            return part
        if isinstance(name := part.get("$ref"), str):
            return inlined(components[name])
        return {key: inlined(value) for key, value in part.items() if key != "title"}

    schema: dict[str, Any] = inlined(root)
    return schema
