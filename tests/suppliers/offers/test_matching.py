from __future__ import annotations

from suppliers.offers.matching import Bearer, match
from tests.factories.product_records import make_product_record, make_variant_record

BLACK, RED = "04006381333931", "04012345678901"


def record(**words):
    return make_product_record(
        variants=[
            make_variant_record(sku="S-BLK", gtin="4006381333931"),
            make_variant_record(sku="S-RED", gtin="4012345678901"),
        ],
        **words,
    )


def bearer(variant_id, *, product_id=1, brand_key="northbeam", is_offered_here=False):
    return Bearer(
        variant_id=variant_id,
        product_id=product_id,
        brand_key=brand_key,
        is_offered_here=is_offered_here,
    )


def test_the_same_product_of_another_supplier_is_recognized():
    bearers = {BLACK: bearer(7), RED: bearer(8)}

    assert match(record(), bearers) == {"S-BLK": 7, "S-RED": 8}


def test_a_product_that_is_known_only_in_part_is_not_linked():
    assert match(record(), {BLACK: bearer(7)}) == {}


def test_variants_of_two_products_are_not_linked():
    assert match(record(), {BLACK: bearer(7), RED: bearer(8, product_id=2)}) == {}


def test_two_skus_are_never_one_variant():
    assert match(record(), {BLACK: bearer(7), RED: bearer(7)}) == {}


def test_another_brand_under_the_same_number_is_not_linked():
    bearers = {BLACK: bearer(7, brand_key="other"), RED: bearer(8, brand_key="other")}

    assert match(record(), bearers) == {}


def test_brands_that_differ_in_spelling_only_are_one():
    bearers = {BLACK: bearer(7), RED: bearer(8)}

    assert match(record(brand="NORTH-BEAM"), bearers) == {"S-BLK": 7, "S-RED": 8}


def test_a_second_row_of_the_same_supplier_is_not_linked():
    bearers = {BLACK: bearer(7, is_offered_here=True), RED: bearer(8)}

    assert match(record(), bearers) == {}


def test_a_wrong_check_digit_links_nothing():
    wrong = make_product_record(variants=[make_variant_record(sku="S", gtin="4006381333930")])

    assert match(wrong, {"04006381333930": bearer(7)}) == {}
