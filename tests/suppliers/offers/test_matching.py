import pytest

from suppliers.offers import matching
from suppliers.offers.identity import Item
from suppliers.offers.matching import IdentifierOwner, Match, match, sku_identifiers
from tests.factories.product_records import make_product_record, make_variant_record

BLACK, RED = "04006381333931", "04012345678901"
OTHER = "4000000000006"


def record(
    *,
    gtins=("4006381333931", "4012345678901"),
    mpns=("H1-B", "H1-R"),
    colors=("Black", "Red"),
    **words,
):
    return make_product_record(
        variants=[
            make_variant_record(
                title="", sku="S-BLK", option_values=(colors[0],), gtin=gtins[0], mpn=mpns[0]
            ),
            make_variant_record(
                title="", sku="S-RED", option_values=(colors[1],), gtin=gtins[1], mpn=mpns[1]
            ),
        ],
        **words,
    )


def owner(variant_id, *, brand="Northbeam", color="", gtins=(), is_verified=False, **words):
    """A variant with the identifiers of the first or second SKU of ``record``."""
    mpn, own = ("H1-R", "Red") if variant_id == 8 else ("H1-B", "Black")
    item = Item(
        brand=brand,
        title="Sensor headlamp",
        options=(color or own,),
        gtins=frozenset(gtins),
        mpns=frozenset({mpn}),
        models=frozenset({"H100"}),
    )
    words = {"product_id": 1, **words}
    return IdentifierOwner(variant_id=variant_id, item=item, is_verified=is_verified, **words)


BY_GTIN = {("gtin", BLACK): owner(7, gtins=[BLACK]), ("gtin", RED): owner(8, gtins=[RED])}
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
        (
            record(),
            BY_GTIN | {("gtin", BLACK): owner(7, gtins=[BLACK], offered_as=frozenset({"S-BLK"}))},
        ),
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
        pytest.param(
            record(),
            BY_GTIN | {("gtin", RED): owner(8, gtins=[RED], product_id=2)},
            id="variants of two products",
        ),
        pytest.param(
            record(mpns=("", ""), colors=("", "")),
            BY_GTIN | {("gtin", RED): owner(7, gtins=[BLACK, RED])},
            id="two SKUs, one variant",
        ),
        pytest.param(record(brand="Other"), BY_GTIN | BY_MPN, id="another brand"),
        pytest.param(
            record(gtins=(BLACK, "")),
            {("gtin", BLACK): owner(7, gtins=[BLACK], offered_as=frozenset({"OLD"}))},
            id="offered under another SKU",
        ),
        pytest.param(
            record(gtins=("4006381333930", ""), mpns=("", "")),
            {("gtin", "04006381333930"): owner(7)},
            id="wrong check digit",
        ),
        pytest.param(
            record(brand="Generic", gtins=("", "")),
            {("mpn", "generic:h1b"): owner(7, brand="Generic")}
            | {("mpn", "generic:h1r"): owner(8, brand="Generic")},
            id="part numbers of no brand",
        ),
        pytest.param(
            record(gtins=("", ""), mpns=("N/A", "none")),
            {("mpn", "northbeam:na"): owner(7), ("mpn", "northbeam:none"): owner(8)},
            id="placeholders",
        ),
        pytest.param(
            record(gtins=("", "")),
            {("mpn", "northbeam:h1b"): owner(7, color="Orange")}
            | {("mpn", "northbeam:h1r"): owner(8, color="Blue")},
            id="part numbers of another color",
        ),
        pytest.param(
            record(gtins=("", ""), mpns=("H1-B+", "H1-R+")), BY_MPN, id="a model with a plus"
        ),
    ],
)
def test_an_uncertain_match_is_not_linked(page, owners):
    assert not match(sku_identifiers(page), owners)


def doubts(page, owners):
    """Return the linked SKUs, and the contradictions of each doubtful one."""
    found = match(sku_identifiers(page), owners)
    doubtful = {
        sku: (doubt.variant_id, *sorted(doubt.verdict.contradictions))
        for sku, doubt in found.doubtful.items()
    }
    return dict(found.linked), doubtful


@pytest.mark.parametrize(
    "owners",
    [
        BY_MPN | {("mpn", "northbeam:h1r"): owner(8, gtins=[RED])},
        BY_MPN | {("gtin", "04000000000006"): owner(9)},
        BY_MPN | {("gtin", "04000000000006"): owner(9, brand="Other")},
    ],
)
def test_a_gtin_that_contradicts_the_part_number_waits_for_staff(owners):
    page = record(gtins=("", OTHER))

    assert doubts(page, owners) == ({"S-BLK": 7}, {"S-RED": (8, "gtin")})


def test_numbers_that_name_two_variants_wait_for_staff():
    page = record(gtins=("", ""), model="H-100")
    owners = BY_MPN | {("model", "northbeam:h100:black"): owner(9)}

    assert doubts(page, owners) == ({"S-RED": 8}, {"S-BLK": (7, "number")})


def test_gtins_without_a_brand_wait_for_staff():
    assert doubts(record(brand=""), BY_GTIN) == ({}, {"S-BLK": (7,), "S-RED": (8,)})


def test_the_known_versions_of_a_product_are_linked():
    owners = {("gtin", BLACK): owner(7, gtins=[BLACK])}

    assert match(sku_identifiers(record()), owners) == Match(linked={"S-BLK": 7})


@pytest.mark.parametrize(("is_verified", "linked"), [(True, {"A-1": 7}), (False, {})])
def test_a_list_without_brands_matches_only_verified_gtins(is_verified, linked):
    row = matching.list_item(sku="A-1", brand="", gtin=BLACK, title="Headlamp")
    owners = {("gtin", BLACK): owner(7, gtins=[BLACK], is_verified=is_verified)}

    assert match([row], owners).linked == linked
