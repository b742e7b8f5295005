"""Simulation scenario: draw orders and events from a seed, the same ones for every shop."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

HOUR_S, DAY_S = 3_600.0, 86_400.0
ARTICLES = 200
PER_DAY = 500  # orders of the shop; other buyers take as much again
FEED_S = 1_800.0
NEWS_SHARE, LOST_NEWS, LATE_NEWS = 0.25, 0.2, 0.2
OUTAGE_S, LOST_FEEDS = 6 * HOUR_S, 0.04
# Shares of orders: never paid, sent at once, answered at once, rejected, canceled soon or later,
# and of canceled orders that the supplier had subtracted, restocked.
UNPAID, SENT, ANSWERED, REFUSED, SOON, CANCELED, BOOKED_BACK = 0.03, 0.9, 0.9, 0.03, 0.04, 0.1, 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One order, and everything that happens to it unless other events interfere.

    Units: seconds since the start, or after the previous step.
    """

    number: int
    at_s: float
    sku: str
    quantity: int
    pays_after_s: float | None  # None: never
    sent_after_s: float
    heard_after_s: float  # its answer, from the moment the supplier has the order
    is_refused: bool
    canceled_after_s: float | None  # from payment; the supplier is asked if it has the order
    ships_after_s: float
    told_after_s: float  # shipment webhook, from the shipment on
    booked_back_after_s: float | None  # None: the supplier never restocks it


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event that the shop does not cause."""

    at_s: float
    what: str  # outside, restock, count, export, feed
    sku: str = ""
    quantity: int = 0
    is_lost: bool = False
    news_after_s: float | None = None  # None: no webhook


class Script:
    """Generate the days of one seed; each kind of event has its own random generator."""

    def __init__(
        self, *, orders: int, seed: int, articles: int = ARTICLES, per_day: int = PER_DAY
    ) -> None:
        self.seed, self.orders, self._per_day = seed, orders, per_day
        self.days = orders / per_day
        self.skus = [f"A{place:03}" for place in range(articles)]
        shares = [
            1 / (place + 8) for place in range(articles)
        ]  # a few products sell often, most rarely
        self._shares = [share / sum(shares) for share in shares]
        self._cumulated = list(accumulate(self._shares))

    @property
    def ends_s(self) -> float:
        return self.days * DAY_S

    def first_stock(self) -> dict[str, int]:
        dice = self._dice("stock")
        return {
            sku: self._delivery(share, dice)
            for sku, share in zip(self.skus, self._shares, strict=True)
        }

    def wishes(self) -> Iterator[Wish]:
        dice = self._dice("wishes")
        for number, at_s in enumerate(sorted(self._moments(dice, self.orders)), 1):
            luck = dice.random()
            yield Wish(
                number=number,
                at_s=at_s,
                sku=self._sku(dice),
                quantity=dice.choices((1, 2, 3), (85, 12, 3))[0],
                pays_after_s=None if dice.random() < UNPAID else dice.uniform(20, 600),
                sent_after_s=dice.uniform(2, 60)
                if dice.random() < SENT
                else dice.uniform(60, 7200),
                heard_after_s=dice.uniform(1, 30)
                if dice.random() < ANSWERED
                else dice.uniform(
                    300, 3 * HOUR_S
                ),  # the answer was lost, and the supplier is asked again
                is_refused=dice.random() < REFUSED,
                canceled_after_s=dice.uniform(1, 600)
                if luck < SOON
                else dice.uniform(600, 20 * HOUR_S)
                if luck < CANCELED
                else None,
                ships_after_s=dice.uniform(5 * HOUR_S, 50 * HOUR_S),
                told_after_s=dice.uniform(30, 3_000),
                booked_back_after_s=dice.uniform(60, 5 * HOUR_S)
                if dice.random() < BOOKED_BACK
                else None,
            )

    def happenings(self, *, export_s: float, counts: bool) -> Iterator[Happening]:
        dice = self._dice("outside")
        for at_s in self._moments(dice, self.orders):
            quantity = dice.choices((1, 2, 4), (80, 15, 5))[0]
            yield Happening(
                at_s=at_s,
                what="outside",
                sku=self._sku(dice),
                quantity=quantity,
                news_after_s=self._news(dice),
            )
        dice = self._dice("restock")
        for sku, share in zip(self.skus, self._shares, strict=True):
            at_s = dice.uniform(0, 3 * DAY_S)
            while at_s < self.ends_s:
                quantity = self._delivery(share, dice)
                yield Happening(
                    at_s=at_s,
                    what="restock",
                    sku=sku,
                    quantity=quantity,
                    news_after_s=self._news(dice),
                )
                at_s += dice.uniform(1 * DAY_S, 5 * DAY_S)
        for beat, every_s in (("export", export_s), ("count", 2 * DAY_S)):
            if beat == "export" or counts:
                at_s = every_s
                while at_s < self.ends_s:
                    yield Happening(at_s=at_s + (beat == "count") * 7_321, what=beat)
                    at_s += every_s
        dice = self._dice("feed")
        dead_from_s, at_s = self.ends_s * 0.6, FEED_S
        while at_s < self.ends_s:
            is_dead = dead_from_s < at_s < dead_from_s + OUTAGE_S
            yield Happening(at_s=at_s, what="feed", is_lost=is_dead or dice.random() < LOST_FEEDS)
            at_s += FEED_S * dice.uniform(0.8, 1.2)

    def _news(self, dice: random.Random) -> float | None:
        """Return the delay of a shipment webhook: some are late, None is lost."""
        luck = dice.random()
        if luck > NEWS_SHARE * (1 - LOST_NEWS):
            return None
        return dice.uniform(HOUR_S, 3 * HOUR_S) if dice.random() < LATE_NEWS else dice.uniform(1, 5)

    def _delivery(self, share: float, dice: random.Random) -> int:
        """Deliver about three days of sales, so that many products sell out."""
        return max(1, round(share * self._per_day * 2 * 1.3 * dice.uniform(1.5, 4)))

    def _moments(self, dice: random.Random, count: int) -> list[float]:
        return [dice.uniform(60, self.ends_s - HOUR_S) for _ in range(count)]

    def _sku(self, dice: random.Random) -> str:
        return dice.choices(self.skus, cum_weights=self._cumulated)[0]

    def _dice(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}:{what}")  # noqa: S311 - a play, no secret
