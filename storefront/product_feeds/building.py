"""Feed building: find due feeds, write the file of one, replace its last file.

A file is written to a temporary file first. A failed build leaves the last file, and its problem is
shown to staff.
"""

import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.files import File
from django.core.files.storage import storages
from django.db.models import F, Q
from django.utils.translation import gettext, override

from storefront.identity.current import shop_identity
from storefront.product_feeds import formats, products
from storefront.product_feeds.models import ProductFeed, new_key

FOLDER = "product_feeds"
REBUILD_AFTER = timedelta(hours=1)
# Longer than any build: a worker that holds the lease longer has died.
LEASE = timedelta(hours=1)
MAX_PROBLEM = 300


def due_feeds(now: datetime) -> Sequence[int]:
    """Return the ids of active feeds without a recent file, those never built first."""
    return list(
        ProductFeed.objects.filter(
            Q(built_at=None) | Q(built_at__lte=now - REBUILD_AFTER),
            Q(building_until=None) | Q(building_until__lte=now),
            is_active=True,
        )
        .order_by(F("built_at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)
    )


def build(*, feed_id: int, now: datetime) -> bool:
    """Build the file of a feed, unless another worker does; return whether it was built.

    The lease is taken by a guarded UPDATE, so that one worker builds a feed.
    """
    free = Q(building_until=None) | Q(building_until__lte=now)
    leased = ProductFeed.objects.filter(free, pk=feed_id, is_active=True)
    if not leased.update(building_until=now + LEASE):
        return False
    feed = ProductFeed.objects.select_related("channel").get(pk=feed_id)
    try:
        written = _write(feed, now)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"[:MAX_PROBLEM]
        ProductFeed.objects.filter(pk=feed_id).update(problem=problem, building_until=None)
        raise
    rows = ProductFeed.objects.filter(pk=feed_id)
    content = {name: getattr(feed, name) for name in ProductFeed.CONTENT_FIELDS}
    if not rows.filter(**content).update(building_until=None, problem="", **written):
        # Staff have changed its content or deleted it meanwhile: the next build is due at once.
        rows.update(building_until=None)
        delete_file(str(written["file"]))
        return False
    delete_file(feed.file)
    return True


def delete_file(name: str) -> None:
    """Delete the file of a feed; a reader that has opened it can read on."""
    if name:
        storages["private"].delete(name)


def _write(feed: ProductFeed, now: datetime) -> dict[str, object]:
    """Write a new file; return the columns that describe it."""
    started = time.monotonic()
    excluded: Counter[str] = Counter()
    counter = itertools.count()
    with override(feed.language), tempfile.TemporaryFile("w+b") as target:
        items = products.feed_items(
            channel=feed.channel,
            country=feed.country,
            language=feed.language,
            now=now,
            excluded=excluded,
        )

        counted = (item for item, _ in zip(items, counter, strict=False))
        for piece in formats.write(
            counted, target=feed.target, file_type=feed.file_type, heading=_heading(feed)
        ):
            target.write(piece.encode())
        target.seek(0)
        name = storages["private"].save(f"{FOLDER}/{new_key()}.{feed.file_type}", File(target))
    return {
        "file": name,
        "built_at": now,
        "build_seconds": round(time.monotonic() - started),
        "items": next(counter),
        "excluded": dict(excluded),
    }


def _heading(feed: ProductFeed) -> formats.Heading:
    identity = shop_identity()
    return formats.Heading(
        title=identity.name,
        url=products.home_url(feed.channel),
        description=gettext("Products of %(shop)s") % {"shop": identity.name},
    )
