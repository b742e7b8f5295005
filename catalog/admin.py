"""Admin entry point: import the staff pages of every package."""

from catalog.brands import admin as brand_admin
from catalog.bulk_edits import admin as bulk_edit_admin
from catalog.change_requests import admin as change_request_admin
from catalog.competitors import admin as competitor_admin
from catalog.competitors import source_admin
from catalog.exchange_rates import admin as exchange_rate_admin
from catalog.families import admin as family_admin
from catalog.families import card_admin, custom_attribute_admin
from catalog.listings import admin as listing_admin
from catalog.listings import price_hold_admin
from catalog.price_books import admin as price_book_admin
from catalog.price_books import channel_admin
from catalog.products import admin as product_admin
from catalog.readiness import admin as readiness_admin
from catalog.safety import admin as safety_admin
from catalog.safety import guarantee_admin

__all__ = [
    "brand_admin",
    "bulk_edit_admin",
    "card_admin",
    "change_request_admin",
    "channel_admin",
    "competitor_admin",
    "custom_attribute_admin",
    "exchange_rate_admin",
    "family_admin",
    "guarantee_admin",
    "listing_admin",
    "price_book_admin",
    "price_hold_admin",
    "product_admin",
    "readiness_admin",
    "safety_admin",
    "source_admin",
]
