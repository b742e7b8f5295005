import pytest
from django.db import IntegrityError

from storefront.lib.http.errors import PermanentError
from suppliers.connections import file_sources
from suppliers.models import FeedMapping, FeedUpload
from tests.factories.suppliers import NOON, make_supplier
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db

SPEC = {"fields": {"sku": {"column": "SKU"}}}


def save(supplier, spec=SPEC, content="products"):
    return file_sources.save_mapping(
        supplier=supplier, content=content, spec=spec, actor="staff", now=NOON
    )


def keep(supplier, *chunks, name="list.csv"):
    return file_sources.store_upload(
        supplier=supplier, content="products", name=name, chunks=chunks, actor="staff", now=NOON
    )


@pytest.fixture
def supplier():
    return make_supplier("lumen", adapter="feed")


def test_an_invalid_mapping_is_not_saved(supplier):
    with pytest.raises(PermanentError, match="no column is mapped to the SKU"):
        save(supplier, {"fields": {}})

    assert not FeedMapping.objects.exists()


def test_the_database_allows_one_active_version(supplier):
    save(supplier)

    with pytest.raises(IntegrityError, match="mapping_one_active_per_file"):
        FeedMapping.objects.create(
            supplier=supplier, content="products", version=9, spec=SPEC, created_at=NOON,
            is_active=True,
        )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_saves_make_two_versions(supplier):
    all_at_once([lambda: save(supplier)] * 4, ())

    versions = FeedMapping.objects.order_by("version").values_list("version", "is_active")
    assert list(versions) == [(1, False), (2, False), (3, False), (4, True)]


def test_only_file_connectors_get_mappings(supplier):
    save(supplier)
    save(supplier, content="stock")

    assert set(file_sources.connection_options(supplier, {})) == {"mapping", "stock_mapping"}
    supplier.adapter = "cj"
    assert file_sources.connection_options(supplier, {}) == {}


def test_the_newest_upload_is_read(supplier):
    keep(supplier, b"sku\n1\n")
    newest = keep(supplier, b"sku\n", b"2\n")

    by_hand = file_sources.connection_options(supplier, {"via": "upload"})
    fetched = file_sources.connection_options(supplier, {"via": "https"})

    assert (by_hand, fetched) == ({"products_at": newest.storage_name}, {})
    path = file_sources.supplier_folder(supplier) / "uploads" / newest.storage_name
    assert path.read_bytes() == b"sku\n2\n"
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_too_long_is_not_stored(supplier, monkeypatch):
    monkeypatch.setattr(file_sources, "MAX_BYTES", 10)

    with pytest.raises(file_sources.FileTooLargeError):
        keep(supplier, b"123456", b"123456")

    assert not FeedUpload.objects.exists()
    assert list((file_sources.supplier_folder(supplier) / "uploads").iterdir()) == []


def test_the_given_file_name_is_only_displayed(supplier):
    kept = keep(supplier, b"x", name="../\x00\n<b>evil</b>.csv")

    assert kept.original_name == "../<b>evil</b>.csv"
    assert kept.storage_name.startswith("products-")
