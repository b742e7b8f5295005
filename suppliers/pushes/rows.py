"""Push rows: what a supplier's system reports about single SKUs, and the rows that are refused."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class OfferStatus(StrEnum):
    ACTIVE = "active"
    DISCONTINUED = "discontinued"


class StockRow(NamedTuple):
    """Shape: an empty ``location`` is the supplier's only one."""

    sku: str
    quantity: int
    location: str = ""


class CostRow(NamedTuple):
    sku: str
    cost: Decimal


class StatusRow(NamedTuple):
    sku: str
    status: OfferStatus


class RefusedRow(NamedTuple):
    """A row that was not applied, and why, in words for staff and the supplier."""

    sku: str
    reason: str


UNKNOWN_SKU = "unknown SKU"
DISCONTINUED_SKU = "discontinued SKU"
OLDER = "older than the value known since {:%Y-%m-%d %H:%M:%S} UTC"
LOCKED = "set by staff"
