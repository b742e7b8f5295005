"""Product alert matching: find alerts whose item is back in stock or cheaper, tell each once.

The availability is that of the product page. What a person waits for must hold for
``PRODUCT_ALERT_HOLD_MIN`` minutes, so that a short-lived stock figure or price sends no mail.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import batched
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Channel, Listing
from catalog.pricing import history
from catalog.texts.titles import full_title_in
from notifications.models import Event
from notifications.outbox import record_event
from shipping.availability import availability
from shipping.models import ProductAlert
from shipping.product_alerts import links
from shipping.rates.quotes import QuotedPromise
from storefront.lib.db.transactions import requires_transaction

VARIANTS_PER_QUERY = 200
# Units that are still there after this time were not bought by those who were told.
LIMIT_WINDOW = timedelta(hours=1)
PRICE_DROP = ProductAlert.Kind.PRICE_DROP


class Place(NamedTuple):
    """Where a person looks at the shop."""

    channel_id: int
    country: str


class Offered(NamedTuple):
    """What the product page shows of a variant in one place."""

    listing: Listing
    most: int
    promise: QuotedPromise


def tell_due(*, now: datetime) -> int:
    """Update since when each alert is met; tell those that were met long enough. Return how many."""
    places: dict[int, set[Place]] = defaultdict(set)
    rows = _candidates(now).values_list("variant", "channel", "country").order_by("variant")
    for variant_id, channel_id, country in rows.distinct():
        places[variant_id].add(Place(channel_id, country))
    told = 0
    for batch in batched(places, VARIANTS_PER_QUERY):
        offered = _offered({variant_id: places[variant_id] for variant_id in batch}, now)
        told += sum(_tell(variant_id, offered.get(variant_id, {}), now) for variant_id in batch)
    return told


def _candidates(now: datetime) -> QuerySet[ProductAlert]:
    """Return confirmed alerts that may be met, or were met until now."""
    listings = Listing.objects.for_sale(now).filter(
        variant=OuterRef("variant"), channel=OuterRef("channel")
    )
    cheaper = listings.filter(price_amount__lte=OuterRef("price_amount") * _price_factor())
    return ProductAlert.objects.filter(
        Q(met_since__isnull=False)
        | Q(Exists(listings), kind=ProductAlert.Kind.BACK_IN_STOCK)
        | Q(Exists(cheaper), kind=PRICE_DROP),
        confirmed_at__isnull=False,
    )


def _price_factor() -> Decimal:
    return 1 - Decimal(settings.PRICE_ALERT_PERCENT) / 100


def _offered(
    places: Mapping[int, Collection[Place]], now: datetime
) -> dict[int, dict[Place, Offered]]:
    """Return what can be ordered of each variant, by place."""
    variants: dict[Place, list[int]] = defaultdict(list)
    for variant_id, among in places.items():
        for place in among:
            variants[place].append(variant_id)
    channels = Channel.objects.in_bulk({place.channel_id for place in variants})
    found: dict[int, dict[Place, Offered]] = defaultdict(dict)
    for place, ids in variants.items():
        channel = channels[place.channel_id]
        answers = availability.check_variants(
            variant_ids=ids, country=place.country, channel=channel, now=now
        )
        listings = Listing.objects.on(channel).filter(variant__in=ids)
        for listing in listings.select_related("channel"):
            answer = answers.get(listing.variant_id)
            if answer is not None and answer.promise is not None:
                offer = Offered(listing, answer.most, answer.promise)
                found[listing.variant_id][place] = offer
    return found


@transaction.atomic(durable=True)
def _tell(variant_id: int, offered: Mapping[Place, Offered], now: datetime) -> int:
    """Tell the alerts of a variant that were met long enough, in the order of their requests.

    The alerts told within ``LIMIT_WINDOW`` are limited to the units times ``PRODUCT_ALERTS_PER_UNIT``.
    Locks:  the alerts of the variant, so that concurrent sweeps respect the limit together
    """
    alerts = list(
        ProductAlert.objects.filter(variant=variant_id, confirmed_at__isnull=False)
        .select_related("variant__product")
        .select_for_update(of=["self"])
        .order_by("asked_at", "pk")
    )
    met = _update_met(alerts, offered, now)
    held_since = now - timedelta(minutes=settings.PRODUCT_ALERT_HOLD_MIN)
    due = [alert for alert in met if alert.met_since and alert.met_since <= held_since]
    if not due:
        return 0
    units = max(each.most for each in offered.values())
    due = due[: _remaining(variant_id, units, now)]
    for alert in due:
        _record(alert, offered[_place_of(alert)], at=now)
    ProductAlert.objects.filter(pk__in=[alert.pk for alert in due]).delete()
    return len(due)


def _update_met(
    alerts: Sequence[ProductAlert], offered: Mapping[Place, Offered], now: datetime
) -> list[ProductAlert]:
    """Store since when each alert is met; return those that are."""
    met = [alert for alert in alerts if _is_met(alert, offered.get(_place_of(alert)))]
    new = [alert for alert in met if alert.met_since is None]
    for alert in new:
        alert.met_since = now
    ProductAlert.objects.filter(pk__in=[alert.pk for alert in new]).update(met_since=now)
    met_ids = {alert.pk for alert in met}
    ended = [alert.pk for alert in alerts if alert.met_since and alert.pk not in met_ids]
    ProductAlert.objects.filter(pk__in=ended).update(met_since=None)
    return met


def _place_of(alert: ProductAlert) -> Place:
    return Place(alert.channel_id, alert.country)


def _is_met(alert: ProductAlert, offered: Offered | None) -> bool:
    if offered is None:
        return False
    if alert.price_amount is None:
        return True
    price = offered.listing.price_amount
    return price is not None and price <= alert.price_amount * _price_factor()


def _remaining(variant_id: int, units: int, now: datetime) -> int:
    """Return how many more alerts of a variant may be told now."""
    told = Event.objects.filter(subject=_subject(variant_id), occurred_at__gt=now - LIMIT_WINDOW)
    return max(units * settings.PRODUCT_ALERTS_PER_UNIT - told.count(), 0)


def _subject(variant_id: int) -> str:
    return f"variant:{variant_id}"


@requires_transaction
def _record(alert: ProductAlert, offered: Offered, *, at: datetime) -> None:
    listing, promise = offered.listing, offered.promise
    lowest = history.lowest_before_current(listing=listing)
    record_event(
        name=f"product_alert.{alert.kind}",
        key=f"product_alert.{alert.kind}:{alert.pk}",
        subject=_subject(alert.variant_id),
        payload={
            "email": alert.email,
            "locale": alert.locale,
            "url": links.product_url(alert),
            "name": full_title_in(alert.variant, alert.locale),
            "price": str(listing.price_amount),
            "excludes_tax": listing.channel.prices_exclude_tax,
            "former_price": "" if alert.price_amount is None else str(alert.price_amount),
            "lowest_price": "" if lowest is None else str(lowest),
            "currency": listing.channel.currency,
            "goes_to": alert.country,
            "arrives_from": promise.arrives_from.isoformat(),
            "arrives_to": promise.arrives_to.isoformat(),
            "asked_on": alert.asked_at.date().isoformat(),
        },
        at=at,
    )
