"""Address change tasks: notify suppliers of requested address changes."""

import logging
from typing import Any

from celery import shared_task

from orders.address_changes import supplier_notices
from storefront.lib.http.errors import ExternalServiceError

log = logging.getLogger(__name__)

BATCH = 200


@shared_task
def send_supplier_notices(**_: Any) -> None:
    """Notify suppliers of the address changes that they do not know yet."""
    pending = supplier_notices.pending_notices()
    sent_count = 0
    # Failed requests stay first in line, so they do not count for the batch.
    for change_request in pending.select_related("purchase_order__supplier").iterator(
        chunk_size=BATCH
    ):
        try:
            supplier_notices.send(change_request=change_request)
        except ExternalServiceError as error:
            log.warning("%s: address change not sent yet: %s", change_request.purchase_order, error)
        else:
            sent_count += 1
        if sent_count == BATCH:
            break
