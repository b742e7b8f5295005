"""Say to CJ where his messages go, and of which products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched
from typing import Any

import msgspec

from storefront.lib.http.errors import PermanentError
from suppliers.connectors import parsing
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.error_codes import CapReachedError, Meaning, meaning_of
from suppliers.connectors.cj.schemas import Id, Shape

TOPICS = ("product", "stock", "order", "logistics")
AT_ONCE = 100
PAGE_SIZE = 200
MOST_PAGES = 100


class Agreed(Shape):
    """What became of products that were to be subscribed to."""

    success_product_ids: list[Id] | None = None


class SubscriptionPage(Shape):
    """One page of them; in the words of old and of new lists."""

    content: list[Any] | None = None
    rows: list[Any] | None = msgspec.field(name="list", default=None)


def listen(wire: Wire, url: str) -> None:
    """Have all topics sent to ``url``; he tries the address before he agrees.

    Raises: PermanentError  he does not reach it, or does not like it
    """
    present = wire.settings().callback or {}
    if all(topic in present and present[topic].urls == [url] for topic in TOPICS):
        return
    wish = {topic: {"type": "ENABLE", "callbackUrls": [url]} for topic in TOPICS}
    try:
        wire.post("webhook/set", Any, wish)
    except PermanentError as error:
        if not error.code.isdecimal() or meaning_of(int(error.code)) is not Meaning.KNOWN:
            raise


def subscribed(wire: Wire) -> frozenset[str]:
    found: set[str] = set()
    for number in range(1, MOST_PAGES + 1):
        page = wire.patiently(
            "webhook/product/subscribe/list", SubscriptionPage, pageNum=number, pageSize=PAGE_SIZE
        )
        rows = page.content or page.rows or []
        found |= {ref for row in rows if (ref := _ref(row))}
        if len(rows) < PAGE_SIZE:
            break
    return frozenset(found)


def _ref(row: Any) -> str:
    if isinstance(row, dict):
        return parsing.text(row.get("productId") or row.get("pid"))
    return parsing.text(row)


def subscribe(wire: Wire, refs: Sequence[str]) -> list[str]:
    """Ask for messages of these products; stop where the account's level ends."""
    agreed: list[str] = []
    for chunk in batched(refs, AT_ONCE):
        try:
            told = wire.post("webhook/product/subscribe", Agreed, {"productIds": list(chunk)})
        except CapReachedError:
            break
        agreed += [parsing.text(each) for each in told.success_product_ids or ()]
    return agreed


def unsubscribe(wire: Wire, refs: Sequence[str]) -> None:
    for chunk in batched(refs, AT_ONCE):
        wire.post("webhook/product/unsubscribe", Any, {"productIds": list(chunk)})
