"""Celery entry point: import the tasks of every package."""

# ruff: noqa: F401 - importing them registers them
from orders.accounting.reconciliation import tasks as reconciliation_tasks
from orders.address_changes import tasks as address_change_tasks
from orders.cancellation import tasks as cancellation_tasks
from orders.cart import tasks as cart_tasks
from orders.checkout import tasks as checkout_tasks
from orders.claims import tasks as claim_tasks
from orders.customer_invoices import tasks as customer_invoice_tasks
from orders.inventory import tasks as inventory_tasks
from orders.payments import tasks as payment_tasks
from orders.purchasing import tasks as purchasing_tasks
from orders.returns import tasks as return_tasks
