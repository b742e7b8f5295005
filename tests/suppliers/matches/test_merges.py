"""Merges by hand: products with several variants, images, chains of redirects, their undo."""

import pytest

from catalog.models import FieldChange, Image, Product, Variant
from catalog.products.alternatives import find_redirect
from storefront.lib.state_machine import StatusChange
from suppliers.matches import merges, review
from suppliers.offers.overrides import OverrideError
from tests.factories.catalog import (
    make_guarantee,
    make_image,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.match_decisions import check_orders, state
from tests.factories.suppliers import NOON, make_offer, make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_colors():
    """Return a function that makes a product with a variant of each color, all offered."""
    suppliers = iter(range(100))

    def make(*colors):
        product = make_product(option_names=["Color"])
        make_spec(product)
        supplier = make_supplier(code=f"s{next(suppliers)}")
        for color in colors:
            make_offer(make_variant(product, option_values=[color]), supplier=supplier)
        return product

    return make


def merge(product, other, **how):
    return merges.merge_products(
        product=product, other=other, actor="ann", now=NOON, check_orders=check_orders, **how
    )


def undo(decision):
    review.undo(decision=decision, actor="leo", now=NOON, check_orders=check_orders)


def months():
    return dict(
        Product.objects.exclude(guarantee_months=None).values_list("pk", "guarantee_months")
    )


def colors_of(product):
    rows = Variant.objects.filter(product=product).exclude(status="discontinued")
    return {row.option_values[0]: row.offers.count() for row in rows}


def test_equal_variants_merge_and_the_others_move(make_colors):
    product, other = make_colors("Black", "Red"), make_colors("black", "Green")
    before = state()

    decision = merge(product, other)

    assert colors_of(product) == {"Black": 2, "Red": 1, "Green": 1}
    other.refresh_from_db()
    assert (other.status, find_redirect(other.pk)) == ("archived", product.slug)
    undo(decision)
    assert state() == before


def test_the_history_names_the_status_and_who_merged_and_undid(make_colors):
    product, other = make_colors("Black"), make_colors("Black")

    undo(merge(product, other))

    steps = StatusChange.objects.filter(subject="catalog.Product", subject_id=other.pk)
    assert [(step.to_status, step.actor) for step in steps.order_by("pk")] == [
        ("archived", "ann"),
        (other.status, "leo"),
    ]
    undone = FieldChange.objects.filter(source="match undone")
    assert set(undone.values_list("actor", flat=True)) == {"leo"}


def test_the_images_move_if_staff_want_it(make_colors):
    product, other = make_colors("Black"), make_colors("Black")
    image = make_image(other, stem="abc")

    decision = merge(product, other, with_images=True)

    assert list(product.images.all()) == [image]
    undo(decision)
    assert Image.objects.get(pk=image.pk).product == other


def test_the_guarantee_moves_unless_the_remaining_product_has_one(make_colors):
    first, second, third = (make_colors("Black") for _ in range(3))
    make_guarantee(first, months=60)
    make_guarantee(third, months=36)
    before = state()

    one = merge(second, first)

    assert months() == {second.pk: 60, third.pk: 36}
    two = merge(third, second)
    assert months() == {second.pk: 60, third.pk: 36}
    undo(two)
    undo(one)
    assert state() == before


def test_a_product_that_keeps_a_variant_keeps_its_guarantee(make_colors):
    product, other = make_colors("Black"), make_colors("Black", "Red")
    make_guarantee(other)
    black = other.variants.get(option_values=["Black"])

    merges.merge(
        variant=product.variants.get(), other=black,
        actor="ann", now=NOON, check_orders=check_orders,
    )  # fmt: skip

    assert months() == {other.pk: 60}


def test_a_guarantee_that_was_recorded_since_refuses_the_undo(make_colors):
    product, other = make_colors("Black"), make_colors("Black")
    make_guarantee(other)
    decision = merge(product, other)
    make_guarantee(other, months=36)

    with pytest.raises(OverrideError, match="changed since"):
        undo(decision)
    assert months() == {product.pk: 60, other.pk: 36}


def test_no_variants_and_no_guarantee_move_to_an_archived_product(make_colors):
    product, other = make_colors("Black"), make_colors("Red", "Green")
    make_guarantee(other)
    Product.objects.filter(pk=product.pk).update(status="archived")

    with pytest.raises(OverrideError, match="discontinued"):
        merge(product, other)
    assert months() == {other.pk: 60}


@pytest.mark.parametrize("options", [["Battery"], ["Color", "Battery"]])
def test_products_with_other_options_are_merged_variant_by_variant(make_colors, options):
    product, other = make_colors("Black", "Red"), make_colors("Green", "Blue")
    Product.objects.filter(pk=other.pk).update(option_names=options)
    other.refresh_from_db()

    with pytest.raises(OverrideError, match="one by one"):
        merge(product, other)


def test_an_open_order_refuses_a_merge_and_nothing_changes(make_colors):
    product, other = make_colors("Black"), make_colors("Black")
    before = state()

    def refuse(*, variants=(), offers=()):
        assert set(variants) == set(other.variants.values_list("pk", flat=True))
        raise OverrideError("an open order")

    with pytest.raises(OverrideError, match="an open order"):
        merges.merge_products(
            product=product, other=other, actor="ann", now=NOON, check_orders=refuse
        )
    assert state() == before


def test_a_chain_of_merges_is_one_redirect_and_is_undone_from_its_end(make_colors):
    first, middle, last = (make_colors("Black") for _ in range(3))
    before = state()

    one = merge(middle, first)
    two = merge(last, middle)

    assert find_redirect(first.pk) == find_redirect(middle.pk) == last.slug
    with pytest.raises(OverrideError, match="changed since"):
        undo(one)
    undo(two)
    assert (find_redirect(first.pk), find_redirect(middle.pk)) == (middle.slug, "")
    undo(one)
    assert state() == before


def test_a_product_is_not_merged_into_itself(make_colors):
    product = make_colors("Black")

    with pytest.raises(OverrideError, match="two different"):
        merge(product, product)


def test_a_redirect_that_leads_back_or_ends_nowhere_is_none(make_colors):
    first, second = make_colors("Black"), make_colors("Black")
    Product.objects.filter(pk=first.pk).update(status="archived", redirects_to=second)
    Product.objects.filter(pk=second.pk).update(status="archived", redirects_to=first)

    assert find_redirect(first.pk) == ""
