"""Review requests: ask a customer who agreed, once per order, after an untroubled delivery."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Lower

from notifications.models import Consent, Event
from notifications.preferences import EMAIL, Kind
from orders.events import record_order_event
from orders.models import Order, OrderMessage, Payment, ReturnAuthorization
from shipping.models import Parcel, ProblemReport
from storefront.identity.current import shop_identity

REVIEW_ASKED = "order.review_asked"
MAX_PER_RUN = 200
# Older deliveries are skipped: a consent that is given late causes no requests about old orders.
WINDOW = timedelta(days=14)


def orders_to_ask(*, now: datetime) -> QuerySet[Order]:
    """Return orders whose last parcel arrived ``REVIEW_REQUEST_DAYS`` ago without any problem.

    A return, a problem report, a lost or returned parcel, a disputed payment and a message about
    the order are problems, also after they were solved.
    """
    latest = now - timedelta(days=settings.REVIEW_REQUEST_DAYS)
    consents = Consent.objects.filter(
        recipient=Lower(OuterRef("email")), sender=EMAIL, kind=Kind.REVIEW_REQUEST
    )
    troubled_parcels = Parcel.objects.filter(
        shipment__purchase_order__order=OuterRef("pk"),
        status__in=[Parcel.Status.LOST, Parcel.Status.RETURNED],
    )
    events = Event.objects.filter(subject=Concat(Value("order:"), OuterRef("number")))
    return (
        Order.objects.filter(
            ~Exists(events.filter(name__in=[REVIEW_ASKED, "contact.received"])),
            ~Exists(ReturnAuthorization.objects.filter(order=OuterRef("pk"))),
            ~Exists(OrderMessage.objects.filter(order=OuterRef("pk"))),
            ~Exists(troubled_parcels),
            ~Exists(
                ProblemReport.objects.filter(parcel__shipment__purchase_order__order=OuterRef("pk"))
            ),
            ~Exists(
                Payment.objects.filter(order=OuterRef("pk")).exclude(
                    dispute_status=Payment.Dispute.NONE
                )
            ),
            status=Order.Status.COMPLETED,
            status_since__gt=latest - WINDOW,
            status_since__lte=latest,
        )
        .annotate(agrees=Subquery(consents.order_by("-pk").values("is_given")[:1]))
        .filter(agrees=True)
        .order_by("pk")
    )


def ask_for_reviews(*, now: datetime) -> int:
    """Record one request for each order; without a review page none. Return how many."""
    review_url = shop_identity().review_url
    if not review_url:
        return 0
    orders = list(orders_to_ask(now=now)[:MAX_PER_RUN])
    for order in orders:
        _ask(order, review_url, now)
    return len(orders)


@transaction.atomic(durable=True)
def _ask(order: Order, review_url: str, now: datetime) -> None:
    record_order_event(order, REVIEW_ASKED, order.number, review_url=review_url, at=now)
