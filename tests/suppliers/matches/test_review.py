"""Match review: decisions about offers and conflicts, what they change, and their undo."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Identifier, Listing, Product, Variant
from catalog.products.alternatives import find_redirect
from suppliers.inventory import publication
from suppliers.matches import review
from suppliers.models import MatchDecision, PendingPublication, StockLevel, SupplierOffer
from suppliers.offers import overrides
from suppliers.offers.overrides import OverrideError
from tests.factories.catalog import make_variant
from tests.factories.feeds import NOON
from tests.factories.match_decisions import GTIN, OTHER_GTIN, check_orders, page, state

LATER = NOON + timedelta(hours=1)


def merge(conflict):
    review.merge(conflict=conflict, actor="ann", now=LATER, check_orders=check_orders)


def undo(decision):
    review.undo(decision=decision, actor="leo", now=LATER, check_orders=check_orders)


# Offers


@pytest.fixture
def doubtful(put):
    return put(page(title="Northbeam H100 Pro headlamp"))


def decide(offer, *, is_same):
    review.decide_offer(offer=offer, is_same=is_same, actor="ann", now=LATER)
    offer.refresh_from_db()
    return MatchDecision.objects.get()


def test_a_doubtful_offer_is_held_and_asked_about(doubtful):
    variant = Variant.objects.get()

    question = review.question_at(0)

    assert (doubtful.variant, doubtful.status) == (None, "on_hold")
    assert (question.offer, question.variant) == (doubtful, variant)
    assert question.stated["contradictions"] == ["name"]
    assert question.stated["title"] == "Northbeam H100 Pro headlamp"
    assert (review.count_questions(), review.question_at(1)) == (1, None)


def test_same_links_the_offer_and_no_import_asks_again(doubtful, put):
    variant = Variant.objects.get()

    decide(doubtful, is_same=True)
    put(page(title="Northbeam H100 Pro headlamp, new words", gtin=OTHER_GTIN))

    doubtful.refresh_from_db()
    assert (doubtful.variant, doubtful.status) == (variant, "active")
    assert review.count_questions() == 0
    assert Product.objects.get().title == "Northbeam H100 headlamp"


def test_different_creates_a_product_and_no_import_asks_again(doubtful, put):
    decide(doubtful, is_same=False)
    put(page(title="Northbeam H100 Pro headlamp"))
    put(page(title="Northbeam H100 Pro headlamp, new words"))

    doubtful.refresh_from_db()
    assert doubtful.variant.product.title == "Northbeam H100 Pro headlamp, new words"
    assert (doubtful.status, review.count_questions()) == ("active", 0)


@pytest.mark.parametrize("is_same", [True, False])
def test_undo_asks_about_the_offer_again(doubtful, is_same):
    before = state()

    undo(decide(doubtful, is_same=is_same))

    assert state() == before
    assert review.question_at(0).offer == doubtful
    with pytest.raises(OverrideError, match="undone already"):
        undo(MatchDecision.objects.get())


def test_what_open_orders_hold_or_was_created_is_not_undone(doubtful, put):
    decision = decide(doubtful, is_same=True)
    StockLevel.objects.filter(offer=doubtful).update(reserved=1)
    with pytest.raises(OverrideError, match="Open orders hold units of the SKU H100"):
        undo(decision)
    with pytest.raises(OverrideError, match="decided already"):
        review.decide_offer(offer=doubtful, is_same=True, actor="bob", now=LATER)


def test_undo_of_a_different_item_keeps_the_hold_of_staff(doubtful):
    overrides.override(offer=doubtful, values={"status": "on_hold"}, actor="ann", now=LATER)
    doubtful.refresh_from_db()

    undo(decide(doubtful, is_same=False))

    doubtful.refresh_from_db()
    assert (doubtful.status, doubtful.overridden_fields) == ("on_hold", ["status"])


def test_undo_keeps_a_discontinued_offer_discontinued(doubtful):
    decision = decide(doubtful, is_same=True)
    SupplierOffer.objects.filter(pk=doubtful.pk).update(status="discontinued")

    undo(decision)

    doubtful.refresh_from_db()
    assert (doubtful.variant, doubtful.status) == (None, "discontinued")


def test_a_link_that_staff_changed_since_is_not_undone(doubtful):
    decision = decide(doubtful, is_same=True)
    elsewhere = make_variant()
    SupplierOffer.objects.filter(pk=doubtful.pk).update(variant=elsewhere)

    with pytest.raises(OverrideError, match="changed since"):
        undo(decision)

    doubtful.refresh_from_db()
    assert doubtful.variant == elsewhere


def test_a_created_product_is_not_undone(doubtful, put):
    decision = decide(doubtful, is_same=False)
    put(page(title="Northbeam H100 Pro headlamp"))

    with pytest.raises(OverrideError, match="created already"):
        undo(decision)


# Conflicts


@pytest.fixture
def conflict(put):
    """The GTIN of the first product, claimed by the product of another brand."""
    put(page(title="Northstar H100 headlamp", brand="Northstar", sku="N1", gtin=GTIN))
    return Identifier.objects.get(state="conflict")


def owner():
    return Variant.objects.order_by("pk").first()


def test_a_conflict_is_asked_about(conflict):
    question = review.question_at(0)

    assert (question.variant, question.other) == (owner(), conflict.variant)
    assert "brand" in question.verdict.contradictions


@pytest.mark.parametrize("belongs_to_other", [False, True])
def test_a_decided_identifier_is_verified_and_kept_by_imports(
    conflict, put, supplier, belongs_to_other
):
    names = {False: owner(), True: conflict.variant}

    review.verify_identifier(
        conflict=conflict, belongs_to_other=belongs_to_other, actor="ann", now=LATER
    )
    put(page(title="Northbeam H100 headlamp!", gtin=GTIN), of=supplier)
    put(page(title="Northstar H100 lamp", brand="Northstar", sku="N1", gtin=GTIN))

    found = Identifier.objects.get(scheme="gtin", state="verified")
    assert found.variant == names[belongs_to_other]
    assert Identifier.objects.get(scheme="gtin", state="conflict").variant != found.variant
    assert review.count_questions() == 0
    assert MatchDecision.objects.get().answer == "different"


@pytest.mark.parametrize("belongs_to_other", [False, True])
def test_undo_asks_about_the_identifier_again(conflict, belongs_to_other):
    before = state()
    review.verify_identifier(
        conflict=conflict, belongs_to_other=belongs_to_other, actor="ann", now=LATER
    )

    undo(MatchDecision.objects.get())

    assert state() == before


def test_a_merge_moves_offers_and_identifiers_and_retires_the_second_product(conflict, put):
    first, other = owner(), conflict.variant
    PendingPublication.objects.all().delete()

    merge(conflict)

    assert set(first.offers.values_list("supplier__code", flat=True)) == {"lumen", "second"}
    assert set(first.identifiers.values_list("scheme", "value", "state")) >= {
        ("gtin", f"0{GTIN}", "verified"),
        ("mpn", "northstar:nbh100", "verified"),
    }
    other.refresh_from_db()
    assert (other.status, other.replaced_by, other.offers.count()) == ("discontinued", first, 0)
    assert other.product.status == "archived"
    assert find_redirect(other.product_id) == first.product.slug
    queued = set(PendingPublication.objects.values_list("variant", flat=True))
    assert queued == {first.pk, other.pk}


def test_a_merge_moves_the_stock_to_the_remaining_listing(conflict, supplier):
    SupplierOffer.objects.filter(supplier=supplier).update(status="discontinued")
    PendingPublication.queue([owner().pk])
    publication.publish_pending(now=LATER)
    available = Listing.objects.order_by("variant").values_list("available", flat=True)
    assert list(available) == [0, 20]

    merge(conflict)
    publication.publish_pending(now=LATER)

    assert list(available.all()) == [20, 0]


def test_a_merged_offer_stays_and_its_supplier_no_longer_writes_texts(conflict, put):
    merge(conflict)

    offer = put(page(title="Another title", brand="Northstar", sku="N1", gtin=OTHER_GTIN))

    assert (offer.variant, offer.status) == (owner(), "active")
    assert list(Product.objects.filter(status="live")) == [owner().product]
    assert owner().product.title == "Northbeam H100 headlamp"
    assert review.count_questions() == 0


def test_undo_of_a_merge_restores_both_products(conflict):
    before = state()
    merge(conflict)

    undo(MatchDecision.objects.get())

    assert state() == before
    assert find_redirect(conflict.variant.product_id) == ""


def test_questions_about_a_merged_variant_are_asked_about_the_remaining_one(conflict, supplier):
    asked = SupplierOffer.objects.create(
        supplier=supplier, supplier_sku="Q", disputed_variant=conflict.variant, currency="USD",
        status="on_hold", seen_at=NOON,
    )  # fmt: skip

    merge(conflict)

    asked.refresh_from_db()
    assert (asked.variant, asked.disputed_variant) == (None, owner())


def test_undo_of_a_merge_keeps_what_staff_overrode_since(conflict):
    offer = conflict.variant.offers.get()
    merge(conflict)
    overrides.override(offer=offer, values={"cost_amount": Decimal("9.99")}, actor="ann", now=LATER)

    undo(MatchDecision.objects.get())

    offer.refresh_from_db()
    assert (offer.variant, offer.overridden_fields) == (conflict.variant, ["cost_amount"])


def test_the_first_of_two_merges_is_not_undone_before_the_second(conflict):
    middle, last = owner(), make_variant()
    merge(conflict)
    Identifier.objects.create(variant=last, scheme="gtin", value="04012345678901")
    claim = Identifier.objects.create(
        variant=middle, scheme="gtin", value="04012345678901", state="conflict"
    )
    merge(claim)
    first, second = MatchDecision.objects.order_by("pk")
    before = state()

    with pytest.raises(OverrideError, match="changed since"):
        undo(first)

    assert state() == before
    undo(second)
    undo(first)
    assert conflict.variant.offers.count() == middle.offers.count() == 1


def test_a_merge_is_not_undone_if_another_variant_has_one_of_its_identifiers(conflict):
    merge(conflict)
    Identifier.objects.filter(value="northstar:nbh100").delete()
    Identifier.objects.create(variant=make_variant(), scheme="mpn", value="northstar:nbh100")
    before = state()

    with pytest.raises(OverrideError, match="changed since"):
        undo(MatchDecision.objects.get())

    assert state() == before


@pytest.mark.parametrize("retired", ["variant", "product"])
def test_nothing_is_merged_into_a_discontinued_variant(conflict, retired):
    if retired == "variant":
        Variant.objects.filter(pk=owner().pk).update(status="discontinued")
    else:
        Product.objects.filter(pk=owner().product_id).update(status="archived")

    with pytest.raises(OverrideError, match="is discontinued"):
        merge(conflict)


def test_a_merged_variant_is_no_successor_of_the_remaining_one(conflict):
    Variant.objects.filter(pk=owner().pk).update(replaced_by=conflict.variant)
    before = state()

    merge(conflict)

    assert owner().replaced_by is None
    undo(MatchDecision.objects.get())
    assert state() == before


def test_variants_are_not_merged_while_that_would_break_orders_or_offers(conflict, second):
    offer = conflict.variant.offers.get()
    twin = SupplierOffer.objects.create(
        supplier=second, supplier_sku="T", variant=owner(), currency="USD", seen_at=NOON
    )
    with pytest.raises(OverrideError, match="already offers this variant as T"):
        merge(conflict)

    twin.delete()
    StockLevel.objects.filter(offer=offer).update(reserved=1)
    before = state()
    with pytest.raises(OverrideError, match="Open orders hold units of the SKU N1"):
        merge(conflict)
    assert state() == before
