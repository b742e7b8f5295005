"""Address change tasks: notify suppliers that have the goods of a new address."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from orders.address_changes import supplier_notices
from storefront.lib.http.errors import OutsideError

log = logging.getLogger(__name__)

BATCH = 200


@shared_task
def tell_addresses(**_: Any) -> None:
    """Find addresses of which suppliers were not told; a letter is put in, and nobody is called."""
    waiting = supplier_notices.to_be_told()
    told = 0
    # Whom nobody could write to stays in front: he is passed over, and takes nobody's turn.
    for wish in waiting.select_related("purchase_order__supplier").iterator(chunk_size=BATCH):
        try:
            supplier_notices.tell(wish=wish)
        except OutsideError as error:
            log.warning("%s is not told of an address yet: %s", wish.purchase_order, error)
        else:
            told += 1
        if told == BATCH:
            break
