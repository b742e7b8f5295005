"""Chaos plan: draw customers and faults from a seed, deterministically. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import Any

from storefront.dev.demo.processes import STORES

CUSTOMERS_PER_PHASE = 6
HOT_RATE = 0.4
MAX_PASS = 5  # latest pass at which a failpoint kills
OUTAGE_S = 10.0  # the final supplier outage, whose backlog is timed
WEBHOOKS_S = 4.0
HANGING_CALLS, HANG_S = 4, 6.0  # one per thread of the web server
GREEDY_ORDERS = 14  # from one network
SINGLE = 1  # the product with one location only
CJ_PRODUCTS = 4  # the first products are CJ's
SOLD_OUT_PRODUCTS = 1  # of these; their customers come first
SECOND_PRODUCT_RATE = 0.4  # of carts with a second product
RARE_FAILPOINTS = (
    "claim.",
    "auditing.",
    "rerouting.",
    "return_label.",
    "refusal.",
    "external_order.",
    "remote_order.",
    "remote_fulfillment.",
)  # the first pass kills
SUPPLIER_PATHS = ("createOrderV2", "getOrderDetail", "freightCalculate", "getInventoryByPid")
CANCELING_SUPPLIERS = ("cj", "bigbuy")
BIGBUY_PATHS = ("order/create", "order/check", "tracking/orders")
LISTS = {"bigbuy": "productsstockbyhandlingdays", "feed": "/stock.csv"}
SUPPLIER_KINDS = (
    *("500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated"),
    *("empty", "wrong_order", "wrong_currency", "nan_price", "token_expired", "huge"),
    *("gzip_bomb", "redirect", "soft_500"),
)
BIGBUY_KINDS = (
    *("500", "429", "slow", "drop_before", "drop_after", "garbage", "empty", "wrong_order"),
    *("soft_500", "soft_409", "swapped"),
)
LIST_KINDS = ("500", "garbage", "truncated", "empty", "drop_after")
MESSAGE_KINDS = ("duplicate", "out_of_order", "bad_signature", "lost")
GATEWAY_CALLS = (
    *("POST /v1/checkout/sessions$", "GET /v1/checkout/sessions/", "/capture$", "/cancel$"),
    "POST /v1/refunds$",
)
GATEWAY_KINDS = ("500", "429", "slow", "drop_before", "drop_after", "garbage")
MAIL_KINDS = ("450", "452", "slow", "drop_before", "drop_after", "garbage")
SMS_KINDS = ("500", "429", "slow", "drop_before", "drop_after", "garbage")
STORE_KINDS = ("500", "429", "slow", "drop_before", "drop_after")
RECEIVER_KINDS = ("500", "429", "redirect", "slow", "drop_before", "drop_after")
TRACKER_PATHS = ("register", "gettrackinfo")
TRACKER_KINDS = (
    *("500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated"),
    *("empty", "huge", "wrong_number", "no_registration"),
)
WEBHOOK_MODES = ("duplicate", "out_of_order", "bad_signature", "lost", "delayed")


class FaultKind(StrEnum):
    """The kinds of faults."""

    SUPPLIER_FAULT = "supplier fault"
    SUPPLIER_DOWN = "supplier down"
    SUPPLIER_BACK = "supplier back"
    GATEWAY_FAULT = "gateway fault"
    SYNC = "sync"  # of stock lists
    SUPPLIER_CANCELS = "supplier cancels"  # a supplier cancels an order that it accepted
    WEBHOOK_DELIVERY = "posting"
    WORKER_CHILD = "worker child"
    WORKER = "worker"
    WEB = "web"
    BEAT = "beat"
    REDIS_FLUSH = "redis flush"
    REDIS = "redis"
    POSTGRES = "postgres"
    FORGED_WEBHOOKS = "letters"
    CLOCK = "clock"
    SAME_KEY = "same key"  # fifty requests at once
    SOLD_OUT = "sold out"  # elsewhere, without a notice of the supplier
    GATEWAY_HANGS = "gateway hangs"  # product pages are requested meanwhile
    REDIS_HANGS = "redis hangs"
    MAIL_FAULT = "mail fault"
    SMS_FAULT = "text message fault"
    TRACKER_FAULT = "tracking fault"
    STORE_FAULT = "store fault"
    RECEIVER_FAULT = "receiver fault"
    NETWORK = "one network"  # orders repeatedly without a cookie, and never pays


class PaymentOutcome(StrEnum):
    """How a customer's payment ends."""

    PAYS = "pays"
    LATE = "late"  # pays, but does not return to the shop
    DECLINED = "declined"
    LEAVES = "leaves"  # at the gateway's page


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """One fault, and when it happens after the start of its phase."""

    at_s: float
    what: FaultKind
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPurchase:
    """What one customer buys; ``goods`` is the index of a product, 0 the hot one.

    ``second_product`` is the index of another product in the cart, or of the same one; 0 is none.
    """

    goods: int
    outcome: PaymentOutcome
    second_product: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Customers, and the faults during their purchases."""

    name: str
    planned_purchases: Sequence[PlannedPurchase]
    at_most_s: float  # no purchase begins later
    planned_faults: Sequence[PlannedFault] = ()
    is_armed: bool = False  # whether failpoints kill from here on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All events of one run, and at which pass each failpoint kills."""

    seed: int
    phases: Sequence[Phase]
    failpoints: Mapping[str, int]


def draw_plan(seed: int, *, failpoints: Iterable[str], variety: int) -> Plan:
    """Draw a plan from the seed."""
    rng = Random(seed)
    turns = {name: rng.randint(1, MAX_PASS) for name in sorted(failpoints)}
    turns |= {name: 1 for name in turns if name.startswith(RARE_FAILPOINTS)}
    base, during_faults = draw_purchases(rng, 24, variety), draw_purchases(rng, 40, variety)
    emptied = _most_wanted(during_faults)
    sold_out = [_fault(0, FaultKind.SOLD_OUT, goods=goods) for goods in emptied]
    during_faults = tuple(sorted(during_faults, key=lambda one: one.goods not in emptied))
    phases = (
        Phase(name="base", planned_purchases=base, at_most_s=8),
        Phase(
            name="hangs",
            planned_purchases=draw_purchases(rng, 12, variety),
            at_most_s=8,
            planned_faults=_draw_hangs(),
        ),
        Phase(
            name="api_faults",
            planned_purchases=during_faults,
            at_most_s=9,
            planned_faults=_sorted(
                [*_draw_api_faults(rng, 8), *_draw_list_faults(rng, 8), *sold_out]
            ),
            is_armed=True,  # the web server dies often, and needs time to restart
        ),
        Phase(
            name="kills",
            planned_purchases=draw_purchases(rng, 44, variety),
            at_most_s=15,
            planned_faults=_draw_kills(rng, 11),
        ),
        Phase(
            name="webhooks",
            planned_purchases=draw_purchases(rng, 16, variety),
            at_most_s=5,
            planned_faults=_draw_webhooks(rng, WEBHOOKS_S),
        ),
    )
    return Plan(seed=seed, phases=phases, failpoints=turns)


def draw_kills_only(seed: int, *, failpoints: Iterable[str], variety: int) -> Plan:
    """Kill a process at the first pass of each failpoint, without other faults.

    One product sells out at its location, because otherwise no order is rerouted. Every third
    customer buys it.
    """
    wanted = [
        replace(one, outcome=PaymentOutcome.PAYS, goods=SINGLE) if turn % 3 == 0 else one
        for turn, one in enumerate(draw_purchases(Random(seed), 24, variety))
    ]
    planned_faults = (_fault(0, FaultKind.SOLD_OUT, goods=SINGLE),)
    phase = Phase(
        name="failpoints",
        planned_purchases=wanted,
        at_most_s=40,
        planned_faults=planned_faults,
        is_armed=True,
    )
    return Plan(seed=seed, phases=(phase,), failpoints=dict.fromkeys(sorted(failpoints), 1))


def draw_purchases(rng: Random, count: int, variety: int) -> tuple[PlannedPurchase, ...]:
    ways = rng.choices(list(PaymentOutcome), weights=(16, 2, 1, 1), k=count)
    return tuple(
        PlannedPurchase(
            goods=0 if rng.random() < HOT_RATE else rng.randrange(1, variety),
            second_product=rng.randrange(1, variety) if rng.random() < SECOND_PRODUCT_RATE else 0,
            outcome=way,
        )
        for way in ways
    )


def _draw_hangs() -> tuple[PlannedFault, ...]:
    """Return hangs, one after the other, without other faults."""
    return (
        _fault(0, FaultKind.GATEWAY_HANGS, count=HANGING_CALLS, seconds=HANG_S),
        _fault(HANG_S, FaultKind.NETWORK, orders=GREEDY_ORDERS),
        _fault(HANG_S + 1, FaultKind.REDIS_HANGS, seconds=2.0),
    )


def _draw_api_faults(rng: Random, seconds: float) -> tuple[PlannedFault, ...]:
    """Return every fault of an API supplier once or twice, and faults of the gateway."""
    kinds = [kind for kind in SUPPLIER_KINDS for _ in range(rng.randint(1, 2))]
    planned_faults = [
        _fault(
            rng.uniform(0, seconds * 0.6),
            FaultKind.SUPPLIER_FAULT,
            path=rng.choices(SUPPLIER_PATHS, weights=(6, 2, 1, 1))[0],
            kind=kind,
            delay=round(rng.uniform(0.3, 2), 2),
        )
        for kind in kinds
    ]
    planned_faults += [
        _fault(
            rng.uniform(0, seconds),
            FaultKind.SUPPLIER_FAULT,
            supplier="bigbuy",
            path=rng.choice(BIGBUY_PATHS),
            kind=kind,
        )
        for kind in BIGBUY_KINDS
    ]
    planned_faults += [
        _fault(
            rng.uniform(0, 2),
            FaultKind.SUPPLIER_FAULT,
            path="webhooks",
            kind=kind,
            count=3,
            every=2,
        )
        for kind in MESSAGE_KINDS
    ]
    planned_faults += [
        _fault(
            rng.uniform(0, seconds),
            FaultKind.GATEWAY_FAULT,
            path=rng.choice(GATEWAY_CALLS),
            kind=kind,
            seconds=round(rng.uniform(0.5, 2), 2),
        )
        for kind in GATEWAY_KINDS
    ]
    modes = rng.sample(WEBHOOK_MODES, len(WEBHOOK_MODES))
    step = seconds / len(modes)
    planned_faults += [
        _fault(step * turn, FaultKind.WEBHOOK_DELIVERY, mode=mode)
        for turn, mode in enumerate(modes)
    ]
    return _sorted(planned_faults)


def _draw_list_faults(rng: Random, seconds: float) -> Iterable[PlannedFault]:
    """Yield faults of stock lists, and syncs to read them."""
    for supplier, path in LISTS.items():
        for kind in rng.sample(LIST_KINDS, 2):
            yield _fault(0, FaultKind.SUPPLIER_FAULT, supplier=supplier, path=path, kind=kind)
    yield from (_fault(rng.uniform(0, seconds), FaultKind.SYNC) for _ in range(2))


def _most_wanted(planned_purchases: Iterable[PlannedPurchase]) -> tuple[int, ...]:
    """Return the product that most customers buy, without the hot one."""
    able = (
        one.goods
        for one in planned_purchases
        if one.outcome is PaymentOutcome.PAYS and 0 < one.goods < CJ_PRODUCTS
    )
    return tuple(goods for goods, _ in Counter(able).most_common(SOLD_OUT_PRODUCTS))


def _draw_kills(rng: Random, seconds: float) -> tuple[PlannedFault, ...]:
    kills = (
        (FaultKind.WORKER_CHILD, int(seconds / 0.65), 0),
        (FaultKind.WEB, 1, 1),
        (FaultKind.WORKER, 1, 1),
        (FaultKind.BEAT, 1, 1),
        (FaultKind.REDIS_FLUSH, 2, 1),
    )
    planned_faults = [
        _fault(rng.uniform(least_s, seconds), what)
        for what, times, least_s in kills
        for _ in range(times)
    ]
    planned_faults.append(_fault(rng.uniform(seconds * 0.2, seconds * 0.5), FaultKind.REDIS))
    planned_faults.append(_fault(rng.uniform(seconds * 0.5, seconds * 0.8), FaultKind.POSTGRES))
    planned_faults.append(_fault(rng.uniform(0, seconds * 0.3), FaultKind.SAME_KEY))
    planned_faults += [
        _fault(rng.uniform(0, seconds), FaultKind.SUPPLIER_CANCELS, supplier=each)
        for each in CANCELING_SUPPLIERS
    ]
    planned_faults.append(_fault(rng.uniform(0, seconds), FaultKind.SYNC))
    planned_faults.append(
        _fault(seconds - OUTAGE_S + WEBHOOKS_S, FaultKind.SUPPLIER_DOWN)
    )  # until the phase "webhooks"
    mode = rng.choice(WEBHOOK_MODES)
    planned_faults.append(_fault(0.5, FaultKind.WEBHOOK_DELIVERY, mode=mode))
    return _sorted([*planned_faults, *_draw_message_faults(rng, seconds)])


def _draw_message_faults(rng: Random, seconds: float) -> Iterable[PlannedFault]:
    """Yield every fault of mail server, SMS and tracking provider, stores, receiver of events."""
    for kind in MAIL_KINDS:
        yield _fault(rng.uniform(0, seconds), FaultKind.MAIL_FAULT, kind=kind)
    for kind in SMS_KINDS:
        at_s = rng.uniform(0, seconds)
        yield _fault(at_s, FaultKind.SMS_FAULT, path="Messages.json", kind=kind)
    for kind in TRACKER_KINDS:
        at_s, path = rng.uniform(0, seconds), rng.choice(TRACKER_PATHS)
        yield _fault(at_s, FaultKind.TRACKER_FAULT, path=path, kind=kind)
    for kind in MESSAGE_KINDS:
        at_s = rng.uniform(0, seconds)
        yield _fault(at_s, FaultKind.TRACKER_FAULT, path="webhooks", kind=kind)
    for kind in RECEIVER_KINDS:
        yield _fault(rng.uniform(0, seconds), FaultKind.RECEIVER_FAULT, path="*", kind=kind)
    for store in STORES:
        for kind in (*STORE_KINDS, *STORE_KINDS):
            at_s = rng.uniform(0, seconds)
            yield _fault(at_s, FaultKind.STORE_FAULT, store=store, path="*", kind=kind)
        for kind in MESSAGE_KINDS:
            at_s = rng.uniform(0, seconds)
            yield _fault(at_s, FaultKind.STORE_FAULT, store=store, path="webhooks", kind=kind)


def _draw_webhooks(rng: Random, seconds: float) -> tuple[PlannedFault, ...]:
    planned_faults = [_fault(0, FaultKind.WEBHOOK_DELIVERY, mode="out_of_order")]
    planned_faults += [
        _fault(rng.uniform(0, seconds), FaultKind.FORGED_WEBHOOKS, count=40) for _ in range(5)
    ]
    planned_faults += [_fault(seconds * 0.4, FaultKind.CLOCK, seconds=-600.0)]
    planned_faults += [_fault(seconds * 0.8, FaultKind.CLOCK, seconds=600.0)]
    planned_faults.append(_fault(seconds, FaultKind.SUPPLIER_BACK))
    return _sorted(planned_faults)


def _fault(at_s: float, what: FaultKind, **detail: Any) -> PlannedFault:
    return PlannedFault(at_s=round(at_s, 2), what=what, detail=detail)


def _sorted(planned_faults: Iterable[PlannedFault]) -> tuple[PlannedFault, ...]:
    return tuple(sorted(planned_faults, key=lambda planned: planned.at_s))
