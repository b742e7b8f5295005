"""Staff pages of parcels on their way."""

from __future__ import annotations

from shipping import (
    exchanges_desk,
    freight_desk,
    lists_desk,
    parcel_desk,
    setbacks_desk,
)
from shipping.column_words import COLUMNS, TABLES
from storefront.lib.staff import naming

__all__ = [
    "exchanges_desk",
    "freight_desk",
    "lists_desk",
    "parcel_desk",
    "setbacks_desk",
]

naming.call("shipping", tables=TABLES, columns=COLUMNS)
