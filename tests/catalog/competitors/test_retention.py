"""Lists from machines and their contents are deleted after their retention."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.competitors import matching, price_import
from catalog.competitors.csv_format import UnreadableFileError
from catalog.models import CompetitorFile, CompetitorPrice, CompetitorPriceChange, CompetitorSource
from catalog.models.competitors import CameBy
from tests.factories.catalog import NOON, make_variant

pytestmark = pytest.mark.django_db
HEAD = "competitor,sku,price,currency\n"
DAY = timedelta(days=1)


def told(name, *, variant=None, came_by=CameBy.API, now=NOON):
    variant = variant or make_variant()
    rows = f"{HEAD}a.example,{variant.sku},10,EUR\na.example,unknown,10,EUR\n".encode()
    file = price_import.receive(name=name, content=rows, actor=name, came_by=came_by, now=now)
    price_import.take_in(file=file, actor=name, now=now)
    return file


def with_content():
    return set(CompetitorFile.objects.exclude(content="").values_list("name", flat=True))


def test_machine_lists_are_deleted_after_a_month_and_their_price_changes_kept():
    variant = make_variant()
    for name, came_by in (("by hand", CameBy.HAND), ("a program", CameBy.API)):
        told(name, variant=variant, came_by=came_by)

    early, late = (price_import.forget_old(now=NOON + days * DAY) for days in (30, 31))

    assert (early, late) == (0, 1)
    assert CompetitorFile.objects.get().name == "by hand"
    assert CompetitorPrice.objects.count() == CompetitorPriceChange.objects.count() == 1


def test_old_lists_are_deleted_in_batches_without_loading_contents(monkeypatch):
    monkeypatch.setattr(price_import, "FORGOTTEN_AT_ONCE", 2)
    files = [told(f"program {number}") for number in range(5)]
    source = CompetitorSource.objects.create(
        name="watch", url="https://watch.example/", due_at=NOON, last_file=files[0]
    )

    with CaptureQueriesContext(connection) as ran:
        assert price_import.forget_old(now=NOON + 31 * DAY) == 5

    asked = [each["sql"] for each in ran if each["sql"].startswith("SELECT")]
    assert len(asked) > 3
    assert [sql for sql in asked if "content" in sql or "refused" in sql] == []
    source.refresh_from_db()
    assert source.last_file is None


def test_contents_are_deleted_after_three_days_and_results_kept():
    for came_by in (CameBy.HAND, CameBy.API, CameBy.FETCHED):
        told(came_by.value, came_by=came_by)

    price_import.forget_old(now=NOON + 3 * DAY)
    assert with_content() == {"hand", "api", "fetched"}
    price_import.forget_old(now=NOON + 3 * DAY + timedelta(seconds=1))

    assert with_content() == {"hand"}
    for file in CompetitorFile.objects.exclude(came_by=CameBy.HAND):
        assert (file.counts["matched"], len(file.refused)) == (1, 1)
        with pytest.raises(UnreadableFileError, match="forgotten"):
            matching.preview(file=file)


def test_only_the_last_contents_of_each_sender_are_kept(monkeypatch):
    monkeypatch.setattr(price_import, "MOST_CONTENTS_KEPT", 2)
    by_hand = [told("ann", came_by=CameBy.HAND) for _ in range(3)]
    other = told("other program")
    mine = [told("program", now=NOON + number * timedelta(hours=1)) for number in range(4)]

    left = set(CompetitorFile.objects.exclude(content="").values_list("pk", flat=True))

    assert left == {file.pk for file in [*by_hand, other, *mine[2:]]}
