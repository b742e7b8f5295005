"""Pages that merge and split products, decide about duplicates, and merge brands."""

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from catalog.models import Brand, Identifier, Product, Variant
from orders.models import Order
from suppliers.matches import duplicates
from suppliers.models import BrandMerge, DuplicateCandidate, MatchDecision, StockLevel
from tests.factories.accounts import make_staff
from tests.factories.catalog import (
    make_brand,
    make_channel,
    make_guarantee,
    make_image,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.orders import make_order, make_sellable
from tests.factories.suppliers import NOON, make_offer, make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def channel(db):
    return make_channel()  # error pages are those of the shop


@pytest.fixture
def pair():
    """Two products of one brand with the same part number, each offered by one supplier."""
    variants = []
    for name in ("first", "second"):
        product = make_product(brand=make_brand(name="Fara"), title="Fara H10 headlamp")
        make_spec(product)
        variant = make_variant(product)
        make_offer(variant, supplier=make_supplier(code=name), sku=f"S-{name}")
        variants.append(variant)
    Identifier.objects.create(variant=variants[0], scheme="mpn", value="fara:h10", raw="H10")
    Identifier.objects.create(
        variant=variants[1], scheme="mpn", value="fara:h10", raw="H10", state="conflict"
    )
    return variants


def post(staff, name, *args, **data):
    return staff.post(reverse(f"supply:{name}", args=args), data, follow=True)


# Merge


def test_two_selected_products_are_compared_and_merged(staff, pair):
    first, second = (variant.product for variant in pair)
    chosen = {"action": "merge_selected", "_selected_action": [first.pk, second.pk]}
    page = staff.post(reverse("admin:catalog_product_changelist"), chosen, follow=True)
    assert "Keep the first" in page.content.decode()

    page = post(staff, "merge", "product", first.pk, second.pk, keep=second.pk)

    assert "is merged into" in page.content.decode()
    first.refresh_from_db()
    assert (first.status, first.redirects_to) == ("archived", second)
    assert pair[1].offers.count() == 2


def test_costs_are_shown_to_staff_who_may_see_offers(staff, client, pair):
    url = reverse("supply:merge", args=["variant", *(variant.pk for variant in pair)])
    assert "Cost" in staff.get(url).content.decode()

    client.force_login(make_staff("clerk", "change_product"))
    assert "Cost" not in client.get(url).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_only_two_rows_are_merged(staff, pair, count):
    ids = [*Product.objects.values_list("pk", flat=True), make_product().pk][:count]
    chosen = {"action": "merge_selected", "_selected_action": ids}

    page = staff.post(reverse("admin:catalog_product_changelist"), chosen, follow=True)

    assert "Select two rows." in page.content.decode()


def test_a_merge_of_what_an_open_order_contains_is_refused(staff, pair):
    order = make_order(make_sellable())
    line = order.lines.get()
    Order.objects.filter(pk=order.pk).update(status="processing")
    StockLevel.objects.update(reserved=0)

    page = post(staff, "merge", "variant", pair[0].pk, line.variant_id, keep=pair[0].pk)

    assert f"Order {order.number} contains {line.variant.sku}" in page.content.decode()
    assert not MatchDecision.objects.exists()


@pytest.mark.parametrize("keep", ["", "x", "0"])
def test_a_merge_without_a_choice_is_not_found(staff, pair, keep):
    url = reverse("supply:merge", args=["variant", *(variant.pk for variant in pair)])

    assert staff.post(url, {"keep": keep}).status_code == 404
    assert staff.get(reverse("supply:merge", args=["variant", pair[0].pk, 0])).status_code == 404
    same = reverse("supply:merge", args=["variant", pair[0].pk, pair[0].pk])
    assert staff.get(same).status_code == 404


# Split


def test_images_to_move_are_shown(staff, pair):
    make_image(pair[0].product, stem="abc", variant=pair[0])

    form = staff.get(reverse("supply:split_product", args=[pair[0].product_id])).content.decode()

    assert "/abc" in form
    assert f"Main image · {pair[0].sku}" in form


def test_offers_are_split_into_a_new_product(staff, pair):
    variant = pair[0]
    other = make_offer(variant, supplier=make_supplier(code="third"), sku="S-third")
    form = staff.get(reverse("supply:split_offers", args=[variant.pk])).content.decode()
    assert "S-third" in form
    assert "H10" in form

    page = post(
        staff, "split_offers", variant.pk, offers=[other.pk], goal="product", title="Fara H11"
    )

    assert "Split. Check the texts" in page.content.decode()
    other.refresh_from_db()
    assert other.variant.product.title == "Fara H11"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"goal": "product"}, "Enter a title."),
        ({"goal": "existing", "sku": "nope"}, "No variant has this SKU."),
        ({"goal": "variant"}, "Enter a value for each option"),
        ({"goal": "product", "title": "x", "offers": ["999"]}, "Select a valid choice"),
    ],
)
def test_a_wrong_split_is_explained(staff, pair, data, error):
    offer = pair[0].offers.get()

    page = post(staff, "split_offers", pair[0].pk, **{"offers": [offer.pk], **data})

    assert error in page.content.decode()
    assert not MatchDecision.objects.exists()


def test_variants_are_split_and_the_split_is_undone_in_match_review(staff, pair):
    product = pair[0].product
    red = make_variant(product, option_values=["Red"])

    post(staff, "split_product", product.pk, variants=[red.pk], title="Fara H12")

    red.refresh_from_db()
    assert red.product.title == "Fara H12"
    post(staff, "decide_match", step="undo", decision=MatchDecision.objects.get().pk)
    red.refresh_from_db()
    assert red.product == product


# Duplicates


def test_a_duplicate_is_listed_and_kept_apart(staff, pair, django_assert_max_num_queries):
    assert duplicates.search_duplicates(now=NOON) == 1

    with django_assert_max_num_queries(12):
        page = staff.get(reverse("supply:duplicates")).content.decode()
    assert "Part number (MPN)" in page
    assert "100 %" in page
    page = post(staff, "decide_duplicate", pair=DuplicateCandidate.objects.get().pk)

    assert "No likely duplicates." in page.content.decode()
    assert duplicates.search_duplicates(now=NOON) == 0
    post(staff, "decide_match", step="undo", decision=MatchDecision.objects.get().pk)
    assert DuplicateCandidate.objects.count() == 1


@pytest.mark.parametrize("pair_id", ["", "x", "9" * 40])
def test_an_unknown_pair_is_not_found(staff, pair_id):
    url = reverse("supply:decide_duplicate")

    assert staff.post(url, {"step": "different", "pair": pair_id}).status_code == 404


# Brands


def test_a_brand_is_merged_and_restored(staff, pair):
    brand, other = Brand.objects.get(), make_brand(name="Phara")
    product = make_product(brand=other)

    page = post(staff, "merge_brand", other.pk, into="FARA")

    assert "Phara is merged into Fara." in page.content.decode()
    product.refresh_from_db()
    assert product.brand == brand
    assert reverse("supply:merge_brand", args=[other.pk]) not in page.content.decode()
    page = post(staff, "undo_brand_merge", BrandMerge.objects.get().pk)
    assert "The merge is undone." in page.content.decode()
    product.refresh_from_db()
    assert product.brand == other


def test_a_brand_is_not_merged_into_an_unknown_one(staff, pair):
    page = post(staff, "merge_brand", Brand.objects.get().pk, into="Fara")

    assert "No other brand has this name." in page.content.decode()


def test_a_brand_is_added_with_aliases_on_one_page(staff, pair):
    empty = {f"{role}_{part}": "" for role in ("manufacturer", "responsible")
             for part in ("name", "address", "country", "email")}  # fmt: skip
    url = reverse("admin:catalog_brand_add")
    page = staff.post(
        url, {**empty, "name": "Olight", "alias_names": "Olite\nO-Light"}, follow=True
    )
    assert page.status_code == 200

    brand = Brand.objects.get(key="olight")
    assert [*brand.aliases.values_list("key", flat=True)] == ["olite"]
    for name, aliases in (
        ("Olite", ""),
        ("New", "fara"),
        ("New", "Olite"),
        ("!", ""),
        ("New", "-"),
    ):
        staff.post(url, {**empty, "name": name, "alias_names": aliases})
    assert Brand.objects.count() == 2


@pytest.mark.parametrize(
    ("months", "sentence"),
    [
        ([], "no sentence"),
        ([36], "its guarantee moves to the one that you keep"),
        ([36, 60], "The other guarantee stays with its product."),
    ],
)
def test_the_merge_page_says_what_becomes_of_guarantees(staff, pair, months, sentence):
    for variant, duration in zip(pair, months, strict=False):
        make_guarantee(variant.product, months=duration)

    page = staff.get(
        reverse("supply:merge", args=["product", *(variant.product_id for variant in pair)])
    ).content.decode()

    assert (sentence in page) == bool(months)
    assert page.count("guarantee moves") + page.count("guarantee stays") == bool(months)
    cell = " ".join(strip_tags(page).split())
    assert all(f"Tindrel Lights OÜ, {duration} months" in cell for duration in months)


@pytest.mark.parametrize(
    "page", ["merge", "split_offers", "split_product", "duplicates", "merge_brand"]
)
def test_the_pages_need_their_permissions(client, pair, page):
    args = {
        "merge": ["variant", *(variant.pk for variant in pair)],
        "split_offers": [pair[0].pk],
        "split_product": [pair[0].product_id],
        "duplicates": [],
        "merge_brand": [pair[0].product.brand_id],
    }[page]
    client.force_login(make_staff("stranger", "view_product"))

    assert client.get(reverse(f"supply:{page}", args=args)).status_code == 403


def test_the_number_of_statements_of_a_comparison_is_small(
    staff, pair, django_assert_max_num_queries
):
    url = reverse("supply:merge", args=["variant", *(variant.pk for variant in pair)])
    staff.get(url)

    with django_assert_max_num_queries(12):
        staff.get(url)
    assert Variant.objects.count() == 2
