"""Admin entry point: import the staff pages of every package."""

from suppliers.catalog_files import admin as catalog_file_admin
from suppliers.compliance import admin as compliance_admin
from suppliers.connections import admin as connection_admin
from suppliers.feed_mapping import admin as feed_mapping_admin
from suppliers.inventory import admin as inventory_admin
from suppliers.matches import admin as match_admin
from suppliers.offers import admin as offer_admin
from suppliers.portal_links import admin as portal_link_admin
from suppliers.profile import admin as profile_admin
from suppliers.quarantine import admin as quarantine_admin
from suppliers.resilience import admin as resilience_admin
from suppliers.runs import admin as run_admin
from suppliers.scorecards import admin as scorecard_admin
from suppliers.shipping_services import admin as shipping_service_admin

__all__ = [
    "catalog_file_admin",
    "compliance_admin",
    "connection_admin",
    "feed_mapping_admin",
    "inventory_admin",
    "match_admin",
    "offer_admin",
    "portal_link_admin",
    "profile_admin",
    "quarantine_admin",
    "resilience_admin",
    "run_admin",
    "scorecard_admin",
    "shipping_service_admin",
]
