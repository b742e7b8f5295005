"""Admin entry point: import the staff pages of every package, and label the columns."""

from __future__ import annotations

from shipping.column_labels import COLUMNS, TABLES
from shipping.rates import admin as rate_admin
from shipping.rerouting import admin as rerouting_admin
from shipping.shipments import admin as shipment_admin
from storefront.lib.staff import columns

__all__ = ["rate_admin", "rerouting_admin", "shipment_admin"]

columns.set_labels("shipping", tables=TABLES, columns=COLUMNS)
