"""CJ's answers as it sends them, typed where it keeps to a type. Pure.

Prices and quantities come as numbers here and as text there: such fields are ``Any`` and go
through ``reading``. Ids come as text and as 19-digit numbers; we keep them as text.

Source: CJ Dropshipping API v2, read 2026-11-24
"""

from __future__ import annotations

from typing import Any

import msgspec

Id = str | int | None


class Shape(msgspec.Struct, rename="camel", kw_only=True):
    """A part of an answer: unknown fields are ignored."""


class PointsInfo(Shape):
    """What is left of the day's points."""

    remaining: Any = None
    total: Any = None


class Envelope(Shape):
    """What every answer is wrapped in; only ``code`` decides."""

    code: int
    message: str | None = None
    request_id: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    points_info: PointsInfo | None = None


class Limits(Shape):
    """How often the account may ask."""

    qps_limit: Any = None


class Callback(Shape):
    """Where the messages of one topic go."""

    urls: list[str] | None = None


class AccountSettings(Shape):
    """The account, as its owner sees it."""

    open_id: Id = None
    open_name: str | None = None
    setting: Limits | None = None
    callback: dict[str, Callback] | None = None


class Tokens(Shape):
    """The pair that a login or a refresh lends us."""

    access_token: str
    access_token_expiry_date: str
    refresh_token: str
    refresh_token_expiry_date: str
    open_id: Id = None


class ListPart(Shape):
    """A group of products on a list page."""

    product_list: list[msgspec.Raw] | None = None


class ListPage(Shape):
    """One page of the product list; ``totalRecords`` never exceeds 6,000."""

    content: list[ListPart] | None = None
    total_records: int = 0
    total_pages: int = 0


class ThirdLevel(Shape):
    """A category that products are filed under."""

    category_id: Id = None
    category_name: str = ""


class SecondLevel(Shape):
    """A group of categories."""

    category_second_list: list[ThirdLevel] | None = None


class FirstLevel(Shape):
    """A group of groups."""

    category_first_list: list[SecondLevel] | None = None


class ListedProduct(Shape):
    """A product in the list."""

    id: Id = None
    sale_status: Any = None
    sell_price: Any = None
    direct_min_order_num: Any = None
    variant_inventories: Any = None


class WarehouseStock(Shape):
    """Stock of one variant in one warehouse; ``inventory`` lies there."""

    inventory: Any = None


class CountryStock(Shape):
    """Stock of one variant in one country; two generations of names.

    ``cj…`` lies in CJ's own warehouses, one by one in ``stock``; the totals also count what
    the maker still has.
    """

    country_code: str | None = None
    cj_inventory_num: Any = None
    cj_inventory: Any = None
    total_inventory_num: Any = None
    total_inventory: Any = None
    storage_num: Any = None
    stock: Any = None


class VariantStock(Shape):
    """Stock of one variant."""

    vid: Id = None
    inventory: Any = None
    inventories: Any = None


class ProductStock(Shape):
    """Stock of one product; a list, or a list as JSON inside of text."""

    variant_inventories: Any = None


class Variant(Shape):
    """One SKU on a product's page."""

    vid: Id = None
    variant_name_en: str | None = None
    variant_sku: str | None = None
    variant_image: str | None = None
    variant_key: str | None = None
    variant_weight: Any = None
    variant_sell_price: Any = None
    barcode: Id = None
    mpn: Id = None
    currency: str | None = None
    inventories: Any = None


class Product(Shape):
    """A product's page."""

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
    supplier_name: str | None = None
    description: str | None = None
    variants: list[Any] | None = None


class Route(Shape):
    """One line of a freight quote."""

    logistic_name: str
    logistic_aging: str | None = None
    logistic_price: Any = None
    total_postage_fee: Any = None
    currency: str | None = None
