"""Staff files that create products and variants: what is created, what is rejected, the undo."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.attributes.identifiers import mpn_key
from catalog.bulk_edits import application
from catalog.models import (
    FieldChange,
    Identifier,
    Image,
    OptionText,
    Product,
    ProductText,
    Variant,
)
from tests.factories.catalog import (
    make_brand,
    make_category,
    make_channel,
    make_product,
    make_variant,
)
from tests.factories.competitors import make_identifier
from tests.factories.suppliers import make_offer, make_supplier
from tests.suppliers.catalog_files.test_own_files import (
    apply,
    dry_run,
    messages,
    outcomes,
    rows_of,
    undo,
)

pytestmark = pytest.mark.django_db

HEADINGS = (
    "SKU,URL handle,Title,Brand,Family,Category,Product status,Color,Color (az),Size,Lithium,"
    "Cell energy (Wh),Cells,GTIN,Light output (lm),Modes,Images,Images: views,Title (az)\n"
)
BLACK = (
    "W-1,Weir 370,Weir 370 headlamp,Tindrel,headlamp,headlamps,,Black,Qara,,inside,4.44,1,"
    "4006381333931,370,High: 370 lm; SOS,https://example.org/a.jpg | https://example.org/b.jpg,"
    "main | beam,Baş fənəri\n"
)
RED = "W-2,weir-370,,,,,,Red,Qırmızı,,inside,4.44,1,,,,,,\n"
GTINS = (
    *("4006381333931", "4006381333948", "4006381333955", "4006381333962"),
    *("4006381333979", "4006381333986", "4006381333993", "4006381334006"),
)
PLAIN = "W-3,,Plain torch,tindrel,headlamp,headlamps,in_review,,,,none,,,,,,,,\n"


@pytest.fixture(autouse=True)
def category():
    return make_category()


def test_rows_with_unknown_skus_create_products_with_their_variants():
    row = dry_run(HEADINGS + BLACK + RED + PLAIN)
    assert outcomes(row) == {"W-1": "new", "W-2": "new", "W-3": "new"}, messages(row)
    assert rows_of(row)["W-1"].after["variant.option_values"] == ["Black"]
    assert not Product.objects.exists()

    apply(row)

    assert outcomes(row) == {"W-1": "created", "W-2": "created", "W-3": "created"}, messages(row)
    weir, plain = Product.objects.order_by("pk")
    assert (weir.slug, weir.status, weir.option_names) == ("weir-370", "draft", ["Color"])
    assert (plain.slug, plain.status, plain.brand) == ("plain-torch", "in_review", weir.brand)
    black, red = weir.variants.order_by("position")
    assert (black.sku, black.option_values, black.color) == ("W-1", ["Black"], "Black")
    assert (red.sku, red.lithium, str(red.cell_wh), red.cell_count) == ("W-2", "inside", "4.44", 1)
    assert "lithium" in red.overridden_fields
    assert {"brand", "title", "output_lm", "modes", "images"} <= {*weir.overridden_fields}
    assert Identifier.objects.get().variant == black
    assert (weir.spec.output_lm, plain.spec.output_lm) == (370, None)
    assert list(weir.modes.order_by("position").values_list("name", "kind", "output_lm")) == [
        ("High", "white", 370),
        ("SOS", "white", None),
    ]
    images = weir.images.order_by("position").values_list("source_url", "role", "variant")
    assert list(images) == [
        ("https://example.org/a.jpg", "main", None),
        ("https://example.org/b.jpg", "beam", None),
    ]
    assert ProductText.objects.get().title == "Baş fənəri"
    assert {text.key: text.texts for text in OptionText.objects.all()} == {
        "black": {"az": "Qara"},
        "red": {"az": "Qırmızı"},
    }
    changes = FieldChange.objects.filter(product=weir)
    assert set(changes.values_list("actor", "source")) == {("mia", f"bulk edit:{row.edit_id}")}


def test_the_same_file_again_changes_nothing():
    apply(dry_run(HEADINGS + BLACK + RED + PLAIN))

    again = dry_run(HEADINGS + BLACK + RED + PLAIN, blank="clear")

    assert {each: one.after for each, one in rows_of(again).items()} == {
        "W-1": {},
        "W-2": {},
        "W-3": {},
    }
    assert set(outcomes(again).values()) == {"unchanged"}


def test_a_row_adds_a_variant_to_a_product_that_exists():
    product = make_product(slug="weir-370", title="Weir", status="live")
    make_variant(product, sku="W-1", option_values=["Black"])

    row = dry_run(HEADINGS + "W-9,weir-370,Weir 2,,,,,Green,,,none,,,,,,,,\n")
    apply(row)

    product.refresh_from_db()
    assert (product.title, product.status) == ("Weir 2", "live")
    assert product.variants.get(sku="W-9").option_values == ["Green"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("W-9,,Title,Tindrel,headlamp,headlamps,,,,,,,,,,,,,", "state: Lithium."),
        ("W-9,,,,headlamp,headlamps,,,,,none,,,,,,,,", "state: Title, Brand."),
        ("W-9,,T,Tindrel,lantern,headlamps,,,,,none,,,,,,,,", "does not show products"),
        ("W-9,,T,Tindrel,headlamp,headlamps,,,,,inside,,,,,,,,", "watt-hours"),
        ("W-9,,T,Tindrel,headlamp,headlamps,,,,,none,,,12,,,,,", "not 8, 12, 13 or 14"),
        ("W-9,,T,!,headlamp,headlamps,,,,,none,,,,,,,,", "is not a brand name"),
        ("W-9,,T,Tindrel,headlamp,headlamps,,,,,none,,,,,8 x,,,", "is not a mode"),
        ("W-9,,T,Tindrel,headlamp,headlamps,,,,,none,,,,,,ftp://x/a.jpg,,", "neither the address"),
        ("W-9,,T,Tindrel,headlamp,headlamps,,,,,none,,,,,,https://x.org/a.jpg,top,", "none of"),
        ("L-9,l-1,,,,,,,,,none,,,,,,,,", "State the options of the variant: Color."),
        ("L-9,l-1,,,,,,Red,,XL,none,,,,,,,,", "no option Size. Its options: Color."),
        ("L-9,l-1,,,,,,Black,,,none,,,,,,,,", "Variant L-1 has the same options."),
        ("L-1,other,,,,,,,,,,,,,,,,,", "belongs to the product l-1"),
        ("L-1,,,Other,,,,,,,,,,,,,,,", "There is no brand Other"),
        (f"{'x' * 41},,T,Tindrel,headlamp,headlamps,,,,,none,,,,,,,,", "cannot be a SKU"),
    ],
)
def test_a_wrong_new_row_is_rejected_with_its_problem(line, message):
    product = make_product(slug="l-1", brand=make_brand(name="Tindrel"))
    make_variant(product, sku="L-1", option_values=["Black"])

    row = dry_run(f"{HEADINGS}{line}\n")

    (only,) = row.edit.rows.all()
    assert (only.outcome, message in only.message) == ("rejected", True), only.message


def test_rows_of_a_product_that_is_rejected_are_rejected_too():
    row = dry_run(HEADINGS + BLACK.replace("4006381333931", "1") + RED + RED.replace("W-2", "W-4"))

    assert set(outcomes(row).values()) == {"rejected"}
    assert messages(row)["W-2"] == "Row 1, which creates the product, is rejected."
    assert "Variant W-2 has the same options." in messages(row)["W-4"]


def test_a_product_that_is_not_complete_stays_a_draft():
    make_channel()
    row = dry_run(HEADINGS + PLAIN.replace("in_review", "live"))
    apply(row)

    assert Product.objects.get().status == "draft"
    assert "The product stays a draft: Enter these values first" in messages(row)["W-3"]


def test_a_sku_or_handle_that_was_taken_meanwhile_creates_nothing():
    row = dry_run(HEADINGS + BLACK + RED + PLAIN)
    make_product(slug="weir-370")
    make_variant(sku="W-3")

    apply(row)

    assert messages(row) == {
        "W-1": "A product with this URL handle was added since the dry run. Upload the file again.",
        "W-2": "Row 1, which creates the product, was not applied.",
        "W-3": "A variant with this SKU was added since the dry run. Upload the file again.",
    }


SUCCESSORS = "SKU,Title,Brand,Family,Category,Lithium,Replaced by\n"


def successor_row(sku, successor):
    return f"{sku},Torch {sku},Tindrel,headlamp,headlamps,none,{successor}\n"


def test_a_successor_may_be_created_by_a_later_row(monkeypatch):
    monkeypatch.setattr(application, "BATCH", 1)
    make_variant(sku="L-1")
    row = dry_run(
        SUCCESSORS + successor_row("W-1", "W-2") + "L-1,,,,,,W-3\n"
        f"{successor_row('W-2', 'W-3')}{successor_row('W-3', '')}"
    )
    assert "rejected" not in outcomes(row).values(), messages(row)

    apply(row)

    found = Variant.objects.values_list("sku", "replaced_by__sku")
    assert dict(found) == {"L-1": "W-3", "W-1": "W-2", "W-2": "W-3", "W-3": None}

    undo(row)

    assert set(outcomes(row).values()) == {"removed", "restored"}, messages(row)
    assert list(Variant.objects.values_list("sku", "replaced_by")) == [("L-1", None)]


@pytest.mark.parametrize("batch", [1, 100])
def test_variants_of_a_new_product_may_replace_each_other(monkeypatch, batch):
    monkeypatch.setattr(application, "BATCH", batch)
    headings = "SKU,URL handle,Title,Brand,Family,Category,Lithium,Color,Replaced by\n"
    rows = (
        "T-1,t,Torch,Tindrel,headlamp,headlamps,none,Black,T-2\n"
        "U-1,u,Lamp,Tindrel,headlamp,headlamps,none,Black,T-1\n"
        "T-2,t,,,,,none,Red,\n"
    )
    row = dry_run(headings + rows)

    apply(row)

    assert set(outcomes(row).values()) == {"created"}, messages(row)
    found = Variant.objects.values_list("sku", "replaced_by__sku")
    assert dict(found) == {"T-1": "T-2", "T-2": None, "U-1": "T-1"}


@pytest.mark.parametrize("batch", [1, 100])
def test_successors_that_replace_each_other_are_rejected(monkeypatch, batch):
    monkeypatch.setattr(application, "BATCH", batch)
    make_variant(sku="L-1", replaced_by=make_variant(sku="L-2"))
    row = dry_run(
        SUCCESSORS + successor_row("W-1", "W-2") + successor_row("W-2", "W-1")
        + successor_row("W-3", "W-3") + successor_row("W-4", "X") + successor_row("W-5", "")
        + "L-2,,,,,,L-1\n"
    )  # fmt: skip
    assert [name for name, each in outcomes(row).items() if each == "rejected"] == [
        *("W-3", "W-4", "L-2")
    ]
    assert messages(row)["W-4"].startswith("Replaced by: no variant has the SKU X. Enter a SKU")

    apply(row)

    assert not Variant.objects.filter(sku__in=["W-1", "W-2"], replaced_by__isnull=False).exists()
    assert Variant.objects.filter(sku="W-5").exists()
    assert "rejected" in {outcomes(row)["W-1"], outcomes(row)["W-2"]}


def test_an_unreadable_cell_that_a_new_row_needs_gives_one_message():
    row = dry_run(HEADINGS + PLAIN.replace(",none,", ",maybe,"))

    assert messages(row)["W-3"].startswith("Lithium: maybe is none of: ")
    assert "To create it" not in messages(row)["W-3"]


def test_new_rows_need_few_queries():
    texts = "".join(PLAIN.replace("W-3", f"W-{number}") for number in range(40))
    row = dry_run(HEADINGS + texts)
    with CaptureQueriesContext(connection) as queries:
        apply(row)
    assert set(outcomes(row).values()) == {"created"}
    assert len(queries) < 100


def test_a_dry_run_needs_no_query_for_each_number():
    headings = "SKU,Title,Brand,Family,Category,Lithium,GTIN,MPN\n"

    def count_queries(rows):
        lines = (
            f"N-{each},Torch {each},Tindrel,headlamp,headlamps,none,{GTINS[each]},M-{each}\n"
            for each in range(rows)
        )
        text = headings + "".join(lines)
        with CaptureQueriesContext(connection) as queries:
            row = dry_run(text)
        assert set(outcomes(row).values()) == {"new"}, messages(row)
        return len(queries)

    assert count_queries(8) == count_queries(2)


def test_a_number_of_another_variant_is_found_by_brand(category):
    other = make_variant(make_product(brand=make_brand(name="Tindrel")), sku="O-1")
    make_identifier(other, scheme="mpn", value=mpn_key("Tindrel", "M-1"))
    headings = "SKU,Title,Brand,Family,Category,Lithium,MPN\n"

    row = dry_run(
        headings
        + "N-1,Torch,Tindrel,headlamp,headlamps,none,m1\n"
        + "N-2,Torch,Other,headlamp,headlamps,none,M-1\n"
    )

    assert outcomes(row) == {"N-1": "rejected", "N-2": "new"}
    assert "O-1" in messages(row)["N-1"]


def test_the_undo_removes_what_nothing_uses_and_says_what_stays():
    row = dry_run(HEADINGS + BLACK + RED + PLAIN)
    apply(row)
    make_offer(Variant.objects.get(sku="W-3"), make_supplier())

    undo(row)

    assert outcomes(row) == {"W-1": "removed", "W-2": "removed", "W-3": "kept"}
    assert messages(row)["W-3"].startswith("In use: ")
    assert Product.objects.get().title == "Plain torch"
    assert not Image.objects.exists()


def test_the_undo_keeps_what_was_changed_since():
    row = dry_run(HEADINGS + BLACK + RED)
    apply(row)
    Variant.objects.filter(sku="W-2").update(lithium="none")

    undo(row)

    assert messages(row) == {
        "W-1": "The product has other variants.",
        "W-2": "Changed since: Lithium.",
    }
    assert Variant.objects.count() == 2
