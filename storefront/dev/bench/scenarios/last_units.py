"""Last units scenario: let 200 buyers order the last 50 units at the same moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from storefront.dev.bench.harness import buyers, checkout_script
from storefront.dev.bench.harness.buyers import Goods
from storefront.dev.bench.harness.scripted_load import Walks, walk
from storefront.dev.bench.scenarios.checkout import Place
from storefront.lib.http.client import ApiClient
from suppliers.models import StockLevel

BUYERS, STOCK = 200, 50
ROUNDS = 3
GIVE_UP_S = 30.0


class Race(NamedTuple):
    """One round of ``Rush``."""

    sold: int
    refused: int
    held: int
    seconds: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """The results of all rounds of the shop, or of the bare sale.

    Shape: one value per round.
    """

    what: str
    sold: Sequence[int]
    refused: Sequence[int]
    held: Sequence[int]  # according to the database
    seconds: Sequence[float]  # until the last response
    cpu_s: Sequence[float]  # of the web server and its queries

    @property
    def oversold(self) -> int:
        return max(max(held, sold) - STOCK for held, sold in zip(self.held, self.sold, strict=True))

    @property
    def words(self) -> str:
        return (
            f"{BUYERS} at once for {STOCK}, {self.what:<10} sold {list(self.sold)},"
            f" refused {list(self.refused)}, all answered in {median(self.seconds) * 1000:.0f} ms"
        )


def measure(place: Place, *, say: Callable[[str], None]) -> list[Rush]:
    """Let all buyers order one row of the bare sale, then one light; other ones in each round.

    Raises: NotRealError, BadAnswerError: a response was not as expected.
    """
    rounds: dict[str, list[Race]] = {"bare": [], "shop": []}
    for turn, wanted in enumerate(_alone(place)[:ROUNDS]):
        rounds["bare"].append(_bare(place, turn + 1))
        rounds["shop"].append(_shop(place, wanted))
    found = []
    for what, some in rounds.items():
        names = dict(zip(Race._fields, zip(*some, strict=True), strict=True))
        found.append(Rush(what=what, **names))
        say(found[-1].words)
    return found


def _alone(place: Place) -> list[Goods]:
    """Return products that are in one location only."""
    return [
        each
        for each in place.goods
        if StockLevel.objects.filter(offer__variant=each.variant_id).count() == 1
    ]


def _bare(place: Place, row: int) -> Race:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bench_stock SET available = %s WHERE id = %s", [STOCK, row])
    scripts = [checkout_script.bare(place.bare.port, row) for _ in range(BUYERS)]
    before = place.bare.cpu()
    walks = walk(scripts, at_once=BUYERS, seconds=GIVE_UP_S)
    cpu_s = place.bare.cpu().since(before).whole_s
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s - available FROM bench_stock WHERE id = %s", [STOCK, row])
        (held,) = cursor.fetchone()
    sold = sum(each.result for each in walks.walked)
    return Race(sold, len(walks.walked) - sold, held, walks.seconds, cpu_s)


def _shop(place: Place, wanted: Goods) -> Race:
    level = StockLevel.objects.select_related("offer", "location").get(
        offer__variant=wanted.variant_id
    )
    buyers.stock(wanted.variant_id, STOCK)
    level.refresh_from_db()
    _tell_supplier(level)
    now = timezone.now()
    filled = buyers.ready(place.channel, [wanted], count=BUYERS, now=now)
    scripts = [checkout_script.order(place.shop, each) for each in filled]
    before = place.web.cpu()
    walks: Walks[str] = walk(scripts, at_once=BUYERS, seconds=GIVE_UP_S)
    cpu_s = place.web.cpu().since(before).whole_s
    sold = [each.result for each in walks.walked if each.result]
    buyers.insist_held(sold)
    held = StockLevel.objects.get(pk=level.pk).reserved - level.reserved
    return Race(len(sold), len(walks.walked) - len(sold), held, walks.seconds, cpu_s)


def _tell_supplier(level: StockLevel) -> None:
    """Set the same stock at the supplier, because the shop checks the last units live."""
    with ApiClient(settings.SANDBOX_SUPPLIER_URL) as control:
        wish = {"vid": level.offer.supplier_sku, "warehouse": level.location.code}
        body = {**wish, "quantity": level.reported_quantity, "silent": True}
        control.post("/control/stock", body)
