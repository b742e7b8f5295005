"""Search scenario: time product lists for rare words, common words, filters and sort orders."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.http import QueryDict

from catalog.models import Channel
from catalog.search import card_index, product_list
from catalog.search.filters import ProductFilter

ROUNDS = 40
COMMON = """
SELECT word, ndoc FROM ts_stat('SELECT search FROM catalog_productcard WHERE product_id < {stride}')
WHERE word ~ '^[a-z]{{4,}}$' ORDER BY ndoc DESC, word
"""
# Share of all cards that a word should match; the nearest word is used.
SHARES = (0.67, 0.33, 0.125, 0.025, 0.0)
# Words that are recognized as filters, several filters, and sort orders.
FILTERED = (
    *("q=usb-c", "q=waterproof", "q=waterproof headlamp under 100 g"),
    *("f=clip&sort=price", "f=clip&f=magnet&power=18650&sort=lumens"),
    *("price_min=20&price_max=60&sort=newest", "in_stock=1&sort=weight&page=5"),
    *("from=CN&sort=runtime", "lm=300-1000&water=jets&unknown=water&sort=beam"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTime:
    """Milliseconds that one list took, database and Python together, over all rounds."""

    query: str
    hits: int
    first_ms: float
    p95_ms: float

    @property
    def line(self) -> str:
        return (
            f"{self.query:<44} {self.hits:>7,} found: first {self.first_ms:7.1f} ms,"
            f" p95 {self.p95_ms:7.1f} ms"
        )


def measure(
    *, channel: Channel, now: datetime, stride: int, say: Callable[[str], None]
) -> list[ListTime]:
    """Load lists for rare words, common words and filters, in turn, with all facets counted.

    Words come from products with an id below ``stride``, because the other products are copies.
    """
    began = time.perf_counter()
    with card_index.locked_index(channel.pk) as index:
        loaded = len(index.cards)
    say(f"{loaded:,} cards loaded into memory in {time.perf_counter() - began:.2f} s")
    queries = queries_below(stride)
    spent: dict[str, list[float]] = {query: [] for query in queries}
    hits: dict[str, int] = {}
    for _ in range(ROUNDS):
        for query in queries:
            took, hits[query] = _search(query, channel=channel, now=now)
            spent[query].append(took)
    found = [
        ListTime(
            query=query,
            hits=hits[query],
            first_ms=times[0],
            p95_ms=sorted(times)[int(len(times) * 0.95)],
        )
        for query, times in spent.items()
    ]
    for each in found:
        say(each.line)
    return found


def queries_below(stride: int) -> list[str]:
    """Return queries with words, words that are recognized as filters, filters, and sort orders."""
    return [*(f"q={text}" for text in _words(stride)), *FILTERED]


def _words(stride: int) -> Sequence[str]:
    with connection.cursor() as cursor:
        cursor.execute(COMMON.format(stride=stride))
        known = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM catalog_productcard WHERE product_id < %s", [stride])
        ((total,),) = cursor.fetchall()
    chosen = [min(known, key=lambda row: abs(row[1] / total - share))[0] for share in SHARES]
    return list(dict.fromkeys([*chosen, " ".join(chosen[:2])]))


def _search(query: str, *, channel: Channel, now: datetime) -> tuple[float, int]:
    began = time.perf_counter()
    found = product_list.load_page(
        channel=channel,
        query=ProductFilter.from_params(QueryDict(query)),
        country=channel.default_country,
        now=now,
    )
    return (time.perf_counter() - began) * 1000, found.total
