"""Ask what foreign money is worth, where somebody said who tells."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from catalog.exchange_rates import rates
from storefront.lib.http.download import download

ACTOR = "fetch of rates"
MAX_BYTES = 1_000_000


def fetch(*, now: datetime) -> dict[str, int]:
    """Fetch the daily list of ``RATES_URL`` and take it in; without an address, do nothing.

    Raises: OutsideError          it cannot be fetched, now or at all
            UnreadableRatesError  it is no such list
            FutureRateError       it is of a day that has not come
    """
    url = settings.RATES_URL
    if not url:
        return {}
    content = download(url, max_bytes=MAX_BYTES).content
    source = urlsplit(url).hostname or "?"
    return rates.take_in_daily(content=content, source=source, actor=ACTOR, now=now)
