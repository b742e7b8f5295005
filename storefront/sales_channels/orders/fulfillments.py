"""Fulfillments: report each parcel to its store once, and changed tracking data.

The parcel's key is that of the fulfillment, and adapters look it up before they write: a lost
answer makes no second fulfillment.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b

from django.db.models import Q, QuerySet

from shipping.models import Parcel
from shipping.shipments.identities import tracking_link
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.sales_channels.models import Connection, RemoteFulfillment, RemoteOrderRecord
from storefront.sales_channels.orders import changes
from storefront.sales_channels.platforms.base import FulfillmentWrite, Platform
from suppliers.resilience.bulkheads import exclusive_lock

BATCH = 200


def unreported(connection: Connection) -> QuerySet[Parcel]:
    """Return the shipped parcels with known contents that were never reported to the store."""
    parcels = Parcel.objects.filter(
        shipment__purchase_order__order__remote_order__connection=connection,
        status__in=Parcel.LEFT,
        remote_fulfillment=None,
        lines__isnull=False,
    )
    return parcels.distinct().order_by("pk")[:BATCH]


def due(connection: Connection, *, now: datetime) -> Iterator[RemoteFulfillment]:
    """Yield what is to be sent: new parcels, failed attempts, changed tracking data."""
    rows = RemoteFulfillment.objects.filter(
        remote_order__connection=connection, due_at__lte=now
    ).filter(Q(external_id="") | Q(parcel__status__in=Parcel.UNDERWAY) | ~Q(problem=""))
    related = rows.select_related(
        "remote_order__order", "remote_order__connection__channel", "parcel"
    )
    for row in related.order_by("pk").iterator(chunk_size=BATCH):
        if not row.external_id or digest_of(row) != row.sent_digest:
            yield row


def store_new(connection: Connection, *, now: datetime) -> None:
    """Store a row for each parcel that is not reported yet. Idempotent."""
    for parcel in unreported(connection).select_related("shipment__purchase_order"):
        record = RemoteOrderRecord.objects.get(order=parcel.shipment.purchase_order.order_id)
        RemoteFulfillment.objects.get_or_create(
            parcel=parcel, defaults={"remote_order": record, "due_at": now}
        )


def send(*, fulfillment: RemoteFulfillment, platform: Platform, now: datetime) -> None:
    """Report a parcel or its new tracking data to the store. Failures are stored and retried.

    Raises: LockedElsewhereError  another worker sends it
            TemporaryError        the store does not answer: the caller stops
    """
    with exclusive_lock(f"remote fulfillment {fulfillment.parcel_id}"):
        fulfillment.refresh_from_db(fields=["external_id", "sent_digest", "attempts"])
        digest = digest_of(fulfillment)
        if fulfillment.external_id and digest == fulfillment.sent_digest:
            return
        write = _write(fulfillment)
        try:
            if fulfillment.external_id:
                platform.update_tracking(fulfillment.external_id, write)
            else:
                fulfillment.external_id = platform.write_fulfillment(write)[:100]
        except ExternalServiceError as error:
            _defer(fulfillment, error, now)
            if isinstance(error, PermanentError):
                return
            raise
        failpoint("remote_fulfillment.after_call")
        fulfillment.sent_digest, fulfillment.sent_at = digest, now
        fulfillment.problem, fulfillment.attempts, fulfillment.due_at = "", 0, now
        fulfillment.save()


def _defer(fulfillment: RemoteFulfillment, error: ExternalServiceError, now: datetime) -> None:
    fulfillment.due_at = changes.next_attempt_at(fulfillment.attempts, now=now)
    fulfillment.attempts += 1
    if isinstance(error, PermanentError):
        fulfillment.problem = str(error)[:300]
    fulfillment.save(update_fields=["due_at", "attempts", "problem"])


def _write(fulfillment: RemoteFulfillment) -> FulfillmentWrite:
    parcel, record = fulfillment.parcel, fulfillment.remote_order
    units: Counter[str] = Counter()
    for line in parcel.lines.select_related("order_line"):
        units[line.order_line.external_reference] += line.quantity
    assert record.order is not None  # noqa: S101 - a constraint: it is imported
    return FulfillmentWrite(
        order_id=record.external_id,
        units=units,
        carrier=parcel.carrier,
        tracking_number=parcel.number,
        tracking_url=tracking_link(
            parcel, ship_to=record.order.ship_to, language=record.order.locale
        ),
        key=f"parcel:{parcel.pk}",
    )


def digest_of(fulfillment: RemoteFulfillment) -> str:
    """Return a digest of the tracking data that the store gets."""
    parcel = fulfillment.parcel
    reported = f"{parcel.carrier}\n{parcel.number}\n{parcel.tracking_url}"
    return blake2b(reported.encode(), digest_size=8).hexdigest()
