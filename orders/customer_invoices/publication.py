"""Publication: write the PDF of an issued invoice once, then tell the customer; read the PDF.

The file's name is its digest, so a repeated publication writes nothing new, and a file that was
altered is never sent.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.http import HttpResponse

from orders import events
from orders.customer_invoices import document
from orders.models import CustomerInvoice, InvoiceKind, Order
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security import downloads

FOLDER = "invoices"
EVENTS = {InvoiceKind.INVOICE: "order.invoiced", InvoiceKind.CREDIT_NOTE: "order.credited"}


class AlteredDocumentError(FileNotFoundError):
    """The stored PDF is not the one that was published."""


def publish(*, invoice: CustomerInvoice, now: datetime) -> None:
    """Store the PDF and record the event that mails it. Idempotent. Locks the order."""
    content = document.render(invoice)
    name = f"{FOLDER}/{hashlib.sha256(content).hexdigest()}.pdf"
    storage = storages["private"]
    if not storage.exists(name) or storage.size(name) != len(content):
        storage.delete(name)  # of a worker that was killed while it wrote
        storage.save(name, ContentFile(content))
    _record(invoice, name, now)


@transaction.atomic(durable=True)
def _record(invoice: CustomerInvoice, name: str, now: datetime) -> None:
    # Locked and read again: the customer may have been erased since the invoice was read.
    order = Order.objects.select_for_update(of=["self"]).get(pk=invoice.order_id)
    if not CustomerInvoice.objects.filter(pk=invoice.pk, file="").update(file=name):
        return  # another worker has published it
    invoice.file = name
    events.record_order_event(
        order,
        EVENTS[InvoiceKind(invoice.kind)],
        invoice.number,
        document=invoice.number,
        amount=str(invoice.gross_amount),
        corrects=invoice.corrects.number if invoice.corrects else "",
        attachments=[{"file": name, "name": f"{invoice.number}.pdf"}],
        at=now,
    )


def read(invoice: CustomerInvoice) -> bytes:
    """Return the PDF as it was published.

    Raises: FileNotFoundError     it is not published yet, or the file is gone
            AlteredDocumentError  the file is not what was published
    """
    if not invoice.file:
        raise FileNotFoundError(invoice.number)
    with storages["private"].open(invoice.file) as file:
        content: bytes = file.read()
    if hashlib.sha256(content).hexdigest() not in invoice.file:
        raise AlteredDocumentError(invoice.number)
    return content


def download(invoice: CustomerInvoice) -> HttpResponse:
    """Return the PDF, which the browser saves. Raises: as ``read``."""
    return downloads.download(read(invoice), f"{invoice.number}.pdf", "application/pdf")


@requires_transaction
def delete_files(names: Iterable[str]) -> None:
    """Delete the PDFs of invoices that are deleted, after the commit."""
    for name in filter(None, names):
        transaction.on_commit(partial(storages["private"].delete, name), robust=True)
