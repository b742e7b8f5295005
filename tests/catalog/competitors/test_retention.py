"""Price lists that a program sent are deleted, with their contents, after the retention time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.competitors import matching, price_import
from catalog.competitors.csv_format import UnreadableFileError
from catalog.models import (
    CompetitorPrice,
    CompetitorPriceChange,
    CompetitorPriceList,
    CompetitorSource,
)
from catalog.models.competitors import SourceType
from tests.factories.catalog import NOON, make_variant

pytestmark = pytest.mark.django_db
HEAD = "competitor,sku,price,currency\n"
DAY = timedelta(days=1)


def store_and_import(name, *, variant=None, source_type=SourceType.API, now=NOON):
    variant = variant or make_variant()
    rows = f"{HEAD}a.example,{variant.sku},10,EUR\na.example,unknown,10,EUR\n".encode()
    file = price_import.store_list(
        name=name, content=rows, actor=name, source_type=source_type, now=now
    )
    price_import.import_list(file=file, actor=name, now=now)
    return file


def with_content():
    return set(CompetitorPriceList.objects.exclude(content="").values_list("name", flat=True))


def test_machine_lists_are_deleted_after_a_month_and_their_price_changes_kept():
    variant = make_variant()
    for name, source_type in (("by hand", SourceType.HAND), ("a program", SourceType.API)):
        store_and_import(name, variant=variant, source_type=source_type)

    early, late = (price_import.delete_old(now=NOON + days * DAY) for days in (30, 31))

    assert (early, late) == (0, 1)
    assert CompetitorPriceList.objects.get().name == "by hand"
    assert CompetitorPrice.objects.count() == CompetitorPriceChange.objects.count() == 1


def test_old_lists_are_deleted_in_batches_without_loading_contents(monkeypatch):
    monkeypatch.setattr(price_import, "DELETE_BATCH", 2)
    files = [store_and_import(f"program {number}") for number in range(5)]
    source = CompetitorSource.objects.create(
        name="watch", url="https://watch.example/", due_at=NOON, last_file=files[0]
    )

    with CaptureQueriesContext(connection) as ran:
        assert price_import.delete_old(now=NOON + 31 * DAY) == 5

    asked = [each["sql"] for each in ran if each["sql"].startswith("SELECT")]
    assert len(asked) > 3
    assert [sql for sql in asked if "content" in sql or "refused" in sql] == []
    source.refresh_from_db()
    assert source.last_file is None


def test_contents_are_deleted_after_three_days_and_results_kept():
    for source_type in (SourceType.HAND, SourceType.API, SourceType.FETCHED):
        store_and_import(source_type.value, source_type=source_type)

    price_import.delete_old(now=NOON + 3 * DAY)
    assert with_content() == {"hand", "api", "fetched"}
    price_import.delete_old(now=NOON + 3 * DAY + timedelta(seconds=1))

    assert with_content() == {"hand"}
    for file in CompetitorPriceList.objects.exclude(source_type=SourceType.HAND):
        assert (file.counts["matched"], len(file.refused)) == (1, 1)
        with pytest.raises(UnreadableFileError, match="content_deleted"):
            matching.preview(file=file)


def test_only_the_latest_contents_of_each_program_are_kept(monkeypatch):
    monkeypatch.setattr(price_import, "MAX_STORED_CONTENTS", 2)
    by_hand = [store_and_import("ann", source_type=SourceType.HAND) for _ in range(3)]
    other = store_and_import("other program")
    mine = [
        store_and_import("program", now=NOON + number * timedelta(hours=1)) for number in range(4)
    ]

    left = set(CompetitorPriceList.objects.exclude(content="").values_list("pk", flat=True))

    assert left == {file.pk for file in [*by_hand, other, *mine[2:]]}
