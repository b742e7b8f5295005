import pytest

from catalog.models import Identifier, Product
from catalog.product_import import importer
from tests.factories.catalog import NOON
from tests.factories.product_records import make_product_record, make_variant_record

pytestmark = pytest.mark.django_db


def take_in(*records, known=None):
    return importer.import_products(records=records, variant_ids=known or {}, source="cj", now=NOON)


def two_variants(**changes):
    return make_product_record(
        variants=[
            make_variant_record(sku="A-BLK", option_values=("Black",), gtin="", mpn="H1-B"),
            make_variant_record(sku="A-RED", option_values=("Red",), gtin="", mpn="H1-R"),
        ],
        **changes,
    )


def test_an_invalid_check_digit_is_reported_and_not_stored():
    taken = take_in(make_product_record(variants=[make_variant_record(gtin="4006381333930")]))

    assert [(issue.code, issue.row, issue.is_fatal) for issue in taken.issues] == [
        ("gtin-check-digit", "CJ-1-BLK", False)
    ]
    assert not Identifier.objects.filter(scheme="gtin").exists()


def test_a_gtin_of_two_variants_is_a_conflict_and_reported_each_time():
    records = [
        make_product_record(
            external_id=f"R{place}",
            variants=[make_variant_record(sku=f"S{place}", mpn=f"M{place}")],
        )
        for place in (1, 2)
    ]

    for _ in range(2):
        taken = take_in(*records)
        assert [(issue.code, issue.row) for issue in taken.issues] == [("gtin-duplicate", "S2")]

    states = Identifier.objects.filter(scheme="gtin").order_by("pk")
    assert [(name.variant_id, name.state) for name in states] == [
        (taken.variants["S1"], "asserted"),
        (taken.variants["S2"], "conflict"),
    ]


def test_a_corrected_gtin_replaces_the_old_one():
    take_in(make_product_record(variants=[make_variant_record(gtin="4006381333931")]))

    take_in(make_product_record(variants=[make_variant_record(gtin="036000291452")]))

    assert Identifier.objects.get(scheme="gtin").value == "00036000291452"


def test_a_variant_known_by_its_offer_needs_no_identifier():
    taken = take_in(two_variants())
    Identifier.objects.all().delete()

    again = take_in(two_variants(), known=taken.variants)

    assert again.variants == taken.variants
    assert Product.objects.count() == 1


def test_a_variant_without_an_offer_after_a_crash_is_found_again():
    first = take_in(two_variants())

    again = take_in(two_variants(), known={})

    assert again.variants == first.variants
