"""CJ schemas: define the parts of answers and webhook messages that we read. Pure.

Prices and quantities come as numbers or as text: such fields are ``Any`` and are parsed with
``suppliers.connectors.parsing``. Ids come as text or as 19-digit numbers; we keep them as text.

Source: CJ Dropshipping API v2: products, shopping, logistics, webhooks; read 2026-11-24
"""

from typing import Any

import msgspec

Id = str | int | None


class ResponsePart(msgspec.Struct, rename="camel", kw_only=True):
    """A part of an answer; unknown fields are ignored."""


class PointsInfo(ResponsePart):
    remaining: Any = None
    total: Any = None


class Envelope(ResponsePart):
    """The envelope of every answer; ``code`` alone says whether the call succeeded."""

    code: int
    message: str | None = None
    request_id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    points_info: PointsInfo | None = None


class RateLimit(ResponsePart):
    qps_limit: Any = None


class Callback(ResponsePart):
    urls: list[str] | None = None


class AccountSettings(ResponsePart):
    open_id: Id = None
    open_name: str | None = None
    setting: RateLimit | None = None
    callback: dict[str, Callback] | None = None


class Tokens(ResponsePart):
    access_token: str
    access_token_expiry_date: str
    refresh_token: str
    refresh_token_expiry_date: str
    open_id: Id = None


class ListPart(ResponsePart):
    product_list: list[msgspec.Raw] | None = None


class ListPage(ResponsePart):
    """One page of the product list; ``totalRecords`` never exceeds 6,000."""

    content: list[ListPart] | None = None
    total_records: int = 0
    total_pages: int = 0


class ThirdLevel(ResponsePart):
    category_id: Id = None
    category_name: str = ""


class SecondLevel(ResponsePart):
    category_second_list: list[ThirdLevel] | None = None


class FirstLevel(ResponsePart):
    category_first_list: list[SecondLevel] | None = None


class ListedProduct(ResponsePart):
    id: Id = None
    sale_status: Any = None
    direct_min_order_num: Any = None
    variant_inventories: Any = None


class WarehouseStock(ResponsePart):
    inventory: Any = None


class CountryStock(ResponsePart):
    """Stock of one variant in one country, in two generations of field names.

    ``cj…`` counts CJ's own warehouses, listed in ``stock``; the totals include the stock of the
    manufacturer.
    """

    country_code: str | None = None
    cj_inventory_num: Any = None
    cj_inventory: Any = None
    total_inventory_num: Any = None
    total_inventory: Any = None
    storage_num: Any = None
    stock: Any = None


class VariantStock(ResponsePart):
    vid: Id = None
    inventory: Any = None
    inventories: Any = None


class ProductStock(ResponsePart):
    """Stock of one product; a list, or a list as JSON in a string."""

    variant_inventories: Any = None


class Variant(ResponsePart):
    vid: Id = None
    variant_name_en: str | None = None
    variant_image: str | None = None
    variant_key: str | None = None
    variant_weight: Any = None
    variant_sell_price: Any = None
    barcode: Id = None
    mpn: Id = None
    currency: str | None = None
    inventories: Any = None


class Product(ResponsePart):
    pid: Id = None
    product_name_en: str | None = None
    product_image: Any = None
    big_image: str | None = None
    product_image_set: Any = None
    product_weight: Any = None
    pack_weight: Any = None
    category_name: str | None = None
    entry_code: Id = None
    product_key_en: str | None = None
    product_pro_en: Any = None
    product_pro_en_set: Any = None
    product_pro_set: Any = None
    description: str | None = None
    variants: list[Any] | None = None


class Route(ResponsePart):
    logistic_name: str
    logistic_aging: str | None = None
    logistic_price: Any = None
    total_postage_fee: Any = None
    currency: str | None = None


# Orders and parcels


class HoldReason(ResponsePart):
    code: Any = None
    message: str | None = None


class PlacedOrder(ResponsePart):
    order_id: Id = None
    order_number: str | None = None
    shipment_order_id: Id = None
    product_amount: Any = None
    postage_amount: Any = None
    currency: str | None = None
    order_status: str | None = None
    logistics_miss: bool | None = None
    intercept_order_reasons: list[HoldReason] | None = None


class CartAnswer(ResponsePart):
    """The result of moving orders into the cart, or from the cart to payment."""

    success_count: Any = None
    shipments_id: Id = None
    intercept_orders: list[Any] | None = None


class ParentOrder(ResponsePart):
    """The payment of one or more orders."""

    pay_id: Id = None


class OrderedLine(ResponsePart):
    vid: Id = None
    quantity: Any = None
    store_line_item_id: Id = None


class OrderDetail(ResponsePart):
    order_id: Id = None
    cj_order_id: Id = None
    cj_order_code: Id = None
    shipment_order_id: Id = None
    order_num: str | None = None
    order_status: str | None = None
    product_amount: Any = None
    postage_amount: Any = None
    currency: str | None = None
    logistic_name: str | None = None
    track_number: str | None = None
    tracking_url: str | None = None
    tracking_provider: str | None = None
    create_date: Any = None
    payment_date: Any = None
    out_warehouse_time: str | None = None
    split_order_ids: list[str] | None = None
    product_list: list[OrderedLine] | None = None


class OrderPage(ResponsePart):
    rows: list[OrderDetail] | None = msgspec.field(name="list", default=None)


class TrackRow(ResponsePart):
    """The tracking status of a parcel, in the carrier's wording."""

    tracking_number: str | None = None
    tracking_status: Any = None
    last_mile_carrier: str | None = None
    last_track_number: str | None = None
    delivery_time: str | None = None


class AccountBalance(ResponsePart):
    """Our balance at CJ; ``amount`` is what may be spent."""

    amount: Any = None


# Webhook messages


class WebhookMessage(ResponsePart):
    message_id: Id
    type: str
    message_type: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


class OrderParams(ResponsePart):
    """An order changed, or CJ matched its lines to products after it was created."""

    cj_order_id: Id = None
    order_number: str | None = None
    order_num: str | None = None
    order_status: str | None = None
    logistic_name: str | None = None
    track_number: str | None = None
    tracking_provider: str | None = None
    tracking_url: str | None = None
    update_date: str | None = None
    order_items: list[OrderedLine] | None = None


class LogisticParams(ResponsePart):
    """A parcel was scanned."""

    order_id: Id = None
    store_order_numbers: list[str] | None = None
    logistic_name: str | None = None
    tracking_number: str | None = None
    tracking_provider: str | None = None
    tracking_url: str | None = None
    tracking_status: Any = None
    logistics_track_events: Any = None


class TrackEvent(ResponsePart):
    status: Any = None
    activity: str | None = None
    event_time: str | None = None
    status_desc: str | None = None


class SplitOrder(ResponsePart):
    order_code: Id = None


class SplitParams(ResponsePart):
    original_order_id: Id = None
    split_order_list: list[SplitOrder] | None = None


class ProductParams(ResponsePart):
    """The product or variant that changed; its data is read by REST."""

    pid: Id = None
    vid: Id = None


class SourcingParams(ResponsePart):
    """A sourcing request found a product."""

    cj_product_id: Id = None
    cj_variant_id: Id = None


class MakeupParams(ResponsePart):
    """CJ asks for an additional payment for an order."""

    relation_order_id: Id = None
    amount: Any = None
    reason: str | None = None
    status: str | None = None


class OutboundParams(ResponsePart):
    """An order of stock that we own at CJ changed."""

    order_id: Id = None
    cj_order_id: Id = None
    order_number: str | None = None
    order_num: str | None = None
    status: str | None = None
