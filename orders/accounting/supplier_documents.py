"""Supplier documents: store invoices and packing lists of a purchase order, delete packing lists."""

import hashlib
from datetime import datetime

from catalog.safety import documents
from orders.models import Order, PurchaseDocument, PurchaseOrder
from storefront.lib.db.transactions import requires_transaction

MAX_DOCUMENTS = 20  # of a purchase order


class TooManyDocumentsError(Exception):
    """The purchase order has ``MAX_DOCUMENTS`` documents."""


def add_document(
    *, purchase_order: PurchaseOrder, kind: PurchaseDocument.Kind, content: bytes, now: datetime
) -> None:
    """Store a PDF, PNG or JPEG that the supplier uploaded. A repeated upload changes nothing.

    Raises: InvalidDocumentError  its message says why
            TooManyDocumentsError
    """
    sha256 = hashlib.sha256(content).hexdigest()
    known = PurchaseDocument.objects.filter(purchase_order=purchase_order)
    if known.filter(sha256=sha256).exists():
        return
    if known.count() >= MAX_DOCUMENTS:
        raise TooManyDocumentsError
    stored = documents.store(content)
    _row, is_new = PurchaseDocument.objects.get_or_create(
        purchase_order=purchase_order,
        sha256=sha256,
        defaults={"kind": kind, "file": stored.name, "uploaded_at": now},
    )
    if not is_new:  # another request stored it a moment ago
        documents.delete_unused(stored.name)


@requires_transaction
def delete_packing_lists(order: Order) -> None:
    """Delete the packing lists of an order: they name the customer. Files go after the commit."""
    rows = PurchaseDocument.objects.filter(
        purchase_order__order=order, kind=PurchaseDocument.Kind.PACKING_LIST
    )
    names = list(rows.values_list("file", flat=True))
    rows.delete()
    for name in names:
        documents.delete_unused(name)
