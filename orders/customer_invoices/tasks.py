"""Invoice tasks: issue the invoices of shipped orders, publish what was issued."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.customer_invoices import issuing, publication
from orders.models import CustomerInvoice

log = logging.getLogger(__name__)
BATCH_SIZE = 200


@shared_task
def issue_due(**_: Any) -> None:
    """Issue due invoices, then publish; a failure does not stop the others."""
    for order_id in issuing.due_orders(now=timezone.now()):
        try:
            issuing.issue(order_id=order_id, now=timezone.now())
        except Exception:  # an invariant lists the order
            log.exception("cannot issue the invoice of order %s", order_id)
    unpublished = CustomerInvoice.objects.filter(file="").select_related("corrects")
    for invoice in unpublished.order_by("pk")[:BATCH_SIZE]:
        try:
            publication.publish(invoice=invoice, now=timezone.now())
        except Exception:  # an invariant lists the invoice
            log.exception("cannot publish %s", invoice)
