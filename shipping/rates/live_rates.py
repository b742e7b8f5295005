"""Live rates: ask suppliers for the delivery price of each parcel, cache their answers.

Answers are cached as long as prices are guaranteed, so that the checkout pages and the order agree.
Without an answer in time, the prices of the shipping services apply.
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256

import msgspec
from django.core.cache import cache
from django.db import connections
from redis import RedisError

from catalog.models import Channel
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.models import Cart
from orders.models.cart import PRICE_GUARANTEE
from orders.routing.engine import Plan, PlannedParcel
from shipping.rates import quotes
from shipping.rates.quotes import LiveRate, LiveRates
from storefront.lib.address import Address
from storefront.lib.db.transactions import OpenTransactionError, in_transaction
from storefront.lib.http import deadlines
from storefront.lib.http.errors import CallDeferredError, ExternalServiceError
from storefront.lib.money import Money
from suppliers.connections.factory import open_for_live_check
from suppliers.connectors.capabilities import Freight
from suppliers.connectors.records import (
    FreightOption,
    NoShippingServiceError,
    PurchaseOrderRequestLine,
)
from suppliers.models import Supplier, SupplierOffer

log = logging.getLogger(__name__)

TIMEOUT_S = 1.5  # for all suppliers together: a customer is waiting
SILENCE_TTL = timedelta(minutes=5)  # do not ask a supplier again after a timeout
MAX_PARALLEL_CALLS = 8
NO_ANSWER = False

type RateAnswer = tuple[FreightOption, ...] | bool  # False: no answer
# Plain JSON, because cached answers outlive a deployment and classes may not.
_ANSWER_DECODER: msgspec.json.Decoder[tuple[FreightOption, ...] | bool] = msgspec.json.Decoder(
    tuple[FreightOption, ...] | bool
)


def get_for_cart(
    *, cart: Cart, plan: Plan, country: str, now: datetime, postcode: str | None = None
) -> LiveRates:
    """Return the live rates of a cart's planned parcels, by location.

    Shape:  ``postcode`` is that of the destination, empty if it has none; None means the cart's
    Raises: OpenTransactionError
    """
    if postcode is None:
        known = cart.ship_to if cart.ship_to.get("country") == country else {}
        postcode = known.get("postcode", "")
    return get_for_plan(
        plan=plan, channel=cart.channel, country=country, postcode=postcode or "", now=now
    )


def get_for_plan(
    *, plan: Plan, channel: Channel, country: str, postcode: str, now: datetime
) -> LiveRates:
    """Return the live rates of planned parcels, by location.

    A location whose supplier does not answer has no entry; authentication errors and invalid
    responses are no answers. "No shipping service" is an answer, but only to a request with a
    postcode: the supplier may need one.
    Raises: OpenTransactionError
    """
    location_ids = quotes.live_rate_locations(now)
    parcels = [parcel for parcel in plan.parcels if parcel.location_id in location_ids]
    if not parcels:
        return {}
    if in_transaction():
        raise OpenTransactionError("a request to suppliers")
    to = Address(name="", line1="", city="", country=country, postcode=postcode.strip())
    answers = _cached_answers(parcels, to)
    uncached = [parcel for parcel in parcels if parcel.location_id not in answers]
    if uncached:
        responses = _ask_suppliers(uncached, to)
        for parcel in uncached:
            if parcel.location_id in responses:
                _cache_answer(parcel, to, responses[parcel.location_id])
        answers |= responses
    costing = policy.load_costing(channel, now=now, country=country)
    rates: dict[int, Mapping[str, LiveRate]] = {}
    for parcel in parcels:
        options = answers.get(parcel.location_id, NO_ANSWER)
        if isinstance(options, tuple):
            parcel_rates = dict(
                _chargeable_rates(parcel, options, channel=channel, costing=costing)
            )
            if len(parcel_rates) == len({option.name for option in options}):
                rates[parcel.location_id] = parcel_rates
    return rates


def customer_charge(
    freight: Money, *, parcel: PlannedParcel, costing: Costing, channel: Channel
) -> Money | None:
    """Return what the customer pays for a live rate, None if it cannot be computed.

    The charge covers the freight, the tax on it and the payment and channel fees, less the freight
    that the item prices already include.
    """
    rate = costing.worst_case_rate(freight.currency)
    code = parcel.lines[0].candidate.supplier_code
    terms = costing.terms_of(origin=parcel.country, supplier_code=code)
    if rate is None or terms is None:
        return None
    paid = terms.freight_amount * sum(line.quantity for line in parcel.lines)
    cost = max(Decimal(0), freight.amount * rate - paid)
    gross = 1 + terms.tax_rate
    net_rate = 1 - terms.channel_fee_rate - terms.payment_fee_rate * gross
    if net_rate <= 0:
        return None
    return Money(cost * gross / net_rate, channel.currency).rounded()


def _chargeable_rates(
    parcel: PlannedParcel, options: Sequence[FreightOption], *, channel: Channel, costing: Costing
) -> Iterator[tuple[str, LiveRate]]:
    """Yield the options that can be charged, cheapest last: ``dict`` keeps the last of a name."""
    for option in sorted(options, key=lambda each: -each.price.amount):
        price = customer_charge(option.price, parcel=parcel, costing=costing, channel=channel)
        if price is not None:
            rate = LiveRate(price=price, min_days=option.min_days, max_days=option.max_days)
            yield option.name, rate


def _ask_suppliers(parcels: Sequence[PlannedParcel], to: Address) -> dict[int, RateAnswer]:
    """Ask all suppliers in parallel; the answer of a late one is ``NO_ANSWER``.

    A parcel whose supplier was not asked has no entry, so that the next page asks again.
    """
    ends_at = time.monotonic() + TIMEOUT_S
    skus = dict(
        SupplierOffer.objects.filter(
            pk__in=[line.candidate.offer_id for parcel in parcels for line in parcel.lines]
        ).values_list("pk", "supplier_sku")
    )
    pool = ThreadPoolExecutor(max_workers=MAX_PARALLEL_CALLS, thread_name_prefix="ask-freight")
    with ExitStack() as stack:
        answers: dict[int, RateAnswer | None] = {}
        futures = {}
        suppliers = Supplier.objects.filter(pk__in={parcel.supplier_id for parcel in parcels})
        connectors = open_for_live_check(suppliers, stack)
        for parcel in parcels:
            connector = connectors.get(parcel.supplier_id)
            if connector is None:
                continue  # asked again by the next page
            if isinstance(connector, Freight):
                work = partial(_ask_supplier, connector, parcel, to, skus, ends_at)
                futures[parcel.location_id] = pool.submit(work)
            else:
                answers[parcel.location_id] = NO_ANSWER  # no ``Freight`` capability
        finished, _late = wait(futures.values(), timeout=max(0.0, ends_at - time.monotonic()))
        pool.shutdown(wait=False, cancel_futures=True)
        for location_id, future in futures.items():
            if future in finished:
                answers[location_id] = future.result()
            elif not future.cancelled():
                answers[location_id] = NO_ANSWER  # a later answer is ignored
        return {
            location_id: answer for location_id, answer in answers.items() if answer is not None
        }


def _ask_supplier(
    connector: Freight, parcel: PlannedParcel, to: Address, skus: Mapping[int, str], ends_at: float
) -> RateAnswer | None:
    """Ask one supplier, in its own thread; return None if nothing was sent."""
    try:
        with deadlines.deadline_at(ends_at):
            options = connector.freight(
                country_from=parcel.country,
                ship_to=to,
                lines=tuple(
                    PurchaseOrderRequestLine(
                        reference=str(line.variant_id),
                        sku=skus[line.candidate.offer_id],
                        quantity=line.quantity,
                    )
                    for line in parcel.lines
                ),
            )
    except NoShippingServiceError as error:
        log.info("no shipping service from %s: %s", parcel.location_id, error)
        options = ()
    except CallDeferredError as error:
        log.info("shipping rates of %s not requested: %s", parcel.location_id, error)
        return None
    except ExternalServiceError as error:
        log.info("no shipping rates received from %s: %s", parcel.location_id, error)
        return NO_ANSWER
    except Exception:
        log.exception("shipping rates of %s could not be requested", parcel.location_id)
        return NO_ANSWER
    finally:
        connections.close_all()  # the connections of this thread
    # Without a postcode, an empty answer may only mean that the supplier needs one.
    return options if options or to.postcode else NO_ANSWER


def _cached_answers(parcels: Sequence[PlannedParcel], to: Address) -> dict[int, RateAnswer]:
    keys = {_cache_key(parcel, to): parcel.location_id for parcel in parcels}
    try:
        cached = cache.get_many(list(keys))
    except (RedisError, OSError):
        return {}
    answers: dict[int, RateAnswer] = {}
    for key, written in cached.items():
        try:
            answers[keys[key]] = _ANSWER_DECODER.decode(written)
        except (msgspec.MsgspecError, TypeError):
            log.warning("ignored a cached shipping rate in the format of another release")
    return answers


def _cache_answer(parcel: PlannedParcel, to: Address, answer: RateAnswer) -> None:
    lifetime = SILENCE_TTL if answer is NO_ANSWER else PRICE_GUARANTEE
    try:
        written = msgspec.json.encode(answer).decode()
        cache.set(_cache_key(parcel, to), written, timeout=lifetime.total_seconds())
    except (RedisError, OSError):
        log.warning("Redis is unavailable, shipping rates are not cached")


def _cache_key(parcel: PlannedParcel, to: Address) -> str:
    lines = sorted((line.candidate.offer_id, line.quantity) for line in parcel.lines)
    key_parts = json.dumps([parcel.location_id, to.country, to.postcode, lines])
    return f"freight-json:{sha256(key_parts.encode()).hexdigest()}"
