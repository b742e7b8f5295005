"""Links: an offer whose supplier states another GTIN is unlinked and waits for staff."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.urls import reverse
from django.utils.translation import override

from catalog.models import Listing, Product, Variant
from catalog.products import creation, spec_edits
from catalog.readiness import lifecycle
from storefront.dev.sandboxes import in_memory_supplier
from suppliers.inventory import publication
from suppliers.models import StockLevel, SupplierOffer, SyncIssue
from suppliers.offers import overrides
from tests.factories.catalog import make_category, make_variant
from tests.factories.feeds import NOON, make_feed_supplier, sync, usd
from tests.factories.product_records import make_product_record, make_variant_record

OURS, OTHER = "4006381333931", "4012345678901"


def light(*, gtin=OURS, mpn="NB-H100", **words):
    variant = make_variant_record(sku="H100", option_values=(), gtin=gtin, mpn=mpn)
    return make_product_record(variants=[variant], picture_urls=(), option_names=(), **words)


@pytest.fixture
def second():
    return make_feed_supplier(code="second", base_url="http://second.example")


@pytest.fixture
def second_world(world, second):
    return in_memory_supplier.data_at("http://second.example")


@pytest.fixture
def state(supplier, world, second, second_world):
    """Return a function that syncs a product page of the second supplier.

    The offer of that page starts linked to the variant of the first supplier.
    """
    hours = iter(range(1, 9))

    def state(record):
        second_world.put(record, stock={"DE": 20}, cost=usd("5.10"))
        second.products.update(list_digest="")
        sync(second, now=NOON + timedelta(hours=next(hours)))
        return SupplierOffer.objects.get(supplier=second, supplier_sku=record.variants[0].sku)

    world.put(light(), stock={"DE": 20}, cost=usd("8.40"))
    sync(supplier)
    assert state(light()).variant == Product.objects.get().variants.get()
    return state


def open_issues(offer):
    found = SyncIssue.objects.filter(supplier=offer.supplier, resolved_at=None)
    return [(issue.row, issue.code) for issue in found]


@pytest.mark.parametrize("mpn", ["NB-H100", ""], ids=["part number", "GTIN alone"])
def test_another_gtin_unlinks_the_offer_with_an_issue(state, mpn):
    variant = Product.objects.get().variants.get()

    offer = state(light(gtin=OTHER, mpn=mpn))

    assert (offer.variant, offer.disputed_variant, offer.status) == (None, variant, "on_hold")
    assert open_issues(offer) == [
        ("H100", "gtin-contradicts-link" if not mpn else "gtin-contradicts-mpn")
    ]
    assert Product.objects.count() == 1


def test_an_offer_with_the_gtin_of_another_product_is_held(state, world, supplier):
    other = make_product_record(
        external_id="P2",
        title="Bike light",
        variants=[make_variant_record(sku="B1", gtin=OTHER, mpn="NB-B1")],
        picture_urls=(),
    )
    world.put(other, stock={"DE": 3}, cost=usd("3.00"))
    sync(supplier, now=NOON + timedelta(minutes=90))

    offer = state(light(gtin=OTHER, mpn=""))

    assert (offer.variant, offer.status) == (None, "on_hold")


def test_a_disputed_offer_is_held_until_its_gtin_matches_again(state, second):
    state(light(gtin=OTHER))
    sync(second, "prices", now=NOON + timedelta(hours=5))

    assert state(light(gtin=OTHER, title="Reworded", mpn="")).status == "on_hold"
    offer = state(light())

    assert (offer.variant, offer.disputed_variant) == (Product.objects.get().variants.get(), None)
    assert (offer.status, open_issues(offer)) == ("active", [])


def test_the_former_variant_loses_its_stock(state, supplier):
    SupplierOffer.objects.filter(supplier=supplier).update(status="discontinued")
    publication.publish_pending(now=NOON)

    offer = state(light(gtin=OTHER))

    listings = Listing.objects.filter(variant=offer.disputed_variant)
    assert set(listings.values_list("available", flat=True)) <= {0}


# Decisions of staff


@pytest.fixture
def disputed(state):
    return state(light(gtin=OTHER))


def later(n=8):
    return NOON + timedelta(hours=n)


def read_again(offer, record, world_of_it):
    world_of_it.put(record, stock={"DE": 20}, cost=usd("5.10"))
    offer.supplier.products.update(list_digest="", detail_digest="")
    sync(offer.supplier, now=later(9))
    offer.refresh_from_db()


def test_a_link_by_staff_is_kept_despite_a_contradicting_gtin(disputed, second_world):
    variant = disputed.disputed_variant

    overrides.link(offer=disputed, variant=variant, now=later())
    read_again(disputed, light(gtin=OTHER, title="Reworded"), second_world)

    assert (disputed.variant, disputed.status, open_issues(disputed)) == (variant, "active", [])


def test_staff_create_a_product_from_an_offer(disputed, second_world):
    overrides.create_product(offer=disputed, now=later())
    read_again(disputed, light(gtin=OTHER), second_world)

    assert disputed.status == "active"
    assert disputed.variant.product_id != Product.objects.order_by("pk").first().pk
    assert Product.objects.count() == 2


def test_an_offer_refused_by_staff_stays_held_without_issues(disputed, second_world):
    overrides.refuse(offer=disputed, now=later())
    read_again(disputed, light(gtin="", title="Reworded"), second_world)

    assert (disputed.variant, disputed.status, open_issues(disputed)) == (None, "on_hold", [])
    assert Product.objects.count() == 1

    overrides.clear_override(offer=disputed, fields=["status", "variant"], now=later())
    read_again(disputed, light(), second_world)
    assert disputed.status == "active"


def test_impossible_decisions_are_refused(disputed, second):
    variant = disputed.disputed_variant
    SupplierOffer.objects.create(
        supplier=second, supplier_sku="X", variant=variant, currency="USD", seen_at=NOON
    )
    with pytest.raises(overrides.OverrideError, match="already offers this variant as X"):
        overrides.link(offer=disputed, variant=variant, now=later())
    with override("az"), pytest.raises(overrides.OverrideError, match="artıq X kimi təklif edir"):
        overrides.link(offer=disputed, variant=variant, now=later())

    StockLevel.objects.filter(offer=disputed).update(reserved=1)
    with pytest.raises(overrides.OverrideError, match="Open orders hold units"):
        overrides.link(offer=disputed, variant=make_variant(), now=later())
    with pytest.raises(overrides.OverrideError, match="Open orders hold units"):
        overrides.create_product(offer=disputed, now=later())

    StockLevel.objects.update(reserved=0)
    second.products.all().delete()
    with pytest.raises(overrides.OverrideError, match="Only a price list"):
        overrides.create_product(offer=disputed, now=later())


@pytest.mark.parametrize(
    ("verb", "words"),
    [("link", "Linked to {sku}"), ("create_product", "Product requested"), ("refuse", "Rejected")],
)
def test_the_offer_page_shows_issues_and_records_the_reason(disputed, staff, verb, words):
    sku = disputed.disputed_variant.sku
    page = reverse("admin:suppliers_supplieroffer_change", args=[disputed.pk])
    address = reverse(f"admin:suppliers_supplieroffer_{verb}", args=[disputed.pk])
    why = SyncIssue.objects.get(resolved_at=None).message

    detail = staff.get(page).content.decode()
    assert why in detail
    assert address in detail
    asked = staff.get(address).content.decode()
    assert why in asked
    assert "required" in staff.post(address, {"sku": sku, "reason": ""}).content.decode()
    if verb == "link":
        shown = staff.post(address, {"sku": "HL-1", "reason": "So."}).content.decode()
        assert "No variant has this SKU" in shown
    staff.post(address, {"sku": sku.lower(), "reason": "Asked the maker."})

    entry = LogEntry.objects.get()
    assert entry.change_message == f"{words.format(sku=sku)}: Asked the maker."
    assert entry.object_id == str(disputed.pk)
    detail = staff.get(page).content.decode()
    assert why not in detail
    assert (address in detail) == (verb != "link")


def test_a_decision_about_one_sku_does_not_affect_others(state, second_world, second):
    """A page with two SKUs, one linked: the other becomes a product, the first stays linked."""
    page = light()
    blue = make_variant_record(sku="BLU", option_values=(), gtin="", mpn="NB-H100-BLU")
    two = replace(page, variants=(*page.variants, blue))
    state(two)
    offer = SupplierOffer.objects.get(supplier=second, supplier_sku="BLU")
    assert open_issues(offer) == [("BLU", "sku-not-matched")]

    overrides.create_product(offer=offer, now=later(7))
    read_again(offer, two, second_world)
    read_again(offer, replace(two, title="Reworded"), second_world)

    linked = SupplierOffer.objects.get(supplier=second, supplier_sku="H100")
    assert linked.variant == Product.objects.order_by("pk").first().variants.get()
    assert offer.variant.product_id != linked.variant.product_id


def test_new_versions_do_not_change_what_staff_typed(disputed, second_world):
    product = Product(
        title="Weir 370",
        category=make_category(slug="typed"),
        family="lantern",
        option_names=["Color"],
    )
    with transaction.atomic():
        creation.create_product(
            product, brand_name="Tindrel", first=Variant(option_values=["Black"])
        )
    overrides.link(offer=disputed, variant=product.variants.get(), now=later())
    black = make_variant_record(sku="H100", option_values=("Black",), gtin="", mpn="")
    blue = make_variant_record(sku="BLU", option_values=("Blue",), gtin="", mpn="")
    page = replace(light(), variants=(black, blue), option_names=("Color",))

    read_again(disputed, page, second_world)
    read_again(disputed, replace(page, title="Reworded"), second_world)

    assert product.variants.count() == 2
    typed = (product.title, product.brand, product.category, product.family)
    product = Product.objects.get(pk=product.pk)
    assert (product.title, product.brand, product.category, product.family) == typed


def test_an_offer_is_linked_to_a_product_created_by_staff_and_sold(disputed):
    product = Product(title="Weir 370", category=Product.objects.get().category, family="headlamp")
    with transaction.atomic():
        creation.create_product(product, brand_name="Tindrel", first=Variant(packed_weight_g=140))
    variant = product.variants.get()

    overrides.link(offer=disputed, variant=variant, now=later())
    publication.publish_pending(now=later())
    is_published_as_draft = Listing.objects.get(variant=variant).is_published
    with transaction.atomic():
        values = {"output_lm": 370, "power_sources": ["built_in"]}
        spec_edits.edit_spec(product=product, changes=values, actor="erika", now=later())
        for to in ("in_review", "ready", "live"):
            lifecycle.move_product(product=product, to=to, actor="erika", now=later())

    assert not is_published_as_draft
    assert Listing.objects.get(variant=variant).is_published
