"""Admin entry point: import the staff pages of every package."""

from storefront.sales_channels import connection_admin
from storefront.sales_channels.drift import admin as drift_admin
from storefront.sales_channels.orders import admin as order_admin
from storefront.sales_channels.publishing import admin as publishing_admin

__all__ = ["connection_admin", "drift_admin", "order_admin", "publishing_admin"]
