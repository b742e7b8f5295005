"""Simulation scenario: draw orders and events from a seed, the same ones for every shop."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

HOUR_S, DAY_S = 3_600.0, 86_400.0
ARTICLES = 200
PER_DAY = 500  # orders of the shop; other buyers place as many again
FEED_S = 1_800.0
WEBHOOK_SHARE, LOST_WEBHOOKS, LATE_WEBHOOKS = 0.25, 0.2, 0.2
OUTAGE_S, LOST_FEEDS = 6 * HOUR_S, 0.04

# Shares of orders

UNPAID, SENT_AT_ONCE, ANSWERED_AT_ONCE, REFUSED = 0.03, 0.9, 0.9, 0.03
CANCELED_SOON, CANCELED = 0.04, 0.1  # the second share includes the first
RESTOCKED = 0.7  # of the canceled orders that the supplier had subtracted from its stock


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order, and what happens to it unless other events interfere.

    Units: ``at_s`` is seconds since the start; the others are seconds after an earlier step
    """

    number: int
    at_s: float
    sku: str
    quantity: int
    pays_after_s: float | None  # None: never
    sent_after_s: float
    answered_after_s: float  # after sending: when the shop gets the supplier's answer
    is_refused: bool
    canceled_after_s: float | None  # after payment; None: never
    ships_after_s: float
    shipment_reported_after_s: float  # after the shipment: when the webhook arrives
    restocked_after_s: float | None  # after cancellation; None: the supplier never restocks it


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalEvent:
    """An event that the shop does not cause."""

    at_s: float
    what: str  # outside, restock, count, export, feed
    sku: str = ""
    quantity: int = 0
    is_lost: bool = False
    webhook_after_s: float | None = None  # None: no webhook arrives


class Script:
    """Generate the days of one seed; each kind of event has its own random generator."""

    def __init__(
        self, *, orders: int, seed: int, articles: int = ARTICLES, per_day: int = PER_DAY
    ) -> None:
        self.seed, self.orders, self._per_day = seed, orders, per_day
        self.days = orders / per_day
        self.skus = [f"A{place:03}" for place in range(articles)]
        shares = [1 / (place + 8) for place in range(articles)]  # a few products sell often
        self._shares = [share / sum(shares) for share in shares]
        self._cumulated = list(accumulate(self._shares))

    @property
    def ends_s(self) -> float:
        return self.days * DAY_S

    def first_stock(self) -> dict[str, int]:
        rng = self._rng("stock")
        return {
            sku: self._delivery(share, rng)
            for sku, share in zip(self.skus, self._shares, strict=True)
        }

    def planned_orders(self) -> Iterator[PlannedOrder]:
        rng = self._rng("wishes")
        for number, at_s in enumerate(sorted(self._moments(rng, self.orders)), 1):
            draw = rng.random()
            yield PlannedOrder(
                number=number,
                at_s=at_s,
                sku=self._sku(rng),
                quantity=rng.choices((1, 2, 3), (85, 12, 3))[0],
                pays_after_s=None if rng.random() < UNPAID else rng.uniform(20, 600),
                sent_after_s=rng.uniform(2, 60)
                if rng.random() < SENT_AT_ONCE
                else rng.uniform(60, 7200),
                answered_after_s=rng.uniform(1, 30)
                if rng.random() < ANSWERED_AT_ONCE
                else rng.uniform(
                    300, 3 * HOUR_S
                ),  # the answer was lost, and the supplier is asked again
                is_refused=rng.random() < REFUSED,
                canceled_after_s=rng.uniform(1, 600)
                if draw < CANCELED_SOON
                else rng.uniform(600, 20 * HOUR_S)
                if draw < CANCELED
                else None,
                ships_after_s=rng.uniform(5 * HOUR_S, 50 * HOUR_S),
                shipment_reported_after_s=rng.uniform(30, 3_000),
                restocked_after_s=rng.uniform(60, 5 * HOUR_S) if rng.random() < RESTOCKED else None,
            )

    def external_events(self, *, export_s: float, counts: bool) -> Iterator[ExternalEvent]:
        rng = self._rng("outside")
        for at_s in self._moments(rng, self.orders):
            quantity = rng.choices((1, 2, 4), (80, 15, 5))[0]
            yield ExternalEvent(
                at_s=at_s,
                what="outside",
                sku=self._sku(rng),
                quantity=quantity,
                webhook_after_s=self._webhook_delay(rng),
            )
        rng = self._rng("restock")
        for sku, share in zip(self.skus, self._shares, strict=True):
            at_s = rng.uniform(0, 3 * DAY_S)
            while at_s < self.ends_s:
                quantity = self._delivery(share, rng)
                yield ExternalEvent(
                    at_s=at_s,
                    what="restock",
                    sku=sku,
                    quantity=quantity,
                    webhook_after_s=self._webhook_delay(rng),
                )
                at_s += rng.uniform(1 * DAY_S, 5 * DAY_S)
        for beat, every_s in (("export", export_s), ("count", 2 * DAY_S)):
            if beat == "export" or counts:
                at_s = every_s
                while at_s < self.ends_s:
                    yield ExternalEvent(at_s=at_s + (beat == "count") * 7_321, what=beat)
                    at_s += every_s
        rng = self._rng("feed")
        dead_from_s, at_s = self.ends_s * 0.6, FEED_S
        while at_s < self.ends_s:
            is_dead = dead_from_s < at_s < dead_from_s + OUTAGE_S
            yield ExternalEvent(
                at_s=at_s, what="feed", is_lost=is_dead or rng.random() < LOST_FEEDS
            )
            at_s += FEED_S * rng.uniform(0.8, 1.2)

    def _webhook_delay(self, rng: random.Random) -> float | None:
        """Draw the delay of a stock webhook. None: it was not sent, or was lost."""
        draw = rng.random()
        if draw > WEBHOOK_SHARE * (1 - LOST_WEBHOOKS):
            return None
        return (
            rng.uniform(HOUR_S, 3 * HOUR_S) if rng.random() < LATE_WEBHOOKS else rng.uniform(1, 5)
        )

    def _delivery(self, share: float, rng: random.Random) -> int:
        """Draw the units of one delivery: about three days of sales, so that many sell out."""
        return max(1, round(share * self._per_day * 2 * 1.3 * rng.uniform(1.5, 4)))

    def _moments(self, rng: random.Random, count: int) -> list[float]:
        return [rng.uniform(60, self.ends_s - HOUR_S) for _ in range(count)]

    def _sku(self, rng: random.Random) -> str:
        return rng.choices(self.skus, cum_weights=self._cumulated)[0]

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}:{what}")  # noqa: S311 - not a secret
