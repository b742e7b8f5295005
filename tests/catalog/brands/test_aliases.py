"""Brand aliases: imports, matching, competitor prices and searches know all spellings."""

import pytest
from django.db import transaction

from catalog.brands import aliases, tasks
from catalog.brands.tasks import reindex_brand
from catalog.models import Brand, BrandAlias, ProductCard
from catalog.search import product_list
from catalog.search.filters import ProductFilter
from tests.factories.catalog import (
    NOON,
    make_brand,
    make_channel,
    make_listing,
    make_product,
    make_spec,
    make_variant,
)  # fmt: skip
from tests.factories.product_records import make_product_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def olight():
    brand = make_brand(name="Olight")
    with transaction.atomic():
        aliases.save_aliases(brand, ["Olite", "O-Lite ", "olight"])
    return brand


def test_equal_spellings_are_one_alias_and_the_name_is_none(olight):
    assert list(BrandAlias.objects.values_list("key", flat=True)) == ["olite"]


def test_records_get_the_name_of_our_brand_also_in_the_title(olight):
    record = make_product_record(brand="OLITE", title="olite i3T EOS, not Oliteware")

    (resolved,) = aliases.resolve_records([record])

    assert (resolved.brand, resolved.title) == ("Olight", "Olight i3T EOS, not Oliteware")


def test_other_brands_stay_as_stated(olight):
    record = make_product_record(brand="Fenix", title="Fenix PD36R, better than Olite")

    assert aliases.resolve_records([record]) == [record]


@pytest.mark.parametrize("name", ["Olite", "OLIGHT"])
def test_a_spelling_of_another_brand_is_refused(olight, name):
    with transaction.atomic(), pytest.raises(aliases.SpellingTakenError):
        aliases.save_aliases(make_brand(name="Fenix"), [name])


def test_a_removed_alias_is_free_again(olight):
    with transaction.atomic():
        assert aliases.save_aliases(olight, ["Olite"]) is False
        assert aliases.save_aliases(olight, []) is True
        assert aliases.get_or_create_brand("Olite") != olight
    assert Brand.objects.count() == 2


def test_a_product_created_under_an_alias_has_our_brand(olight):
    with transaction.atomic():
        assert aliases.get_or_create_brand("o lite") == olight


def test_products_get_the_new_name_of_their_brand_in_their_titles(olight):
    product = make_product(brand=olight, title="Olight i3T headlamp", family="headlamp")
    make_spec(product)
    make_listing(make_variant(product))
    Brand.objects.filter(pk=olight.pk).update(name="Olite", key="olite pro")

    reindex_brand(olight.pk)

    product.refresh_from_db()
    assert product.titles["az"].startswith("Olite ")
    assert ProductCard.objects.get().titles == product.titles


def test_a_search_finds_a_product_by_an_alias_of_its_brand(olight):
    product = make_product(brand=olight, title="i3T EOS")
    make_spec(product)
    make_listing(make_variant(product))

    assert reindex_brand(olight.pk) == 1

    page = product_list.load_page(
        channel=make_channel(), country="DE", query=ProductFilter(search_text="olite"), now=NOON
    )
    assert [card.title for card in page.cards] == ["Olight i3T EOS headlamp, 400 lm, USB-C"]


def test_the_products_of_a_large_brand_are_indexed_in_parts(olight, monkeypatch):
    for _number in range(3):
        make_product(brand=olight)
    monkeypatch.setattr(tasks, "MAX_PER_TASK", 2)
    monkeypatch.setattr(reindex_brand, "delay", lambda **part: done.append(part))
    done = [{"brand_id": olight.pk}]

    assert [reindex_brand(**part) for part in done] == [2, 1]
