"""Values of staff files that are refused: successors in a loop, deleted images, numbers out of range."""

import io

import pytest
from PIL import Image as Picture

from catalog.models import Variant
from catalog.products import images
from tests.factories.catalog import make_category, make_product, make_variant
from tests.suppliers.catalog_files.test_own_files import apply, dry_run, outcomes, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def light(tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    settings.MEDIA_ROOT = tmp_path / "media"
    make_category()
    product = make_product()
    make_variant(product, sku="L-1")
    make_variant(product, sku="L-2")
    return product


def test_a_variant_cannot_replace_itself():
    row = dry_run("SKU,Replaced by\nL-1,L-1\n")

    assert "cannot replace itself" in rows_of(row)["L-1"].message
    assert outcomes(row) == {"L-1": "rejected"}


def test_two_rows_cannot_make_each_other_the_successor():
    row = dry_run("SKU,Replaced by,Status\nL-1,L-2,discontinued\nL-2,L-1,discontinued\n")
    apply(row)

    assert outcomes(row) == {"L-1": "changed", "L-2": "rejected"}
    assert "cannot be the successor" in rows_of(row)["L-2"].message
    assert dict(Variant.objects.values_list("sku", "replaced_by__sku")) == {
        "L-1": "L-2",
        "L-2": None,
    }


def test_an_image_that_is_deleted_after_the_dry_run_rejects_its_row_only():
    content = io.BytesIO()
    Picture.new("RGB", (300, 300)).save(content, "PNG")
    stem = images.store_resized(content.getvalue()).stem
    row = dry_run(f"SKU,Images of the variant,HS code\nL-1,{stem},85131000\nL-2,,85131000\n")
    assert outcomes(row) == {"L-1": "planned", "L-2": "planned"}
    for width in images.WIDTHS_PX:
        images.path_of(stem, width).unlink()

    apply(row)

    assert row.edit.status == "applied"
    assert outcomes(row) == {"L-1": "rejected", "L-2": "changed"}
    assert "no image is stored" in rows_of(row)["L-1"].message


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Cells", "4006381333931"),
        ("Modes", "High: 99999999999 lm"),
        ("Modes", "High: 9999999999 min"),
    ],
)
def test_a_number_that_no_column_holds_is_refused_by_the_dry_run(heading, cell):
    row = dry_run(f"SKU,{heading}\nL-1,{cell}\n")

    assert outcomes(row) == {"L-1": "rejected"}


def test_an_image_address_with_a_password_is_refused_by_the_dry_run():
    row = dry_run("SKU,Images\nL-1,https://user:secret@example.org/a.jpg\n")

    assert outcomes(row) == {"L-1": "rejected"}
