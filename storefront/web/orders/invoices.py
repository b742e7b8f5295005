"""Invoice pages: list an order's invoice and credit notes, download each."""

import logging
from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orders.customer_invoices import publication
from orders.models import CustomerInvoice, Order
from storefront.web.core.order_links import find_order

log = logging.getLogger(__name__)


def invoices_of(order: Order) -> Sequence[CustomerInvoice]:
    """Return what can be downloaded: the invoice, then its credit notes."""
    return list(published(order.customer_invoices.all()))


def published(rows: QuerySet[CustomerInvoice]) -> QuerySet[CustomerInvoice]:
    """Return those with a PDF, in the order of issue."""
    return rows.exclude(file="").defer("content").order_by("pk")


@never_cache
@require_safe
def invoice(_request: HttpRequest, number: str, key: str, document: str) -> HttpResponse:
    """Send the PDF of an invoice or credit note. Raises: Http404."""
    order = find_order(number, key)
    row = get_object_or_404(order.customer_invoices, number=document)
    try:
        return publication.download(row)
    except FileNotFoundError as error:
        log.exception("%s cannot be downloaded", row)
        raise Http404 from error
