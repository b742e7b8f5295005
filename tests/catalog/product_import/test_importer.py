from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.brands.forms import BrandForm
from catalog.models import Brand, Identifier, Image, Mode, Product, RepricingRequest, Spec, Variant
from catalog.models.categories import CONTACT_PARTS
from tests.factories.catalog import NOON
from tests.factories.product_records import (
    make_product_record,
    make_variant_record,
    take_in,
    two_variants,
)

pytestmark = pytest.mark.django_db


def numbered(place, gtin="4006381333931", **changes):
    variant = make_variant_record(sku=f"S{place}", mpn=f"M{place}", gtin=gtin)
    return make_product_record(external_id=f"R{place}", variants=[variant], **changes)


def test_a_record_becomes_a_complete_product():
    taken = take_in(two_variants())

    product = Product.objects.select_related("brand", "category", "spec").get()
    assert (product.title, product.brand.name, product.category.slug, product.status) == (
        "Sensor headlamp",
        "Northbeam",
        "headlamps",
        "live",
    )
    assert product.slug == "sensor-headlamp"
    assert (product.spec.output_lm, product.spec.beam_m, product.spec.basis) == (
        400,
        100,
        "supplier_claim",
    )
    variant = Variant.objects.get(pk=taken.variants["A-RED"])
    assert (variant.color, variant.lithium, variant.cell_wh, variant.packed_weight_g) == (
        "Red",
        "inside",
        Decimal("4.44"),
        140,
    )
    assert variant.sku.startswith("HL-")
    assert set(variant.identifiers.values_list("scheme", "value")) == {
        ("supplier", "cj:A-RED"),
        ("mpn", "northbeam:h1r"),
    }
    assert list(Image.objects.order_by("position").values_list("role", flat=True)) == [
        "main",
        "in_use",
    ]
    assert (taken.created, taken.updated, taken.unchanged) == (2, 0, 0)
    assert taken.touched == set(taken.variants.values())


@pytest.mark.parametrize(
    ("changes", "is_asked"),
    [
        ({"brand": "Southbeam"}, True),
        ({"category_path": ("Camping", "Lanterns"), "title": "Camping lantern"}, True),
        ({"description_html": "<p>It lights.</p>"}, False),
    ],
)
def test_another_brand_or_category_requests_repricing(changes, is_asked):
    first = take_in(two_variants())

    take_in(two_variants(**changes))

    asked = set(RepricingRequest.objects.values_list("variant", flat=True))
    assert asked == (set(first.variants.values()) if is_asked else set())


def test_the_same_record_writes_nothing():
    record = two_variants(claims={"Modes": "High 400 lm / 3 h; Low 20.5 lm / 40 h"})
    first = take_in(record)

    with CaptureQueriesContext(connection) as queries:
        again = take_in(record)

    words = {query["sql"].split()[0] for query in queries}
    assert not words & {"INSERT", "UPDATE", "DELETE"}
    assert again.variants == first.variants
    assert (again.created, again.updated, again.unchanged, again.touched) == (0, 0, 2, set())


def test_many_records_need_as_many_queries_as_few():
    def taking(count, start):
        records = [
            numbered(place, gtin="", title=f"Headlamp {place}")
            for place in range(start, start + count)
        ]
        with CaptureQueriesContext(connection) as queries:
            take_in(*records)
        return len(queries)

    take_in(make_product_record())

    assert taking(2, start=0) == taking(20, start=100)


def test_only_changes_are_updated():
    taken = take_in(two_variants())

    again = take_in(two_variants(title="Sensor headlamp, new"))

    product = Product.objects.get()
    assert (product.title, product.slug, product.updated_at) == (
        "Sensor headlamp, new",
        "sensor-headlamp",
        NOON,
    )
    assert (again.created, again.updated, again.variants) == (0, 2, taken.variants)


def test_a_change_of_one_variant_touches_no_other():
    taken = take_in(two_variants())
    record = two_variants()
    heavier = replace(record.variants[1], packed_weight_g=150)

    again = take_in(replace(record, variants=(record.variants[0], heavier)))

    assert again.touched == {taken.variants["A-RED"]}


def test_a_value_no_longer_stated_is_emptied():
    take_in(two_variants(claims={"Light output": "400 lm", "Weight": "75 g"}))

    take_in(two_variants(claims={"Weight": "75 g"}))

    spec = Spec.objects.get()
    assert (spec.output_lm, spec.weight_g) == (None, 75)
    assert "output_lm" not in spec.sources


def test_fields_locked_by_staff_are_never_overwritten():
    take_in(two_variants())
    Product.objects.update(
        title="Our own words", overridden_fields=["title", "weight_g", "category"]
    )

    take_in(two_variants(title="Other words", claims={"Weight": "99 g"}))

    assert Product.objects.get().title == "Our own words"
    assert Spec.objects.get().weight_g == 75


def test_a_new_sku_joins_the_product_of_its_siblings():
    take_in(two_variants())
    record = two_variants()
    green = make_variant_record(sku="A-GRN", option_values=("Green",), gtin="", mpn="H1-G")

    again = take_in(replace(record, variants=(*record.variants, green)))

    assert (again.created, again.unchanged) == (1, 2)
    assert Product.objects.get().variants.count() == 3


def test_two_products_with_one_title_get_different_slugs():
    take_in(*(numbered(place, gtin="") for place in (1, 2)))

    slugs = list(Product.objects.order_by("pk").values_list("slug", flat=True))
    assert slugs[0] == "sensor-headlamp"
    assert slugs[1].startswith("sensor-headlamp-")


def test_a_repeated_sku_counts_once_and_is_reported():
    variant = make_variant_record(sku="S1", gtin="")
    taken = take_in(
        make_product_record(variants=[variant, variant, make_variant_record(sku="", gtin="")])
    )

    assert list(taken.variants) == ["S1"]
    assert [issue.code for issue in taken.issues] == ["sku-unusable"]


def test_an_invalid_record_does_not_stop_the_others():
    mat = make_product_record(external_id="R9", title="Yoga mat", category_path=("Mats",))

    taken = take_in(mat, two_variants())

    assert taken.created == 2
    assert [(issue.row, issue.is_fatal) for issue in taken.issues] == [("R9", True)]


def test_a_changed_mode_table_is_replaced():
    take_in(two_variants(claims={"Modes": "High 400 lm / 3 h; Low 20 lm / 40 h"}))

    take_in(two_variants(claims={"Modes": "Turbo 450 lm / 1 h"}))

    assert [(mode.position, mode.name) for mode in Mode.objects.all()] == [(0, "Turbo")]


def test_two_spellings_of_a_brand_make_one_brand():
    take_in(make_product_record(brand="Northbeam"))
    take_in(numbered(2, gtin="", brand="NORTH BEAM"))

    assert Brand.objects.get().key == "northbeam"


def test_unsafe_text_is_cleaned_before_it_is_stored():
    take_in(
        two_variants(
            title="Lamp \u202e\0🔥<b><x></b>",
            description_html="<p>a<script>alert(1)</script></p>\0",
        )
    )

    product = Product.objects.get()
    assert product.title == "Lamp <x>"
    assert product.description_html == "<p>a</p>"


def test_characters_the_database_rejects_are_dropped():
    bad = "a\0b\ud800"
    taken = take_in(
        make_product_record(
            brand=bad,
            claims={bad: bad, "Weight": f"75 g{bad}", f"Modes{bad}": f"High{bad} 400 lm"},
            option_names=(bad,),
            variants=[
                make_variant_record(sku=bad),
                make_variant_record(sku="S1", option_values=(bad,), mpn=bad, gtin=bad),
            ],
        )
    )

    assert list(taken.variants) == ["ab", "S1"]
    assert Spec.objects.get().more == {"ab": "ab", "Modesab": "Highab 400 lm"}


def test_absurd_sizes_are_truncated_or_dropped():
    record = make_product_record(
        brand="b" * 500,
        title="lamp headlamp " * 100,
        hs_code="8513.10.20.00.99",
        claims={"l" * 300: "x" * 9000, "Weight": "9" * 40 + " g", "Headlamp": "x" * 9000},
        option_names=("o" * 300,),
        variants=[
            make_variant_record(
                option_values=("v" * 300,), mpn="m" * 500, packed_weight_g=10**12, gtin="1" * 90
            ),
            make_variant_record(sku="s" * 500),
        ],
    )

    taken = take_in(record)

    variant = Variant.objects.get()
    assert (variant.packed_weight_g, variant.weight_g, variant.hs_code) == (
        None,
        None,
        "8513102000",
    )
    assert {issue.code for issue in taken.issues} == {
        "out-of-range",
        "sku-unusable",
        "gtin-check-digit",
        "lithium-unknown",
        "weight-impossible",
    }


MAKER = "Northbeam Co., Ltd., Example Road 7, Ningbo, CN, care@northbeam.example"
PERSON = "Rep S.r.l., Via Uno 1, Milano, IT, a@rep.eu"


def test_brand_contacts_are_filled_in_once_and_edits_stay():
    claims = {"Output": "400 lm", "Manufacturer": MAKER, "Marks": "CE"}
    take_in(make_product_record(claims=claims))
    brand = Brand.objects.get()
    assert (brand.manufacturer_name, brand.manufacturer_country) == ("Northbeam Co., Ltd.", "CN")
    assert brand.lacks_responsible_person
    assert Spec.objects.get().more == {"Marks": "CE"}

    Brand.objects.update(manufacturer_name="Northbeam Limited")
    take_in(make_product_record(claims={**claims, "EU responsible person": PERSON}))

    brand.refresh_from_db()
    assert (brand.manufacturer_name, brand.responsible_name) == ("Northbeam Limited", "Rep S.r.l.")
    assert not brand.lacks_responsible_person


def test_a_removed_responsible_person_is_not_filled_in_again():
    record = make_product_record(claims={"Manufacturer": MAKER, "EU responsible person": PERSON})
    take_in(record)
    brand = Brand.objects.get()
    kept = {
        f"manufacturer_{part}": getattr(brand, f"manufacturer_{part}") for part in CONTACT_PARTS
    }
    removed = {f"responsible_{part}": "" for part in CONTACT_PARTS}
    BrandForm({"name": brand.name, **kept, **removed}, instance=brand).save()

    take_in(record)

    brand.refresh_from_db()
    assert (brand.responsible_name, brand.lacks_responsible_person) == ("", True)


def test_unbranded_products_have_no_common_manufacturer():
    take_in(make_product_record(brand="", claims={"Output": "400 lm", "Manufacturer": MAKER}))

    assert Brand.objects.get().manufacturer_name == ""


def test_images_follow_the_record_but_an_empty_list_removes_none():
    take_in(two_variants(picture_urls=["http://x/1.png", "http://x/2.png"]))
    Image.objects.filter(source_url="http://x/1.png").update(stem="kept")

    take_in(two_variants(picture_urls=["http://x/3.png", "http://x/1.png"]))
    take_in(two_variants(picture_urls=[]))

    images = Image.objects.order_by("position").values_list("source_url", "role", "stem")
    assert list(images) == [("http://x/3.png", "main", ""), ("http://x/1.png", "in_use", "kept")]


def test_an_image_of_one_color_belongs_to_the_first_variant_of_that_color():
    black = ("http://x/all.png", "http://x/black.png")
    taken = take_in(
        make_product_record(
            picture_urls=["http://x/all.png", "http://x/red.png", "http://x/side.png"],
            option_names=("Color", "Battery"),
            variants=[
                make_variant_record(
                    sku=sku, option_values=options, gtin="", mpn="", picture_urls=urls
                )
                for sku, options, urls in (
                    ("B1", ("Black", "With"), black),
                    ("B0", ("Black", "Without"), black),
                    ("R1", ("Red", "With"), ("http://x/all.png", "http://x/red.png")),
                )
            ],
        )
    )

    images = dict(Image.objects.values_list("source_url", "variant_id"))
    assert images == {
        "http://x/all.png": None,
        "http://x/side.png": None,
        "http://x/black.png": taken.variants["B1"],
        "http://x/red.png": taken.variants["R1"],
    }


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "file:///etc/passwd", "//x/1.png", "http://x/a b.png", "http://["],
)
def test_an_invalid_image_url_is_skipped_and_reported(url):
    taken = take_in(two_variants(picture_urls=[url]))

    assert [issue.code for issue in taken.issues] == ["picture-address"]
    assert not Image.objects.exists()


def test_an_invalid_check_digit_is_reported_and_not_stored():
    taken = take_in(make_product_record(variants=[make_variant_record(gtin="4006381333930")]))

    assert [(issue.code, issue.row, issue.is_fatal) for issue in taken.issues] == [
        ("gtin-check-digit", "CJ-1-BLK", False)
    ]
    assert not Identifier.objects.filter(scheme="gtin").exists()


def test_a_gtin_of_two_variants_is_a_conflict_and_reported_each_time():
    records = [numbered(place) for place in (1, 2)]

    for _ in range(2):
        taken = take_in(*records)
        assert [(issue.code, issue.row) for issue in taken.issues] == [("gtin-duplicate", "S2")]

    states = Identifier.objects.filter(scheme="gtin").order_by("pk")
    assert [(name.variant_id, name.state) for name in states] == [
        (taken.variants["S1"], "asserted"),
        (taken.variants["S2"], "conflict"),
    ]


def test_a_corrected_gtin_replaces_the_old_one():
    for gtin in ("4006381333931", "036000291452"):
        take_in(make_product_record(variants=[make_variant_record(gtin=gtin)]))

    assert Identifier.objects.get(scheme="gtin").value == "00036000291452"


def test_a_variant_known_by_its_offer_needs_no_identifier():
    taken = take_in(two_variants())
    Identifier.objects.all().delete()

    again = take_in(two_variants(), known=taken.variants)

    assert again.variants == taken.variants
    assert Product.objects.count() == 1
