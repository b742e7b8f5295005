"""Search scenario: measure the database time of searches for rare and common words."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.models import Channel
from catalog.search import product_list
from catalog.search.filters import ProductFilter

ROUNDS = 40
COMMON = """
SELECT word, ndoc FROM ts_stat('SELECT search FROM catalog_productcard WHERE id < {stride}')
WHERE word ~ '^[a-z]{{4,}}$' ORDER BY ndoc DESC, word
"""
# Share of all cards that a word should match; the nearest word is used.
SHARES = (0.67, 0.33, 0.125, 0.025, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The database time of one search, over all rounds, in milliseconds."""

    words: str
    hits: int
    first_ms: float
    p95_ms: float

    @property
    def line(self) -> str:
        return (
            f"{self.words:<24} {self.hits:>7,} found: first {self.first_ms:7.1f} ms,"
            f" p95 {self.p95_ms:7.1f} ms"
        )


def measure(
    *, channel: Channel, now: datetime, stride: int, say: Callable[[str], None]
) -> list[Search]:
    """Search for words of all frequencies, in turn, with all facets counted."""
    texts = _words(stride)
    spent: dict[str, list[float]] = {text: [] for text in texts}
    hits: dict[str, int] = {}
    for _ in range(ROUNDS):
        for text in texts:
            took, hits[text] = _search(text, channel=channel, now=now)
            spent[text].append(took)
    found = [
        Search(
            words=text,
            hits=hits[text],
            first_ms=times[0],
            p95_ms=sorted(times)[int(len(times) * 0.95)],
        )
        for text, times in spent.items()
    ]
    for each in found:
        say(each.line)
    return found


def _words(stride: int) -> Sequence[str]:
    with connection.cursor() as cursor:
        cursor.execute(COMMON.format(stride=stride))
        known = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM catalog_productcard WHERE id < %s", [stride])
        ((total,),) = cursor.fetchall()
    chosen = [min(known, key=lambda row: abs(row[1] / total - share))[0] for share in SHARES]
    return list(dict.fromkeys([*chosen, " ".join(chosen[:2])]))


def _search(text: str, *, channel: Channel, now: datetime) -> tuple[float, int]:
    spent = 0.0

    def timed(execute: Any, *args: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(*args)
        finally:
            spent += time.perf_counter() - began

    with connection.execute_wrapper(timed):
        found = product_list.load_page(
            channel=channel,
            query=ProductFilter(search_text=text),
            country=channel.default_country,
            now=now,
        )
    return spent * 1000, found.total
