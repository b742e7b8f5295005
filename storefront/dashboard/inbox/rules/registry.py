"""Rule registry: list every rule of the inbox, in the order in which staff see them."""

from storefront.dashboard.inbox.rules.background_jobs import BACKGROUND_JOBS
from storefront.dashboard.inbox.rules.claims import CLAIMS
from storefront.dashboard.inbox.rules.feeds import FEEDS, IMAGES, PRODUCTS
from storefront.dashboard.inbox.rules.messages import MESSAGES
from storefront.dashboard.inbox.rules.orders import ADDRESSES_TO_ERASE, BACKORDERS, ORDERS, SILENCE
from storefront.dashboard.inbox.rules.parcels import PARCELS, PROBLEM_REPORTS, SILENT_PARCELS
from storefront.dashboard.inbox.rules.payments import PAYMENTS
from storefront.dashboard.inbox.rules.prices import PRICES
from storefront.dashboard.inbox.rules.purchase_orders import PURCHASE_ORDERS
from storefront.dashboard.inbox.rules.returns import RETURNS
from storefront.dashboard.inbox.rules.sales_channels import SALES_CHANNELS
from storefront.dashboard.inbox.rules.stock import STOCK
from storefront.dashboard.inbox.rules.supplier_compliance import SUPPLIER_COMPLIANCE

RULES = (
    *SILENCE,
    *ADDRESSES_TO_ERASE,
    *PURCHASE_ORDERS,
    *BACKORDERS,
    *CLAIMS,
    *RETURNS,
    *PROBLEM_REPORTS,
    *PAYMENTS,
    *ORDERS,
    *PARCELS,
    *SILENT_PARCELS,
    *FEEDS,
    *SALES_CHANNELS,
    *STOCK,
    *PRICES,
    *PRODUCTS,
    *BACKGROUND_JOBS,
    *IMAGES,
    *SUPPLIER_COMPLIANCE,
    *MESSAGES,
)
