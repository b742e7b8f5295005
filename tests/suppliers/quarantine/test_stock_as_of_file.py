"""Stock of files: a figure is as old as its file, however often the file is read."""

from datetime import timedelta

import pytest
from django.utils import timezone

from suppliers.connections import file_sources
from suppliers.connectors.feed.fetch import UNKNOWN_AGE, FileAge, age_from_headers, age_from_mtime
from suppliers.models import StockLevel, SyncRun
from suppliers.quarantine import review
from tests.factories.feeds import NOON, sync
from tests.fakes.feed_sandbox import connect_feed

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SPEC = {"fields": {name: {"column": name} for name in ("sku", "title", "cost", "stock")}}
ROWS = [f"A-{number},Lamp {number},9.10,5\n" for number in range(10)]
TUESDAY = "Tue, 24 Nov 2026 12:00:00 GMT"


def known_at(sku):
    levels = StockLevel.objects.with_confirmed_at().filter(offer__supplier_sku=sku)
    return min(levels.values_list("known_at", flat=True))


def upload(supplier, *rows, **words):
    text = "".join(("sku,title,cost,stock\n", *rows))
    file_sources.store_upload(
        supplier=supplier,
        content="products",
        name="a.csv",
        chunks=[text.encode()],
        actor="b",
        **words,
    )


@pytest.fixture
def wholesaler(shop, feed_sandbox, feeds_folder):
    return feed_sandbox


@pytest.fixture
def by_hand(wholesaler):
    return connect_feed(wholesaler, via="upload", mapping=SPEC)


def test_an_unchanged_file_confirms_nothing_and_a_rewritten_file_does(wholesaler):
    supplier = connect_feed(wholesaler)
    wholesaler.control("freeze_files", {"seconds_ago": 5 * 3600})
    asked = timezone.now()

    for kind in ("products", "stock"):
        sync(supplier, kind, now=timezone.now())
    first = known_at("LX-000004-1")
    sync(supplier, "stock", now=timezone.now())

    assert abs(first - (asked - 5 * HOUR)) < 5 * SECOND
    assert known_at("LX-000004-1") == first
    wholesaler.control("freeze_files", {"seconds_ago": None})
    sync(supplier, "stock", now=timezone.now())
    assert timezone.now() - known_at("LX-000004-1") < timedelta(minutes=6)


def test_an_uploaded_file_ages_from_its_date(by_hand):
    upload(by_hand, *ROWS, now=NOON, made_at=NOON - 20 * HOUR)
    sync(by_hand, now=NOON)

    for hours in (1, 2):
        sync(by_hand, "stock", now=NOON + hours * HOUR)

    assert known_at("A-1") == NOON - 20 * HOUR
    assert not StockLevel.objects.fresh(NOON + 5 * HOUR).exists()
    upload(by_hand, *ROWS, now=NOON + 5 * HOUR)
    sync(by_hand, "stock", now=NOON + 6 * HOUR)
    assert known_at("A-1") == NOON + 5 * HOUR


def test_changes_applied_by_staff_have_the_date_of_the_file(by_hand):
    upload(by_hand, *ROWS, now=NOON)
    sync(by_hand, now=NOON)
    sold_out = [row.replace(",5\n", ",0\n") for row in ROWS]
    upload(by_hand, *sold_out, now=NOON + 2 * HOUR, made_at=NOON + HOUR)
    run = sync(by_hand, "stock", now=NOON + 3 * HOUR)
    assert run.status == SyncRun.Status.QUARANTINED

    review.apply(sync_run=run, actor="staff", now=NOON + 4 * HOUR)

    level = StockLevel.objects.get(offer__supplier_sku="A-1")
    assert (level.reported_quantity, level.as_of) == (0, NOON + HOUR)


def test_without_last_modified_a_file_has_the_date_of_its_newest_row():
    rows_of = NOON - 7 * HOUR

    assert UNKNOWN_AGE.made_at(newest=rows_of) == rows_of
    assert UNKNOWN_AGE.made_at(newest=None) is None
    assert FileAge(given_at=NOON).made_at(newest=rows_of) == rows_of
    assert FileAge(given_at=rows_of).made_at(newest=NOON) == rows_of
    assert FileAge(written_at=NOON).made_at(newest=rows_of) == NOON
    assert age_from_mtime(NOON.timestamp()) == FileAge(written_at=NOON)
    assert age_from_mtime(None) == age_from_mtime(0.0) == UNKNOWN_AGE


@pytest.mark.parametrize(
    ("modified", "date", "written_at"),
    [
        (TUESDAY, TUESDAY, NOON),
        (TUESDAY, "", NOON),
        ("", TUESDAY, None),
        ("yesterday", TUESDAY, None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", TUESDAY, None),
        # A server clock three hours ahead, and one hour behind.
        ("Tue, 24 Nov 2026 13:00:00 GMT", "Tue, 24 Nov 2026 15:00:01 GMT", NOON - 2 * HOUR),
        ("Tue, 24 Nov 2026 10:30:00 GMT", "Tue, 24 Nov 2026 11:00:00 GMT", NOON - 1.5 * HOUR),
    ],
)
def test_last_modified_is_corrected_by_the_server_clock(modified, date, written_at):
    age = age_from_headers({"date": date}, modified=modified, now_s=NOON.timestamp())

    assert age == FileAge(written_at=written_at)


def test_row_dates_count_without_a_file_date(by_hand):
    mapping = {"fields": {**SPEC["fields"], "updated_at": {"column": "title"}}}
    by_hand.connection.options = {**by_hand.connection.options, "mapping": mapping}
    by_hand.connection.save()
    dated = [row.replace("Lamp ", "2026-11-24T02:00:0") for row in ROWS]
    upload(by_hand, *dated, now=NOON)

    sync(by_hand, now=NOON)
    sync(by_hand, "stock", now=NOON)

    assert known_at("A-1") == NOON - 10 * HOUR + 9 * SECOND
