"""Admin entry point: import the staff pages of every package."""

# ruff: noqa: F401 - importing them registers them
from orders import order_admin, order_line_admin, purchase_order_admin
from orders.accounting import admin as accounting_admin
from orders.accounting.reconciliation import admin as reconciliation_admin
from orders.address_changes import admin as address_admin
from orders.bookkeeping import admin as bookkeeping_admin
from orders.cart import admin as cart_admin
from orders.claims import admin as claim_admin
from orders.customer_invoices import admin as customer_invoice_admin
from orders.inventory import admin as inventory_admin
from orders.order_notes import admin as order_note_admin
from orders.payments import admin as payment_admin
from orders.payments import refund_admin
from orders.promotions import admin as promotion_admin
from orders.purchasing import admin as purchasing_admin
from orders.returns.admin import returns as returns_admin
from orders.returns.admin import supplier_returns as supplier_returns_admin
from orders.routing import admin as routing_admin
from orders.tax import admin as tax_admin
