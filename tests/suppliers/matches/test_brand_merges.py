"""Brand merges: products, aliases, part numbers and contacts move; prices refuse; undo restores."""

import pytest

from catalog.models import Brand, BrandAlias, FieldChange, Identifier, PriceRule, Product
from catalog.product_import import identifiers
from suppliers.matches import brand_merges
from suppliers.models import BrandMerge, PendingPublication
from suppliers.offers.overrides import OverrideError
from tests.factories.catalog import make_brand, make_channel, make_product, make_variant
from tests.factories.feeds import NOON
from tests.factories.match_decisions import page
from tests.factories.pricing import make_price_book
from tests.factories.promotions import make_promotion


def merge(brand, other):
    return brand_merges.merge_brands(brand=brand, other=other, actor="ann", now=NOON)


def undo():
    brand_merges.undo_merge(decision=BrandMerge.objects.get(), actor="leo", now=NOON)


def state():
    return (
        list(Brand.objects.order_by("pk").values()),
        list(Product.objects.order_by("pk").values_list("brand", flat=True)),
        list(Identifier.objects.order_by("pk").values_list("pk", "variant", "value", "state")),
        list(BrandAlias.objects.order_by("pk").values_list("key", "brand")),
        list(PriceRule.objects.order_by("pk").values_list("brand", flat=True)),
    )


@pytest.fixture
def brands(db):
    brand, other = make_brand(name="Olight"), make_brand(name="Olite")
    Brand.objects.filter(pk=other.pk).update(
        manufacturer_name="Olite Ltd", manufacturer_address="Road 1", manufacturer_country="CN",
        manufacturer_email="a@b.example",
    )  # fmt: skip
    Brand.objects.filter(pk=brand.pk).update(manufacturer_name="")
    BrandAlias.objects.create(brand=other, name="O'Lyte", key="olyte")
    variants = [make_variant(make_product(brand=one)) for one in (brand, other)]
    for variant, key in zip(variants, ("olight", "olite"), strict=True):
        Identifier.objects.create(variant=variant, scheme="mpn", value=f"{key}:i3t", raw="i3T")
    Identifier.objects.create(variant=variants[1], scheme="mpn", value="olite:i5t", raw="i5T")
    return brand, other


def test_a_merged_brand_becomes_an_alias_and_its_products_move(brands):
    brand, other = brands

    merge(brand, other)

    assert set(Product.objects.values_list("brand", flat=True)) == {brand.pk}
    assert set(brand.aliases.values_list("key", flat=True)) == {"olite", "olyte"}
    brand.refresh_from_db()
    assert (brand.manufacturer_name, brand.manufacturer_country) == ("Olite Ltd", "CN")
    assert set(Identifier.objects.values_list("value", "state")) == {
        ("olight:i3t", "asserted"), ("olight:i3t", "conflict"), ("olight:i5t", "asserted"),
    }  # fmt: skip
    moved = Product.objects.order_by("-pk").first().variants.get()
    assert PendingPublication.objects.filter(variant=moved).exists()


def test_undo_restores_both_brands_once(brands):
    before = state()
    merge(*brands)

    undo()

    assert state() == before
    with pytest.raises(OverrideError, match="undone already"):
        undo()


def test_the_history_names_who_undid_a_merge(brands):
    merge(*brands)

    undo()

    undone = FieldChange.objects.filter(source="brand merge undone")
    assert set(undone.values_list("actor", flat=True)) == {"leo"}


def test_products_that_joined_since_stay(brands):
    brand, other = brands
    merge(brand, other)
    joined = make_product(brand=brand)

    undo()

    joined.refresh_from_db()
    assert joined.brand == brand


def test_an_undo_after_another_brand_change_is_refused(brands):
    merge(*brands)
    Product.objects.update(brand=make_brand(name="Third"))

    with pytest.raises(OverrideError, match="changed since"):
        undo()


def test_a_rule_of_a_draft_moves_and_a_live_one_refuses(brands):
    brand, other = brands
    draft = make_price_book(channel=make_channel(), version=1, rules=({"brand": other},))
    merge(brand, other)
    assert draft.rules.get().brand == brand
    undo()
    assert draft.rules.get().brand == other

    make_price_book(channel=make_channel(), version=2, status="live", rules=({"brand": other},))
    with pytest.raises(OverrideError, match="live price book"):
        merge(brand, other)


def test_a_promotion_that_names_the_brand_refuses(brands):
    promotion = make_promotion(name="Sale")
    promotion.brands.add(brands[1])

    with pytest.raises(OverrideError, match="Sale"):
        merge(*brands)


def test_a_merged_brand_is_not_merged_again(brands):
    brand, other = brands
    with pytest.raises(OverrideError, match="two different"):
        merge(brand, brand)
    merge(brand, other)

    with pytest.raises(OverrideError, match="merged already"):
        merge(make_brand(name="Third"), other)


def test_imports_after_a_merge_use_the_remaining_brand_and_match_its_numbers(put):
    brand, other = make_brand(name="Northbeam"), make_brand(name="Nordbeam")
    merge(brand, other)

    offer = put(page(brand="Nordbeam", title="Nordbeam H100 headlamp"))

    assert Product.objects.get().brand == brand
    assert offer.variant.product == Product.objects.get()
    assert identifiers.find_creators([offer.variant.product_id]) == {
        offer.variant.product_id: "lumen"
    }


def test_the_titles_by_template_name_the_remaining_brand(brands):
    moved = Product.objects.order_by("-pk").first()

    merge(*brands)
    merged = Product.objects.get(pk=moved.pk).titles["az"]
    undo()

    assert merged.startswith("Olight ")
    assert Product.objects.get(pk=moved.pk).titles["az"].startswith("Olite ")


def test_an_undo_is_refused_after_a_part_number_moved_to_another_variant(brands):
    merge(*brands)
    number = Identifier.objects.get(value="olight:i5t")
    Identifier.objects.filter(pk=number.pk).update(variant=make_variant(make_product()))

    with pytest.raises(OverrideError, match="changed since"):
        undo()
