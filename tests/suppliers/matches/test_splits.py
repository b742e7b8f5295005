"""Splits: offers or variants become another item, imports keep that, undo restores it."""

from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Identifier, Image, Product, Variant
from catalog.products.alternatives import find_redirect
from suppliers.matches import review, splits
from suppliers.matches.splits import Target
from suppliers.models import MatchDecision, StockLevel, SupplierOffer
from suppliers.offers.overrides import OverrideError
from tests.factories.catalog import make_image, make_variant
from tests.factories.feeds import NOON
from tests.factories.match_decisions import GTIN, OTHER_GTIN, check_orders, page, state


@pytest.fixture
def offers(put):
    """The offers of one variant: of its creator, and of the second supplier."""
    second = put(page(gtin=GTIN))
    assert second.variant == Variant.objects.get()
    return [*SupplierOffer.objects.order_by("pk")]


def split(offers, *, target=None, **chosen):
    return splits.split_offers(
        variant=Variant.objects.order_by("pk").first(),
        offers=[offer.pk for offer in offers],
        target=target or Target(title="Northbeam H100 Pro"),
        actor="ann", now=NOON, check_orders=check_orders, **chosen,
    )  # fmt: skip


def undo(decision):
    review.undo(decision=decision, actor="leo", now=NOON, check_orders=check_orders)


def test_split_offers_become_a_draft_with_what_staff_chose(offers):
    Variant.objects.update(origin_country="CN")
    origin = Variant.objects.get()
    gtin = origin.identifiers.get(scheme="gtin")
    image = make_image(origin.product, stem="abc")

    decision = split(offers[1:], identifiers=[gtin.pk], images=[image.pk])

    made = decision.other
    assert (made.product.title, made.product.status) == ("Northbeam H100 Pro", "draft")
    assert made.product.brand == origin.product.brand
    assert made.product.spec.output_lm is None
    assert list(made.offers.all()) == offers[1:]
    assert list(origin.offers.all()) == offers[:1]
    assert made.identifiers.get(scheme="gtin").state == "verified"
    assert list(made.product.images.all()) == [image]
    assert (made.lithium, made.weight_g) == (origin.lithium, origin.weight_g)
    assert made.origin_country == "CN"


def test_imports_keep_a_split_and_describe_the_new_product(offers, put):
    made = split(offers[1:]).other

    put(page(title="Northbeam H100 Pro headlamp", gtin=OTHER_GTIN))

    offers[1].refresh_from_db()
    assert (offers[1].variant, offers[1].status) == (made, "active")
    assert made.identifiers.filter(scheme="gtin", value__endswith=OTHER_GTIN).exists()
    assert Product.objects.order_by("pk").first().title == "Northbeam H100 headlamp"
    assert Product.objects.count() == 2


def test_imports_keep_a_split_from_the_product_of_their_supplier(offers, put, supplier):
    made = split(offers[:1]).other

    put(page(title="Northbeam H100 headlamp, new words", gtin=GTIN), of=supplier)

    offers[0].refresh_from_db()
    assert offers[0].variant == made
    assert made.product.title == "Northbeam H100 Pro"
    assert Product.objects.order_by("pk").first().title == "Northbeam H100 headlamp"


def test_undo_restores_the_variant_and_retires_what_was_made(offers):
    origin, before = Variant.objects.get(), state()
    decision = split(offers[1:], identifiers=[origin.identifiers.get(scheme="gtin").pk])

    undo(decision)

    made = Variant.objects.exclude(pk=origin.pk).get()
    assert (made.status, made.replaced_by, made.product.status) == (
        "discontinued",
        origin,
        "archived",
    )
    assert find_redirect(made.product_id) == origin.product.slug
    after = state()
    assert (*after[:2], after[2][:1], after[3][:1], after[4]) == before


def test_an_undo_after_another_offer_joined_is_refused(offers, second):
    decision = split(offers[1:])
    SupplierOffer.objects.create(
        supplier=second, supplier_sku="X", variant=decision.other, currency="USD", seen_at=NOON
    )
    before = state()

    with pytest.raises(OverrideError, match="changed since"):
        undo(decision)
    assert state() == before


def test_offers_become_a_new_variant_of_the_same_product(offers):
    origin = Variant.objects.get()
    Product.objects.update(option_names=["Color"])
    Variant.objects.update(option_values=["Black"])

    for values, why in ((["BLACK"], "has these options"), ([" "], "Enter a value"), ([], "Enter")):
        with pytest.raises(OverrideError, match=why):
            split(offers[1:], target=Target(option_values=values))
    made = split(offers[1:], target=Target(option_values=["Red"])).other

    assert (made.product, made.option_values) == (origin.product, ["Red"])
    assert made.offers.count() == origin.offers.count() == 1


def test_all_offers_move_to_an_existing_variant_and_the_page_redirects(offers):
    origin, goal, before = Variant.objects.get(), make_variant(), state()

    decision = split(offers, target=Target(variant=goal), is_redirected=True)

    assert goal.offers.count() == 2
    assert find_redirect(origin.product_id) == goal.product.slug
    undo(decision)
    assert state() == before


def test_a_page_that_is_still_offered_does_not_redirect(offers):
    before = state()

    with pytest.raises(OverrideError, match="still offer"):
        split(offers[1:], target=Target(variant=make_variant()), is_redirected=True)
    assert state()[0] == before[0]


@pytest.mark.parametrize("units", [{"reserved": 1}, {"allocated_outstanding": 1}])
def test_offers_with_open_units_are_not_split(offers, units):
    StockLevel.objects.filter(offer=offers[1]).update(**units)
    before = state()

    with pytest.raises(OverrideError, match="Open orders hold units of the SKU H100"):
        split(offers[1:])
    assert state() == before


def test_offers_of_an_open_order_are_not_split(offers):
    asked = []

    def refuse(*, variants=(), offers=()):
        asked.append(list(offers))
        raise OverrideError("an open order")

    with pytest.raises(OverrideError, match="an open order"):
        splits.split_offers(
            variant=Variant.objects.get(), offers=[offers[1].pk], target=Target(title="New"),
            actor="ann", now=NOON, check_orders=refuse,
        )  # fmt: skip
    assert asked == [[offers[1].pk]]
    assert Product.objects.count() == 1


def test_only_offers_of_the_variant_are_split(offers):
    SupplierOffer.objects.filter(pk=offers[1].pk).update(variant=make_variant())

    for chosen in ([], offers[1:]):
        with pytest.raises(OverrideError, match="Choose offers of this variant"):
            split(chosen)


def test_variants_become_a_new_product_and_return(offers, put):
    origin = Variant.objects.get()
    red = make_variant(origin.product, option_values=["Red"])
    SupplierOffer.objects.filter(pk=offers[1].pk).update(variant=red)
    Image.objects.all().delete()
    image = make_image(origin.product, variant=red)
    before = state()
    split_red = partial(
        splits.split_variants, product=origin.product, title="Northbeam H100 Red",
        actor="ann", now=NOON, check_orders=check_orders,
    )  # fmt: skip
    for chosen in ([], [origin.pk, red.pk]):
        with pytest.raises(OverrideError, match="at least one remains"):
            split_red(variants=chosen)

    decision = split_red(variants=[red.pk])
    put(page(title="Northbeam H100 headlamp", gtin=OTHER_GTIN))

    red.refresh_from_db()
    image.refresh_from_db()
    assert (red.product.title, red.product.status) == ("Northbeam H100 Red", "draft")
    assert image.product == red.product
    assert red.offers.count() == 1
    Identifier.objects.filter(variant=red).delete()
    undo(decision)
    red.refresh_from_db()
    assert red.product == origin.product
    assert state()[0] == before[0]
    assert MatchDecision.objects.get().undone_at == NOON


def test_an_undo_locks_the_variants_before_the_offers(offers):
    decision = split(offers[1:])

    with CaptureQueriesContext(connection) as queries:
        undo(decision)

    locks = [one["sql"] for one in queries if " FOR NO KEY UPDATE" in one["sql"]]
    assert '"catalog_variant"' in locks[0]
    assert all(f"{variant.pk}" in locks[0] for variant in (decision.variant, decision.other))
    assert '"suppliers_supplieroffer"' in locks[1]
