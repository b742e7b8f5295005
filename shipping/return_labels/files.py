"""Label files: store the PDF of a label privately, read it, delete it with its customer's data."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse

from orders.models import Order, ReturnLabel
from storefront.lib.db.transactions import requires_transaction

FOLDER = "return-labels"


def store(label: ReturnLabel, content: bytes) -> str:
    """Write the PDF and return its name. A repeated call replaces it, so no file is left over."""
    name = f"{FOLDER}/{label.reference}.pdf"
    storage = storages["private"]
    storage.delete(name)
    return storage.save(name, ContentFile(content))


def read(label: ReturnLabel) -> bytes:
    """Return the PDF. Raises FileNotFoundError."""
    if not label.file:
        raise FileNotFoundError(label.reference)
    with storages["private"].open(label.file) as file:
        content: bytes = file.read()
        return content


def show(label: ReturnLabel) -> HttpResponse:
    """Return the PDF, which the browser shows and does not cache. Raises FileNotFoundError."""
    response = HttpResponse(read(label), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{label}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@requires_transaction
def delete_of_orders(orders: QuerySet[Order]) -> None:
    """Delete the labels of these orders, which name the customer; files go after the commit."""
    rows = ReturnLabel.objects.filter(authorization__order__in=orders).exclude(file="")
    names = set(rows.values_list("file", flat=True))
    rows.update(file="")
    if names:
        transaction.on_commit(partial(_delete, names))


def _delete(names: Iterable[str]) -> None:
    for name in names:
        with suppress(FileNotFoundError):
            storages["private"].delete(name)
