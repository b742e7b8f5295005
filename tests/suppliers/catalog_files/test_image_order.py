"""Positions in staff files: images of a product and of its variants in one order, also by old files."""

import pytest

from catalog.bulk_edits import fields as bulk_fields
from catalog.bulk_edits.file_fields import all_fields
from catalog.models import Image
from catalog.products.images import MAX_POSITION
from tests.factories.catalog import make_category, make_image, make_product, make_spec, make_variant
from tests.suppliers.catalog_files.test_own_files import (
    apply,
    dry_run,
    messages,
    outcomes,
    rows_of,
    undo,
)

pytestmark = pytest.mark.django_db
ADDRESS = "https://example.org/"
POSITIONS = "SKU,Images,Images: positions,Images of the variant,Images of the variant: positions\n"


def order():
    """Return the names of the images in their order."""
    urls = Image.objects.order_by("position", "pk").values_list("source_url", flat=True)
    return "".join(url.removeprefix(ADDRESS) for url in urls)


def cell(names):
    return " | ".join(f"{ADDRESS}{name}" for name in names)


@pytest.fixture(autouse=True)
def mixed():
    """Images p and q of the product, a and b of the variants: a, p, b, q."""
    make_category()
    product = make_product()
    make_spec(product)
    owners = {
        name: make_variant(product, sku=sku, option_values=[sku])
        for name, sku in (("a", "A"), ("b", "B"))
    }
    for position, name in enumerate("apbq"):
        make_image(
            product,
            source_url=f"{ADDRESS}{name}",
            variant=owners.get(name),
            role="other",
            position=position,
        )
    return product


def test_each_row_moves_its_images_and_an_undo_restores_the_order():
    row = dry_run(f"{POSITIONS}A,{cell('pq')},0 | 1,{cell('a')},3\nB,,,{cell('b')},2\n")
    assert rows_of(row)["B"].after == {}  # it has this position
    row = dry_run(f"{POSITIONS}A,{cell('qp')},0 | 1,{cell('a')},2\nB,,,{cell('b')},3\n")

    apply(row)

    assert outcomes(row) == {"A": "changed", "B": "changed"}, messages(row)
    assert order() == "qpab"

    undo(row)

    assert outcomes(row) == {"A": "restored", "B": "restored"}, messages(row)
    assert order() == "apbq"


def test_a_file_without_positions_keeps_the_places_of_images_and_adds_new_ones_at_the_end():
    row = dry_run(
        f"SKU,Images,Images of the variant\nA,{cell('nqp')},{cell('a')}\nB,,{cell('bm')}\n"
    )

    apply(row)

    assert outcomes(row) == {"A": "changed", "B": "changed"}, messages(row)
    assert order() == "anbqpm"

    undo(row)

    assert outcomes(row) == {"A": "restored", "B": "restored"}, messages(row)
    assert order() == "apbq"


def test_a_new_main_image_does_not_stop_later_rows_of_the_product():
    row = dry_run(
        f"SKU,Images,Images: views,Images of the variant,Images of the variant: views\n"
        f"A,{cell('qp')},main,,\nB,,,{cell('b')},beam\n"
    )

    apply(row)

    assert outcomes(row) == {"A": "changed", "B": "changed"}, messages(row)
    assert order().startswith("q")
    assert rows_of(row)["A"].after["images.product"][0]["role"] == "main"


def test_the_main_image_comes_first_whatever_its_position():
    row = dry_run(f"{POSITIONS.strip()},Images: views\nA,,1 | 3,,,other | main\n")
    assert [
        (one["source"][-1], one["position"]) for one in rows_of(row)["A"].after["images.product"]
    ] == [
        ("q", 0),
        ("p", 1),
    ]

    apply(row)

    assert order() == "qapb"


def test_the_dry_run_shows_the_position():
    row = dry_run(f"{POSITIONS}A,,2 | 1,,\n")
    planned = rows_of(row)["A"]
    assert [one["position"] for one in planned.after["images.product"]] == [1, 2]
    shown = all_fields()["images.product"].show(planned.after["images.product"], categories={})
    assert shown == f"1: {ADDRESS}q (Other image), 2: {ADDRESS}p (Other image)"


@pytest.mark.parametrize(
    ("positions", "expected"), [("3", "abpq"), (" | 0", "aqpb"), ("1", "apbq")]
)
def test_an_image_without_a_stated_position_keeps_its_own(mixed, positions, expected):
    of_variant = mixed.variants.get(sku="A")
    make_image(mixed, source_url=f"{ADDRESS}z", variant=of_variant, role="other", position=8)
    row = dry_run(f"{POSITIONS}A,,{positions},,\n")

    apply(row)

    assert order() == f"{expected}z"

    undo(row)

    assert {*outcomes(row).values()} <= {"restored", "unchanged"}, messages(row)
    assert order() == "apbqz"


def test_an_export_has_no_position_that_its_import_rejects(mixed):
    make_image(mixed, source_url=f"{ADDRESS}y", role="other", position=MAX_POSITION)
    make_image(mixed, source_url=f"{ADDRESS}z", role="other", position=MAX_POSITION)

    (present,) = bulk_fields.load_targets([mixed.pk], [])[0].values()
    values = all_fields()["images.product"].read(present)

    assert [one["position"] for one in values] == [1, 3, 4, 5]


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ("1 | 1", "two images have the same position"),
        ("first", "first is not a position from 0 to 1000"),
        ("1001", "1001 is not a position"),
        ("-1", "-1 is not a position"),
        ("9" * 5_000, "999 is not a position"),
        ("1 | 2 | 3", "3 values for 2 entries"),
    ],
)
def test_a_wrong_position_is_rejected(positions, message):
    row = dry_run(f"{POSITIONS}A,,{positions},,\n")

    assert outcomes(row) == {"A": "rejected"}
    assert message in messages(row)["A"]
