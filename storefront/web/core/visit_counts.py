"""Visit counts: mark pages that count, count them for browsers, also if they come from the cache.

Nothing of a visitor is stored: no cookie, address or identifier, only a number for each day and
channel. A page that was reloaded counts twice. Bots that name themselves are left out.
"""

import re
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from catalog.markets import visit_counters
from catalog.markets.middleware import request_market
from catalog.markets.visit_counters import Step

MAX_TEXT = 60
_BOT = re.compile(
    r"bot|crawl|spider|slurp|preview|monitor|check|http|curl|wget|python|java/|headless"
)
# An e-mail address, or a number that may be a phone number.
_PERSONAL = re.compile(r"@|\d(?:\W{0,2}\d){6}")


class Mark(NamedTuple):
    """What a page counts as: a step, or a search text without results."""

    step: Step | None = None
    search: str = ""


PRODUCT_VIEW, NEW_CART, NEW_CHECKOUT = Mark(Step.VIEW), Mark(Step.CART), Mark(Step.CHECKOUT)


def mark(response: HttpResponse, what: Mark | None) -> HttpResponse:
    """Make a response count each time it is sent, also from the page cache."""
    response.visit_mark = what  # type: ignore[attr-defined]
    return response


def mark_of(response: HttpResponse) -> Mark | None:
    return getattr(response, "visit_mark", None)


def empty_search(text: str) -> Mark:
    """Return the mark of a search without results; empty if the text may be personal."""
    text = " ".join(text.casefold().split())[:MAX_TEXT]
    return Mark() if _PERSONAL.search(text) else Mark(search=text)


def count_page(request: HttpRequest, response: HttpResponse) -> None:
    """Count a page that is marked."""
    if what := mark_of(response):
        count(request, what)


def count(request: HttpRequest, what: Mark) -> None:
    """Count a step or search for the market of the request, unless a bot made it."""
    market = request_market(request)
    if market is None or not is_browser(request):
        return
    day, channel_id = timezone.localdate(), market.channel_id
    if what.step:
        visit_counters.add(what.step, channel_id=channel_id, day=day)
    if what.search:
        visit_counters.add_search(what.search, channel_id=channel_id, day=day)


def is_browser(request: HttpRequest) -> bool:
    """Return whether a person seems to look at the page, by the headers of the request."""
    agent = request.headers.get("User-Agent", "").lower()
    is_ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
    return agent.startswith("mozilla/") and not _BOT.search(agent) and not is_ahead
