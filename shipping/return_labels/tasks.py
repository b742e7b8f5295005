"""Return label tasks: request automatic labels, void unused ones, take the next steps of due ones."""

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.models import ReturnLabel
from shipping.return_labels import accounts, processing, purchases
from shipping.return_labels.base import LabelProvider
from shipping.return_labels.parcels import CannotBuyLabelError
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

log = logging.getLogger(__name__)

BATCH_SIZE = 20
UNCHANGED = (CannotBuyLabelError, InvalidTransitionError, ConcurrentUpdateError)


@shared_task
def process_labels(**_: Any) -> None:
    """Process return labels; without a connected provider, requests wait."""
    if not accounts.is_connected():
        return
    now = timezone.now()
    for authorization in purchases.awaiting_automatic().order_by("pk")[:BATCH_SIZE]:
        with suppress(*UNCHANGED):
            purchases.request_automatic(authorization, now=now)
    for label in processing.unused_labels().order_by("pk")[:BATCH_SIZE]:
        with suppress(*UNCHANGED):
            processing.request_void(label=label, actor="", now=now)
    if due := list(processing.due_labels(now=now)[:BATCH_SIZE]):
        with suppress(ExternalServiceError), accounts.open_provider() as provider:
            _process(due, provider)


def _process(labels: list[ReturnLabel], provider: LabelProvider) -> None:
    """Process labels in turn. A provider that does not answer ends the run."""
    for label in labels:
        try:
            processing.process(label=label, provider=provider, now=timezone.now())
        except TemporaryError:
            raise
        except ExternalServiceError as error:
            log.warning("return label %s: %s", label, error)
        except Exception:  # the others must not wait
            log.exception("cannot process return label %s", label)
    accounts.record_answer(now=timezone.now())
