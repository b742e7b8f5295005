"""Chaos plan: draw customers and faults from a seed, the same ones each time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random
from typing import Any

SHOPPERS = 6
HOT_RATE = 0.4
LATEST_TURN = 5  # latest pass at which a failpoint kills
AWAY_S = 10.0  # the final supplier outage, whose backlog is timed
LETTERS_S = 4.0
HANGING_CALLS, HANG_S = 4, 6.0  # one per thread of the web server
GREEDY_ORDERS = 14  # from one network
LONELY = 1  # the product with one location only
EMPTIED, EMPTIABLE = 1, 4  # products that sell out at CJ; their customers come first
BESIDE_RATE = 0.4  # of carts with a second product
RARE = ("claim.", "auditing.", "rerouting.")  # the first pass kills
SUPPLIER_PATHS = ("createOrderV2", "getOrderDetail", "freightCalculate", "queryByVid")
REFUSERS = ("cj", "bigbuy")
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
POSTING_MODES = ("duplicate", "out_of_order", "bad_signature", "lost", "delayed")


class What(StrEnum):
    """The kinds of faults."""

    SUPPLIER_FAULT = "supplier fault"
    SUPPLIER_DOWN = "supplier down"
    SUPPLIER_BACK = "supplier back"
    GATEWAY_FAULT = "gateway fault"
    SYNC = "sync"  # of stock lists
    REFUSAL = "refusal"  # a supplier cancels an order that it accepted
    POSTING = "posting"
    WORKER_CHILD = "worker child"
    WORKER = "worker"
    WEB = "web"
    BEAT = "beat"
    FLUSH = "flush"
    REDIS = "redis"
    POSTGRES = "postgres"
    LETTERS = "letters"
    CLOCK = "clock"
    SAME_KEY = "same key"  # fifty requests at once
    SOLD_OUT = "sold out"  # elsewhere, without a notice of the supplier
    GATEWAY_HANGS = "gateway hangs"  # product pages are requested meanwhile
    REDIS_HANGS = "redis hangs"
    NETWORK = "one network"  # orders repeatedly without a cookie, and never pays


class Way(StrEnum):
    """How a customer's payment ends."""

    PAYS = "pays"
    LATE = "late"  # pays, but does not return to the shop
    DECLINED = "declined"
    LEAVES = "leaves"  # at the gateway's page


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """One fault, and when it happens after the start of its phase."""

    at_s: float
    what: What
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one customer buys; ``goods`` is the index of a product, 0 the hot one.

    ``beside`` is another product in the same cart, possibly the same one; 0 is none.
    """

    goods: int
    way: Way
    beside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Customers, and the faults during their purchases."""

    name: str
    wishes: Sequence[Wish]
    at_most_s: float  # no purchase begins later
    blows: Sequence[Blow] = ()
    is_armed: bool = False  # whether failpoints kill from here on


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All events of one run, and at which pass each failpoint kills."""

    seed: int
    phases: Sequence[Phase]
    failpoints: Mapping[str, int]


def plan(seed: int, *, failpoints: Iterable[str], variety: int) -> Plan:
    """Draw a plan from the seed."""
    luck = Random(seed)
    turns = {name: luck.randint(1, LATEST_TURN) for name in sorted(failpoints)}
    turns |= {name: 1 for name in turns if name.startswith(RARE)}
    base, misery = wishes(luck, 24, variety), wishes(luck, 40, variety)
    emptied = _most_wished(misery)
    sold_out = [_blow(0, What.SOLD_OUT, goods=goods) for goods in emptied]
    misery = tuple(sorted(misery, key=lambda one: one.goods not in emptied))  # emptied ones first
    phases = (
        Phase(name="base", wishes=base, at_most_s=8),
        Phase(name="hangs", wishes=wishes(luck, 12, variety), at_most_s=8, blows=_hangs()),
        Phase(
            name="misery",
            wishes=misery,
            at_most_s=9,
            blows=_sorted([*_misery(luck, 8), *_lists(luck, 8), *sold_out]),
            is_armed=True,  # the web server dies often, and needs time to restart
        ),
        Phase(name="kills", wishes=wishes(luck, 44, variety), at_most_s=15, blows=_kills(luck, 11)),
        Phase(
            name="letters",
            wishes=wishes(luck, 16, variety),
            at_most_s=5,
            blows=_letters(luck, LETTERS_S),
        ),
    )
    return Plan(seed=seed, phases=phases, failpoints=turns)


def deaths_only(seed: int, *, failpoints: Iterable[str], variety: int) -> Plan:
    """Kill a process at the first pass of each failpoint, without other faults.

    One product sells out at its location: otherwise no order is rerouted. Every third customer
    buys it, before the others.
    """
    wanted = [
        replace(one, way=Way.PAYS, goods=LONELY) if turn % 3 == 0 else one
        for turn, one in enumerate(wishes(Random(seed), 24, variety))
    ]
    blows = (_blow(0, What.SOLD_OUT, goods=LONELY),)
    phase = Phase(name="deaths", wishes=wanted, at_most_s=40, blows=blows, is_armed=True)
    return Plan(seed=seed, phases=(phase,), failpoints=dict.fromkeys(sorted(failpoints), 1))


def wishes(luck: Random, count: int, variety: int) -> tuple[Wish, ...]:
    ways = luck.choices(list(Way), weights=(16, 2, 1, 1), k=count)
    return tuple(
        Wish(
            goods=0 if luck.random() < HOT_RATE else luck.randrange(1, variety),
            beside=luck.randrange(1, variety) if luck.random() < BESIDE_RATE else 0,
            way=way,
        )
        for way in ways
    )


def _hangs() -> tuple[Blow, ...]:
    """Return hangs, one after the other, without other faults."""
    return (
        _blow(0, What.GATEWAY_HANGS, count=HANGING_CALLS, seconds=HANG_S),
        _blow(HANG_S, What.NETWORK, orders=GREEDY_ORDERS),
        _blow(HANG_S + 1, What.REDIS_HANGS, seconds=2.0),
    )


def _misery(luck: Random, seconds: float) -> tuple[Blow, ...]:
    """Return every fault of an API supplier once or twice, and faults of the gateway."""
    kinds = [kind for kind in SUPPLIER_KINDS for _ in range(luck.randint(1, 2))]
    blows = [
        _blow(
            luck.uniform(0, seconds * 0.6),
            What.SUPPLIER_FAULT,
            path=luck.choices(SUPPLIER_PATHS, weights=(6, 2, 1, 1))[0],
            kind=kind,
            delay=round(luck.uniform(0.3, 2), 2),
        )
        for kind in kinds
    ]
    blows += [
        _blow(
            luck.uniform(0, seconds),
            What.SUPPLIER_FAULT,
            supplier="bigbuy",
            path=luck.choice(BIGBUY_PATHS),
            kind=kind,
        )
        for kind in BIGBUY_KINDS
    ]
    blows += [
        _blow(luck.uniform(0, 2), What.SUPPLIER_FAULT, path="webhooks", kind=kind, count=3, every=2)
        for kind in MESSAGE_KINDS
    ]
    blows += [
        _blow(
            luck.uniform(0, seconds),
            What.GATEWAY_FAULT,
            path=luck.choice(GATEWAY_CALLS),
            kind=kind,
            seconds=round(luck.uniform(0.5, 2), 2),
        )
        for kind in GATEWAY_KINDS
    ]
    modes = luck.sample(POSTING_MODES, len(POSTING_MODES))
    step = seconds / len(modes)
    blows += [_blow(step * turn, What.POSTING, mode=mode) for turn, mode in enumerate(modes)]
    return _sorted(blows)


def _lists(luck: Random, seconds: float) -> Iterable[Blow]:
    """Yield faults of stock lists, and syncs to read them."""
    for supplier, path in LISTS.items():
        for kind in luck.sample(LIST_KINDS, 2):
            yield _blow(0, What.SUPPLIER_FAULT, supplier=supplier, path=path, kind=kind)
    yield from (_blow(luck.uniform(0, seconds), What.SYNC) for _ in range(2))


def _most_wished(wishes: Iterable[Wish]) -> tuple[int, ...]:
    """Return the product that most customers buy, without the hot one."""
    able = (one.goods for one in wishes if one.way is Way.PAYS and 0 < one.goods < EMPTIABLE)
    return tuple(goods for goods, _ in Counter(able).most_common(EMPTIED))


def _kills(luck: Random, seconds: float) -> tuple[Blow, ...]:
    count = int(seconds / 0.65)
    blows = [_blow(luck.uniform(0, seconds), What.WORKER_CHILD) for _ in range(count)]
    for what, times in ((What.WEB, 1), (What.WORKER, 1), (What.BEAT, 1), (What.FLUSH, 2)):
        blows += [_blow(luck.uniform(1, seconds), what) for _ in range(times)]
    blows.append(_blow(luck.uniform(seconds * 0.2, seconds * 0.5), What.REDIS))
    blows.append(_blow(luck.uniform(seconds * 0.5, seconds * 0.8), What.POSTGRES))
    blows.append(_blow(luck.uniform(0, seconds * 0.3), What.SAME_KEY))
    blows += [_blow(luck.uniform(0, seconds), What.REFUSAL, supplier=each) for each in REFUSERS]
    blows.append(_blow(luck.uniform(0, seconds), What.SYNC))
    blows.append(_blow(seconds - AWAY_S + LETTERS_S, What.SUPPLIER_DOWN))  # until phase letters
    mode = luck.choice(POSTING_MODES)
    return _sorted([*blows, _blow(0.5, What.POSTING, mode=mode)])


def _letters(luck: Random, seconds: float) -> tuple[Blow, ...]:
    blows = [_blow(0, What.POSTING, mode="out_of_order")]
    blows += [_blow(luck.uniform(0, seconds), What.LETTERS, count=40) for _ in range(5)]
    blows += [_blow(seconds * 0.4, What.CLOCK, seconds=-600.0)]
    blows += [_blow(seconds * 0.8, What.CLOCK, seconds=600.0)]
    blows.append(_blow(seconds, What.SUPPLIER_BACK))
    return _sorted(blows)


def _blow(at_s: float, what: What, **detail: Any) -> Blow:
    return Blow(at_s=round(at_s, 2), what=what, detail=detail)


def _sorted(blows: Iterable[Blow]) -> tuple[Blow, ...]:
    return tuple(sorted(blows, key=lambda blow: blow.at_s))
