"""File age: detect a list older than the last one, by the dates of its rows and of its file."""

import os
from datetime import datetime, timedelta

import pytest

from suppliers.connectors.bulk import FileProfile
from suppliers.connectors.feed.reader import MAX_LATEST_ROWS, LatestRowDates
from suppliers.models import StockLevel
from suppliers.quarantine import file_age, review
from tests.factories.feeds import NOON, sync
from tests.suppliers.offers.test_price_list import list_row

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def dated_rows(*hours, stock=5):
    """Return rows that last changed these hours before noon; None leaves a row out."""
    return [
        list_row(f"A-{number}", brand=(NOON - each * HOUR).isoformat(), stock=stock)
        for number, each in enumerate(hours)
        if each is not None
    ]


@pytest.fixture
def dated(wholesaler):
    """A supplier whose list has a date for each row."""
    spec = wholesaler.connection.options["mapping"]
    spec["fields"]["updated_at"] = {"column": "Brand"}
    wholesaler.connection.save()
    return wholesaler


def sync_list(supplier, hours_later, *rows, made=None, kind="stock"):
    supplier.put(*rows)
    folder = supplier.folder / "feed"
    at_s = (NOON + (hours_later if made is None else made) * HOUR).timestamp()
    os.utime(folder, (at_s, at_s))
    return sync(supplier, kind, now=NOON + hours_later * HOUR)


@pytest.fixture
def known(dated):
    sync_list(dated, 0, *dated_rows(1, 2, 3, 4, 5), kind="prices")
    assert sync_list(dated, 0, *dated_rows(1, 2, 3, 4, 5)).status == "applied"
    return dated


def units(sku):
    return StockLevel.objects.get(offer__supplier_sku=sku).reported_quantity


def test_the_newest_row_may_be_missing(known):
    run = sync_list(known, 1, *dated_rows(None, 2, 3, 4, 5, stock=4))

    assert (run.status, run.problem) == ("applied", "")
    assert (units("A-0"), units("A-1")) == (0, 4)
    assert sync_list(known, 2, *dated_rows(None, None, 3, 4, 5)).status == "applied"


@pytest.mark.parametrize(
    ("hours", "made", "words"),
    [
        ([6, 2, 3, 4, 5], None, "this is an older file."),
        ([None, None, None, None, None, 6, 7], None, "this is an older file."),
        ([0, 2, 3, 4, 5], -0.5, "The file is dated 2026-11-24 11:30; the last accepted run had"),
    ],
    ids=["earlier dates", "no known newest row", "date of the file"],
)
def test_an_older_list_is_quarantined(known, hours, made, words):
    run = sync_list(known, 1, *dated_rows(*hours, stock=4), made=made)

    assert run.status == "quarantined"
    assert words in run.problem


def test_an_older_file_applied_by_staff_becomes_the_baseline(known):
    run = sync_list(known, 1, *dated_rows(8, 8, 8, 8, 8, stock=4))
    assert run.status == "quarantined"

    assert review.apply(sync_run=run, actor="staff", now=NOON + HOUR).skipped == 0

    assert units("A-0") == 4
    assert sync_list(known, 2, *dated_rows(7, 8, 8, 8, 8)).status == "applied"


def test_a_row_dated_in_the_future_is_ignored(dated):
    ahead = -24 * 365 * 73
    sync_list(dated, 0, *dated_rows(1, 2, 3, 4, 5), kind="prices")
    sync_list(dated, 0, *dated_rows(1, 2, 3, ahead))

    assert sync_list(dated, 1, *dated_rows(0, 2, 3)).status == "applied"
    assert sync_list(dated, 2, *dated_rows(9, 9, 9, ahead)).status == "quarantined"


def test_a_delta_is_not_compared_with_a_full_list(known):
    known.connection.options["mapping"]["omitted_stock"] = "unchanged"
    known.connection.save()

    assert sync_list(known, 1, *dated_rows(None, None, None, None, 5, stock=4)).status == "applied"
    assert units("A-4") == 4


def test_a_file_without_dates_or_a_step_back_within_clock_drift_keeps_the_baseline():
    last = file_age.FileDates(newest=NOON, latest_rows={"A": NOON}, stated_at=NOON)
    bare = FileProfile(columns=(), kinds={})
    back = FileProfile(columns=(), kinds={}, newest=NOON - 9 * MINUTE)

    written = file_age.to_profile(bare, last)

    assert file_age.from_profile(written, is_delta=False, now=NOON) == last
    assert datetime.fromisoformat(file_age.to_profile(back, last)["newest"]) == NOON


def test_a_few_of_the_newest_rows_are_stored():
    newest = LatestRowDates(now=NOON)
    for minutes in range(100):
        if newest.is_among_latest(NOON - minutes * MINUTE):
            newest.add(NOON - minutes * MINUTE, f"S{minutes}")

    assert newest.at == NOON
    assert set(newest.rows) == {f"S{minutes}" for minutes in range(MAX_LATEST_ROWS)}
    assert not newest.is_among_latest(NOON + timedelta(hours=15))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({"as_of": (NOON + HOUR).isoformat()}, NOON + HOUR),
        # the supplier's clock was wrong
        ({"as_of": (NOON + 9000 * HOUR).isoformat()}, NOON + 2 * HOUR),
        ({"as_of": (NOON + HOUR).isoformat(), "is_delta": True}, NOON),  # another file
    ],
)
def test_a_file_date_is_not_before_the_last_file_nor_in_the_future(last, expected):
    shape = FileProfile(columns=(), kinds={}, made_at=NOON)

    reported_at = file_age.as_of(shape, last, is_delta=False, now=NOON + 2 * HOUR)

    assert datetime.fromisoformat(reported_at) == expected
