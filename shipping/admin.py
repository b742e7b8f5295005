"""Staff pages of parcels on their way."""

from __future__ import annotations

from shipping.column_words import COLUMNS, TABLES
from shipping.rates import admin as rate_admin
from shipping.rerouting import admin as rerouting_admin
from shipping.rerouting import exchanges_desk
from shipping.shipments import admin as shipment_admin
from shipping.shipments import lists_desk
from storefront.lib.staff import naming

__all__ = [
    "exchanges_desk",
    "lists_desk",
    "rate_admin",
    "rerouting_admin",
    "shipment_admin",
]

naming.call("shipping", tables=TABLES, columns=COLUMNS)
