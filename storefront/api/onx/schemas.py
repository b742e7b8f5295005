"""onX inputs: validate the arguments of each tool, describe them as JSON schemas.

Names, types and limits are those of the standard. Absent members are ``UNSET``.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

# The patterns that the standard states; a schema without them fails its conformance tool.
_TIME = (
    r"^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29"
    r"|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|(?:02)-(?:0[1-9]|1\d|2[0-8])))T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z))$"
)
_EMAIL = (
    r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]"
    r"@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$"
)
MAX_INTEGER = 2**53 - 1

type Text = str | UnsetType
type Texts = list[str] | UnsetType
type Number = float | UnsetType
type Positive = Annotated[float, Meta(ge=0)] | UnsetType
type Email = Annotated[str, Meta(pattern=_EMAIL, extra_json_schema={"format": "email"})]
type Url = Annotated[str, Meta(extra_json_schema={"format": "uri"})]
type Time = Annotated[str, Meta(pattern=_TIME, extra_json_schema={"format": "date-time"})]
type Quantity = Annotated[float, Meta(ge=1)]
type Sku = Annotated[str, Meta(min_length=1)]
type Objects = list[dict[str, Any]] | UnsetType


class Members(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A JSON object that refuses unknown members."""


class CustomField(Members, kw_only=True):
    name: str
    value: str


type CustomFields = list[CustomField] | UnsetType


class PostalAddress(Members, kw_only=True):
    address1: Text = UNSET
    address2: Text = UNSET
    city: Text = UNSET
    company: Text = UNSET
    country: Text = UNSET
    email: Email | UnsetType = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    phone: Text = UNSET
    state_or_province: Text = UNSET
    zip_code_or_postal_code: Text = UNSET


class NamedAddress(Members, kw_only=True):
    name: Text = UNSET
    address: PostalAddress


class Customer(Members, kw_only=True):
    addresses: list[NamedAddress] | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    notes: Text = UNSET
    phone: Text = UNSET
    status: Text = UNSET
    type: Text = UNSET
    custom_fields: CustomFields = UNSET
    tags: Texts = UNSET
    id: str
    external_id: Text = UNSET
    created_at: Time
    updated_at: Time
    tenant_id: str


class LineItem(Members, kw_only=True):
    id: Text = UNSET
    sku: Sku
    quantity: Quantity
    unit_price: Positive = UNSET
    unit_discount: Positive = UNSET
    total_price: Positive = UNSET
    name: Text = UNSET
    custom_fields: CustomFields = UNSET


class PricedLineItem(LineItem, kw_only=True):
    unit_price: Annotated[float, Meta(ge=0)]


class CanceledLineItem(Members, kw_only=True):
    id: Text = UNSET
    sku: Sku
    quantity: Quantity


class Shipping(Members, kw_only=True):
    shipping_address: PostalAddress | UnsetType = UNSET
    shipping_carrier: Text = UNSET
    shipping_class: Text = UNSET
    shipping_code: Text = UNSET
    shipping_note: Text = UNSET
    shipping_price: Number = UNSET
    gift_note: Text = UNSET
    incoterms: Text = UNSET


class OrderFields(Shipping, kw_only=True):
    external_id: Text = UNSET
    name: Text = UNSET
    status: Text = UNSET
    billing_address: PostalAddress | UnsetType = UNSET
    currency: Text = UNSET
    custom_fields: CustomFields = UNSET
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


class NewOrder(OrderFields, kw_only=True):
    line_items: list[LineItem]


class OrderUpdates(OrderFields, kw_only=True):
    tenant_id: Text = UNSET
    line_items: list[PricedLineItem] | UnsetType = UNSET


class CreateSalesOrder(Members, kw_only=True):
    order: NewOrder


class UpdateOrder(Members, kw_only=True):
    id: str
    updates: OrderUpdates


class CancelOrder(Members, kw_only=True):
    order_id: str
    reason: Text = UNSET
    notify_customer: bool | UnsetType = UNSET
    notes: Text = UNSET
    line_items: list[CanceledLineItem] | UnsetType = UNSET


class FulfillOrder(Shipping, kw_only=True):
    custom_fields: CustomFields = UNSET
    expected_delivery_date: Time | UnsetType = UNSET
    expected_ship_date: Time | UnsetType = UNSET
    line_items: list[LineItem]
    location_id: Text = UNSET
    order_id: str
    ship_by_date: Time | UnsetType = UNSET
    status: Text = UNSET
    tags: Texts = UNSET
    tracking_numbers: list[str]


class Inspection(Members, kw_only=True):
    condition_category: Text = UNSET
    disposition_outcome: Text = UNSET
    warehouse_location_id: Text = UNSET
    note: Text = UNSET
    inspected_by: Text = UNSET
    inspected_at: Time | UnsetType = UNSET
    images: list[Url] | UnsetType = UNSET


class ReturnLineItem(Members, kw_only=True):
    id: Text = UNSET
    order_line_item_id: str
    sku: str
    quantity_returned: Quantity
    return_reason: str
    inspection: Inspection | UnsetType = UNSET
    unit_price: Number = UNSET
    refund_amount: Positive = UNSET
    restock_fee: Positive = UNSET
    name: Text = UNSET


class ExchangeLineItem(Members, kw_only=True):
    id: Text = UNSET
    exchange_order_id: Text = UNSET
    exchange_order_name: Text = UNSET
    sku: str
    name: Text = UNSET
    quantity: Quantity
    unit_price: Number = UNSET


class ReturnLabel(Members, kw_only=True):
    status: Text = UNSET
    carrier: str
    tracking_number: str
    url: Url | UnsetType = UNSET
    rate: Number = UNSET
    created_at: Time | UnsetType = UNSET
    updated_at: Time | UnsetType = UNSET


class ReturnMethod(Members, kw_only=True):
    provider: Text = UNSET
    method_type: Text = UNSET
    address: PostalAddress | UnsetType = UNSET
    qr_code_url: Url | UnsetType = UNSET
    updated_at: Time | UnsetType = UNSET


class NewReturn(Members, kw_only=True):
    external_id: Text = UNSET
    return_number: Text = UNSET
    order_id: str
    status: Text = UNSET
    outcome: str
    return_line_items: list[ReturnLineItem]
    exchange_line_items: list[ExchangeLineItem] | UnsetType = UNSET
    total_quantity: Number = UNSET
    return_method: ReturnMethod | UnsetType = UNSET
    return_shipping_address: PostalAddress | UnsetType = UNSET
    labels: list[ReturnLabel] | UnsetType = UNSET
    location_id: Text = UNSET
    return_total: Number = UNSET
    exchange_total: Number = UNSET
    refund_amount: Number = UNSET
    refund_method: Text = UNSET
    refund_status: Text = UNSET
    refund_transaction_id: Text = UNSET
    shipping_refund_amount: Number = UNSET
    return_shipping_fees: Number = UNSET
    restocking_fee: Number = UNSET
    requested_at: Time | UnsetType = UNSET
    received_at: Time | UnsetType = UNSET
    completed_at: Time | UnsetType = UNSET
    customer_note: Text = UNSET
    internal_note: Text = UNSET
    return_instructions: Text = UNSET
    decline_reason: Text = UNSET
    status_page_url: Url | UnsetType = UNSET
    tags: Texts = UNSET
    custom_fields: CustomFields = UNSET


class CreateReturn(Members, kw_only=True):
    wanted: NewReturn = field(name="return")


class Page(Members, kw_only=True):
    updated_at_min: Time | UnsetType = UNSET
    updated_at_max: Time | UnsetType = UNSET
    created_at_min: Time | UnsetType = UNSET
    created_at_max: Time | UnsetType = UNSET
    page_size: Annotated[int, Meta(gt=0, le=MAX_INTEGER)] = 10
    skip: Annotated[int, Meta(ge=0, le=MAX_INTEGER)] = 0


class GetOrders(Page, kw_only=True):
    ids: Texts = UNSET
    external_ids: Texts = UNSET
    statuses: Texts = UNSET
    names: Texts = UNSET
    include_line_items: bool = True


class GetCustomers(Page, kw_only=True):
    ids: Texts = UNSET
    emails: list[Email] | UnsetType = UNSET


class GetProducts(Page, kw_only=True):
    ids: Texts = UNSET
    skus: Texts = UNSET


class GetProductVariants(Page, kw_only=True):
    ids: Texts = UNSET
    skus: Texts = UNSET
    product_ids: Texts = UNSET


class GetInventory(Members, kw_only=True):
    skus: list[str]
    location_ids: Texts = UNSET


class GetFulfillments(Page, kw_only=True):
    ids: Texts = UNSET
    order_ids: Texts = UNSET


class GetReturns(Page, kw_only=True):
    ids: Texts = UNSET
    order_ids: Texts = UNSET
    return_numbers: Texts = UNSET
    statuses: Texts = UNSET
    outcomes: Texts = UNSET


def json_schema(members: type[Members]) -> dict[str, Any]:
    """Return the JSON schema of an input, without references."""
    (top,), parts = msgspec.json.schema_components([members], ref_template="{name}")

    def inline(node: Any) -> Any:
        if isinstance(node, list):
            return [inline(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return inline(parts[node["$ref"]])
        is_object = "properties" in node
        skipped = {"title", "description"} if is_object else set()
        return {name: inline(each) for name, each in node.items() if name not in skipped}

    schema: dict[str, Any] = inline(top)
    return schema


def member_name(field_name: str) -> str:
    """Return the JSON name of a field of an order."""
    names = {each.name: each.encode_name for each in msgspec.structs.fields(OrderUpdates)}
    return names[field_name]
