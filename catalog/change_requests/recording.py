"""Change request recording: keep the changes that an import holds back for staff."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from catalog.models import ChangeRequest
from storefront.lib.db.transactions import requires_transaction

# Fields of ``ChangeRequest.changes`` that are no columns; a prefix of a supplier's own label.
OPTIONS, MORE = "options", "more:"

type Changes = Mapping[str, Mapping[str, Any]]  # as ``ChangeRequest.changes``


def encode(value: Any) -> Any:
    """Return a value as JSON stores it. Equal values have equal JSON."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return [encode(one) for one in value] if isinstance(value, list | tuple) else value


@requires_transaction
def record_changes(held: Mapping[int, Changes], *, supplier_code: str, now: datetime) -> None:
    """Replace the open changes of each product by those that the supplier states now.

    A change that the supplier no longer states is dropped, a rejected value is not asked again.
    Unchanged requests are not written.
    Shape:  ``held`` maps the ids of all products of the import, locked by the caller, to changes
    """
    present = {
        request.product_id: request
        for request in ChangeRequest.objects.filter(
            product__in=held, supplier_code=supplier_code
        ).select_for_update(of=["self"])
    }
    new: list[ChangeRequest] = []
    gone: list[int] = []
    for product_id, stated in held.items():
        request = present.get(product_id)
        if request is None:
            if stated:
                new.append(
                    ChangeRequest(
                        product_id=product_id,
                        supplier_code=supplier_code,
                        changes=stated,
                        opened_at=now,
                        updated_at=now,
                    )
                )
            continue
        rejected = {
            field: entry
            for field, entry in request.rejected.items()
            if field in stated and stated[field]["value"] == entry["value"]
        }
        changes = {field: change for field, change in stated.items() if field not in rejected}
        if not changes and not rejected:
            gone.append(request.pk)
        elif (changes, rejected) != (request.changes, request.rejected):
            request.opened_at = request.opened_at if request.changes else now
            request.changes, request.rejected, request.updated_at = changes, rejected, now
            request.save()
    if gone:
        ChangeRequest.objects.filter(pk__in=gone).delete()
    ChangeRequest.objects.bulk_create(new)
