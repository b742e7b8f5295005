"""Celery entry point: import the tasks of every package, mail the link of an order."""

# ruff: noqa: F401 - importing them registers them
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from orders import events, links
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
from storefront.lib.security.rate_limit import is_rate_limited

LINKS_PER_HOUR = 5  # e-mails to one customer


@shared_task
def mail_order_link(*, number: str, email: str, **_: Any) -> None:
    """Mail the link of an order, if this is its e-mail address.

    The page queues this for every request, so that its time does not tell whether a pair is right.
    """
    order = links.find_by_email(number=number, email=email)
    if order and not is_rate_limited(what="order-link", who=order.number, per_hour=LINKS_PER_HOUR):
        with transaction.atomic():
            events.link_requested(order, at=timezone.now())
