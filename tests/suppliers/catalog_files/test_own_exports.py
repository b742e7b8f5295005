"""Own exports: an import changes nothing or restores all; documents and guarantees of a file."""

import csv
import io

import pytest
from django.utils.translation import override
from PIL import Image as Picture

from catalog.models import (
    Brand,
    Identifier,
    Image,
    Mode,
    OptionText,
    Product,
    ProductDocument,
    ProductGuarantee,
    ProductText,
    Spec,
    Variant,
)
from catalog.products import images
from catalog.safety import documents
from catalog.texts.options import option_key
from suppliers.catalog_files.own_columns import OwnColumns, own_export_codes
from suppliers.catalog_files.own_export import OwnTable
from suppliers.models import CatalogImport
from tests.factories.catalog import (
    make_category,
    make_guarantee,
    make_image,
    make_mode,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.competitors import make_identifier
from tests.suppliers.catalog_files.test_own_files import (
    apply,
    dry_run,
    messages,
    outcomes,
    rows_of,
    undo,
)
from tests.support.catalog_files import csv_text

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture(autouse=True)
def category():
    return make_category()


def catalog():
    """Return all that files state, by our own identifiers."""
    with override("en"):
        lines = csv_text(OwnTable(Product.objects.all()).rows())
    return sorted(csv.DictReader(io.StringIO(lines)), key=lambda row: row["SKU"])


def image_skus(slug):
    """Return the SKU of the variant of each image of a product, in their order."""
    found = Image.objects.filter(product__slug=slug).order_by("position", "pk")
    return list(found.values_list("variant__sku", flat=True))


def make_stored_image(product, color, **changes):
    content = io.BytesIO()
    Picture.new("RGB", (100, 80), color.lower()).save(content, "PNG")
    stored = images.store_resized(content.getvalue())
    make_image(product, source_url=f"upload:{stored.stem}", **stored._asdict(), **changes)


@pytest.fixture
def rich():
    product = make_product(
        slug="night",
        title='=Night "torch"',
        summary="Bright.",
        description_html="<p>One</p>\n<p>Two, &amp; three</p>",
        option_names=["Color", "LED, tint"],
        status="live",
        safety_warnings={"en": "Hot.\nBright.", "az": "İsti."},
        restricted_countries=["DE", "FR"],
    )
    make_spec(
        product, cri=90, cct_k=5000, output_min_lm="0.5", battery_voltage="3.7", material="Al"
    )
    for position, (color, sku) in enumerate((("Black", "-N/1"), ("Red", "N 2"))):
        variant = make_variant(
            product, sku=sku, option_values=[color, "5000 K"], color=color, origin_country="CN"
        )
        make_stored_image(product, color, variant=variant, role="other", position=3 - 2 * position)
    make_stored_image(product, "White", alt_texts={"en": "Front", "az": "Ön"})
    make_stored_image(product, "Green", role="side", position=2)
    make_identifier(Variant.objects.get(sku="-N/1"), value="04006381333931", state="verified")
    make_mode(product, name="High: turbo", intensity_cd=9000)
    make_mode(product, name="Red", kind="red", output_lm="5.5", runtime_min=None, position=1)
    make_mode(product, name="Moon 2", output_lm=None, runtime_min=None, position=2)
    ProductText.objects.create(product=product, language="az", title="Gecə", summary="Parlaq.")
    OptionText.objects.create(kind="value", key="black", spellings=["Black"], texts={"az": "Qara"})
    for name, text in (("Color", "Rəng"), ("LED, tint", "LED çaları")):
        OptionText.objects.create(
            kind="name", key=option_key(name), spellings=[name], texts={"az": text}
        )
    manual, terms, evidence = (documents.store(PDF).name for _number in range(3))
    make_guarantee(product, months=30, terms_file=terms, evidence_file=evidence)
    ProductDocument.objects.create(
        product=product, kind="manual", language="en", file=manual, valid_until="2027-01-31"
    )
    ProductDocument.objects.create(product=product, kind="un_38_3", file=terms, is_public=True)
    other = make_product(slug="old", title="Old torch", status="archived", option_names=[])
    make_spec(other)
    make_variant(other, sku="O-1", option_values=[], lithium="none", cell_wh=None, cell_count=0)


EVIDENCE = (
    "SKU,Documents,Documents: Document type,Documents: Valid until,Documents: Visible to customers,"
    "Guarantee: Duration (months),Guarantee: Terms\n"
)


def test_documents_and_guarantees_are_changed_and_undone(rich):
    product = Product.objects.get(slug="night")
    manual, terms = product.documents.order_by("pk").values_list("file", flat=True)
    before = catalog()
    row = dry_run(
        f"{EVIDENCE}-N/1,{terms} | {manual},test report | Manual,2028-03-01 | 31.01.2027,Bəli | xeyr,"
        f"36,{manual}\n"
    )

    apply(row)

    product.refresh_from_db()
    assert outcomes(row) == {"-N/1": "changed"}, messages(row)
    found = product.documents.order_by("pk").values_list("kind", "valid_until", "is_public")
    assert [(kind, str(day), is_public) for kind, day, is_public in found] == [
        ("manual", "2027-01-31", False),
        ("test_report", "2028-03-01", True),
    ]
    assert (product.guarantee_months, product.guarantee.months) == (36, 36)
    assert (product.guarantee.terms_file, product.guarantee.confirmed_by) == (manual, "mia")

    undo(row)

    assert outcomes(row) == {"-N/1": "restored"}
    assert catalog() == before


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("documents/0123456789abcdef0123456789abcdef.pdf,manual,,,,", "no document is stored as"),
        ("../x.pdf,manual,,,,", "no document is stored as ../x.pdf"),
        (",leaflet,,,,", "leaflet is none of: declaration, "),
        (",manual,soon,,,", "soon is not a date"),
        (",,,maybe,,", "maybe is neither yes nor no"),
        (",manual | manual | manual,,,,", "3 values for 2 entries"),
        (",,,,20,", "more than 24 months"),
        (",,,,two,", "two is not a number"),
        (f",,,,{'9' * 5_000},", "999 is not a number"),
        (",,,,,terms.pdf", "no document is stored as terms.pdf"),
    ],
)
def test_a_wrong_document_or_guarantee_is_rejected(rich, cells, message):
    row = dry_run(f"{EVIDENCE}-N/1,{cells}\n")

    assert outcomes(row) == {"-N/1": "rejected"}
    assert message in messages(row)["-N/1"]


def test_a_text_that_the_form_would_reject_is_rejected(rich):
    row = dry_run(f"SKU,Guarantee: How to claim (en)\n-N/1,{'y' * 401}\n")

    assert messages(row)["-N/1"].endswith("yyy is longer than 400 characters.")


def test_a_new_guarantee_needs_all_its_fields(rich):
    row = dry_run("SKU,Guarantee: Duration (months),Guarantee: Guarantor\nO-1,36,producer\n")

    assert messages(row)["O-1"] == "Guarantee: enter territory and claim in each language."


def test_an_own_export_changes_nothing(rich):
    lines = csv_text(OwnTable(Product.objects.all()).rows())

    row = dry_run(lines, blank="clear")

    of_options = {"option_text:az", "option_name:az"}
    assert {*row.columns.values()} >= {*OwnColumns().labels} - of_options
    assert of_options <= {*row.columns.values()}
    assert {each: one.after for each, one in rows_of(row).items() if one.after} == {}
    assert set(outcomes(row).values()) == {"unchanged"}, messages(row)


def test_an_own_export_restores_a_catalog_that_was_deleted(rich):
    before, lines = catalog(), csv_text(OwnTable(Product.objects.all()).rows())
    skus = image_skus("night")
    for model in (Mode, Image, Identifier, ProductText, OptionText, ProductDocument):
        model.objects.all().delete()
    for model in (ProductGuarantee, Spec, Variant, Product, Brand):
        model.objects.all().delete()

    row = dry_run(lines)
    apply(row)

    assert set(outcomes(row).values()) == {"created"}, messages(row)
    assert catalog() == before
    assert image_skus("night") == skus == [None, "N 2", None, "-N/1"]

    undo(row)

    assert set(outcomes(row).values()) == {"removed"}, messages(row)


@pytest.mark.parametrize("change", ["added", "edited"])
def test_an_undo_keeps_a_new_product_whose_evidence_changed(rich, change):
    lines = csv_text(OwnTable(Product.objects.filter(slug="night")).rows())
    for model in (Identifier, ProductDocument, ProductGuarantee, Variant, Product):
        model.objects.all().delete()
    row = dry_run(lines)
    apply(row)
    product = Product.objects.get()
    if change == "added":
        ProductDocument.objects.create(product=product, kind="manual", file="documents/x.pdf")
    else:
        ProductGuarantee.objects.update(months=48)

    undo(row)

    assert outcomes(row)["-N/1"] == "kept"
    assert ProductDocument.objects.exists()


def test_each_column_of_an_export_has_its_own_heading():
    assert len(own_export_codes()) == len(OwnColumns().labels) - 3
    assert CatalogImport.objects.count() == 0
