import pytest

from suppliers.offers.matching import IdentifierOwner, Match, SkuIdentifiers, match, sku_identifiers
from tests.factories.product_records import make_product_record, make_variant_record

BLACK, RED = "04006381333931", "04012345678901"
OTHER = "4000000000006"


def record(*, gtins=("4006381333931", "4012345678901"), mpns=("H1-B", "H1-R"), **words):
    return make_product_record(
        variants=[
            make_variant_record(sku="S-BLK", option_values=("Black",), gtin=gtins[0], mpn=mpns[0]),
            make_variant_record(sku="S-RED", option_values=("Red",), gtin=gtins[1], mpn=mpns[1]),
        ],
        **words,
    )


def owner(variant_id, **words):
    return IdentifierOwner(
        **{"variant_id": variant_id, "product_id": 1, "brand_key": "northbeam", **words}
    )


BY_GTIN = {("gtin", BLACK): owner(7), ("gtin", RED): owner(8)}
BY_MPN = {("mpn", "northbeam:h1b"): owner(7), ("mpn", "northbeam:h1r"): owner(8)}
BY_MODEL = {
    ("model", "northbeam:h100:black"): owner(7),
    ("model", "northbeam:h100:red"): owner(8),
}
BOTH = {"S-BLK": 7, "S-RED": 8}


@pytest.mark.parametrize(
    ("page", "owners"),
    [
        (record(), BY_GTIN),
        (record(brand="NORTH-BEAM"), BY_GTIN),
        (record(), BY_GTIN | {("gtin", BLACK): owner(7, offered_as=frozenset({"S-BLK"}))}),
        (record(gtins=("", "")), BY_MPN),
        (record(gtins=("", ""), mpns=("h1 b", "H1R")), BY_MPN),
        (record(gtins=("4006381333931", "")), BY_GTIN | BY_MPN),
        (record(gtins=("", ""), mpns=("", ""), model="H-100"), BY_MODEL),
        # the wholesaler states a GTIN, we know none
        (record(gtins=(OTHER, "")), BY_MPN),
    ],
)
def test_the_same_product_of_another_supplier_is_recognized(page, owners):
    assert match(sku_identifiers(page), owners) == Match(linked=BOTH)


@pytest.mark.parametrize(
    ("page", "owners"),
    [
        pytest.param(record(), {("gtin", BLACK): owner(7)}, id="known only in part"),
        pytest.param(
            record(),
            BY_GTIN | {("gtin", RED): owner(8, product_id=2)},
            id="variants of two products",
        ),
        pytest.param(record(), BY_GTIN | {("gtin", RED): owner(7)}, id="two SKUs, one variant"),
        pytest.param(record(brand="Other"), BY_GTIN | BY_MPN, id="another brand"),
        pytest.param(record(brand=""), BY_GTIN, id="no brand, GTINs not verified"),
        pytest.param(
            record(),
            BY_GTIN | {("gtin", BLACK): owner(7, offered_as=frozenset({"OLD"}))},
            id="offered under another SKU",
        ),
        pytest.param(
            record(gtins=("4006381333930", ""), mpns=("", "")),
            {("gtin", "04006381333930"): owner(7)},
            id="wrong check digit",
        ),
        pytest.param(
            record(brand="Generic", gtins=("", "")),
            {("mpn", "generic:h1b"): owner(7, brand_key="generic")}
            | {("mpn", "generic:h1r"): owner(8, brand_key="generic")},
            id="part numbers of no brand",
        ),
        pytest.param(
            record(gtins=("", ""), mpns=("N/A", "none")),
            {("mpn", "northbeam:na"): owner(7), ("mpn", "northbeam:none"): owner(8)},
            id="placeholders",
        ),
        pytest.param(
            record(gtins=("", ""), model="H-100"),
            BY_MPN | {("model", "northbeam:h100:black"): owner(9)},
            id="part number and model of two variants",
        ),
        pytest.param(
            record(gtins=("", "")),
            {("mpn", "northbeam:h1b"): owner(7, options=frozenset({"orange"}))}
            | {("mpn", "northbeam:h1r"): owner(8, options=frozenset({"red"}))},
            id="part numbers of another color",
        ),
        pytest.param(
            record(gtins=("", ""), mpns=("H1-B+", "H1-R+")), BY_MPN, id="a model with a plus"
        ),
    ],
)
def test_an_uncertain_match_is_not_linked(page, owners):
    assert not match(sku_identifiers(page), owners)


@pytest.mark.parametrize(
    "owners",
    [
        BY_MPN | {("mpn", "northbeam:h1r"): owner(8, gtins=frozenset({RED}))},
        BY_MPN | {("gtin", "04000000000006"): owner(9)},
        BY_MPN | {("gtin", "04000000000006"): owner(9, brand_key="other")},
    ],
)
def test_a_gtin_that_contradicts_the_part_number_waits_for_staff(owners):
    page = record(gtins=("", OTHER))

    assert match(sku_identifiers(page), owners) == Match(
        linked={"S-BLK": 7}, contradicted={"S-RED": 8}
    )


@pytest.mark.parametrize(("is_verified", "linked"), [(True, {"A-1": 7}), (False, {})])
def test_a_list_without_brands_matches_only_verified_gtins(is_verified, linked):
    row = SkuIdentifiers(sku="A-1", gtin=BLACK)

    assert match([row], {("gtin", BLACK): owner(7, is_verified=is_verified)}).linked == linked
