"""Own files: staff values of our products, from the upload to the undo."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.attributes.identifiers import brand_key
from catalog.bulk_edits import application
from catalog.custom_attributes import registry
from catalog.models import BulkEdit, CustomAttribute, Product, ProductText, Spec, Variant
from storefront.lib.http.errors import PermanentError
from storefront.lib.staff.xlsx_export import write_xlsx
from suppliers.catalog_files import export, imports, tasks
from suppliers.catalog_files.own_columns import OwnColumns
from suppliers.models import CatalogImport
from tests.factories.catalog import (
    NOON,
    make_category,
    make_listing,
    make_mode,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.competitors import make_identifier
from tests.support.catalog_files import csv_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def light():
    product = make_product(title="Night torch")
    make_spec(product, output_lm=400, weight_g=95, battery_energy_wh=None, intensity_cd=None)
    make_variant(product, sku="L-1", option_values=("Matte black",), color="Black")
    make_variant(product, sku="L-2", option_values=("Red",), color="Red")
    return product


def make_text(product, **texts):
    return ProductText.objects.create(product=product, language="az", **texts)


def apply(row, reason="measured"):
    reasons = dict.fromkeys(application.find_unexplained(row.edit), reason)
    application.start(row.edit, reasons=reasons, actor="mia", now=NOON)
    application.continue_edit(row.edit.pk, now=NOON)
    row.edit.refresh_from_db()


def undo(row):
    application.start_undo(row.edit, actor="mia", now=NOON)
    application.continue_edit(row.edit.pk, now=NOON)
    row.edit.refresh_from_db()


def upload(content, name="file.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile(name, data)
    return imports.upload(supplier=None, name=name, chunks=file.chunks(), actor="mia", now=NOON)


def dry_run(content, *, blank="ignore", columns=None, name="file.csv"):
    """Upload and dry-run a file; return its rows by SKU, each with outcome, values and message."""
    row = upload(content, name)
    found = imports.read_sample(row).detected.headers
    chosen = OwnColumns().suggest(found) if columns is None else columns
    imports.request_dry_run(row, columns=chosen, blank=blank, actor="mia", now=NOON)
    imports.continue_import(row.pk, now=NOON)
    row.refresh_from_db()
    return row


def rows_of(row):
    return {each.name: each for each in row.edit.rows.order_by("position")}


def messages(row):
    return {name: each.message for name, each in rows_of(row).items()}


def outcomes(row):
    return {name: each.outcome for name, each in rows_of(row).items()}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("blank", ["ignore", "clear"])
def test_an_unchanged_export_changes_nothing(light, suffix, blank):
    make_mode(light)
    make_text(light, title="Gecə fənəri", description_html="<p>Birinci</p>\n<p>İkinci</p>")
    for value in ("04006381333931", "00036000291452"):
        make_identifier(light.variants.get(sku="L-1"), value=value)
    make_identifier(light.variants.get(sku="L-2"), scheme="mpn", value="fara:nt1")
    products = Product.objects.all()
    if suffix == "csv":
        content = csv_text(export.table(products)).encode()
    else:
        sheet = io.BytesIO()
        write_xlsx(export.table(products), sheet)
        content = sheet.getvalue()

    row = dry_run(content, blank=blank, name=f"export.{suffix}")

    assert len(row.columns) > 15
    assert {"text.description_html:az", "identifier.gtin", "identifier.mpn"} <= {
        *row.columns.values()
    }
    assert row.columns["Light output (lm)"] == "spec.output_lm"
    assert outcomes(row) == {"L-1": "unchanged", "L-2": "unchanged"}


def test_a_row_states_why_its_unlikely_values_are_right(light):
    make_variant(other := make_product(slug="o", title="Other torch"), sku="O-1")
    make_spec(other)
    Spec.objects.update(battery_energy_wh="4.44", runtime_high_min=None)
    row = dry_run(
        "SKU,Output,Modes,Reason for unlikely values\n"
        "L-1,4000 lm,High: 900 lm 300 min; Low: 20 lm 60 min,Measured\nO-1,4000 lm,,\n"
    )
    assert [one["column"] for one in rows_of(row)["L-1"].findings] == ["output_lm", "modes"]
    assert application.find_unexplained(row.edit) == ["output_lm"]

    apply(row, reason="Report 7")

    stated = [
        {one["column"]: one["reason"] for one in spec.warnings} for spec in Spec.objects.all()
    ]
    assert {"output_lm": "Measured", "modes": "Measured"} in stated
    assert {"output_lm": "Report 7"} in stated


def test_changed_cells_become_values_of_staff_and_are_undone(light):
    lines = csv_text(export.table(Product.objects.all()))
    row = dry_run(
        lines.replace("Night torch", "Day torch")
        .replace(",400,", ",450,")
        .replace("USB-C", "Micro-USB")
    )
    assert outcomes(row) == {"L-1": "planned", "L-2": "unchanged"}
    assert rows_of(row)["L-1"].after["spec.charging"] == ["micro_usb"]
    assert Product.objects.get().title == "Night torch"

    apply(row)
    product = Product.objects.get()
    assert (product.title, product.spec.output_lm) == ("Day torch", 450)
    assert {"title", "output_lm"} <= {*product.overridden_fields}

    undo(row)
    product = Product.objects.get()
    assert (product.title, product.spec.output_lm) == ("Night torch", 400)
    assert product.overridden_fields == []


def test_a_changed_translation_is_shown_and_undone(client, light):
    make_listing(light.variants.get(sku="L-1"))
    make_text(light, title="Gecə fənəri", summary="Parlaq.")
    page = f"/az/p/{light.slug}/"
    lines = csv_text(export.table(Product.objects.all()))

    row = dry_run(lines.replace("Gecə fənəri", "Gündüz fənəri", 1))

    assert outcomes(row) == {"L-1": "planned", "L-2": "unchanged"}
    assert rows_of(row)["L-1"].after == {"text.title:az": "Gündüz fənəri"}
    apply(row)
    assert "Gündüz fənəri</h1>" in client.get(page).content.decode()
    assert ProductText.objects.get().summary == "Parlaq."

    undo(row)
    assert outcomes(row) == {"L-1": "restored", "L-2": "unchanged"}
    assert "Gecə fənəri</h1>" in client.get(page).content.decode()


def test_a_first_translation_is_removed_by_the_undo(light):
    row = dry_run("SKU,TITLE (AZ),Title\nL-1,Gecə fənəri,\nL-2,Gecə fənəri,\n")
    assert outcomes(row) == {"L-1": "planned", "L-2": "unchanged"}
    apply(row)
    assert ProductText.objects.get().title == "Gecə fənəri"
    assert Product.objects.get().title == "Night torch"

    undo(row)
    assert not ProductText.objects.exists()


def test_new_numbers_are_added_and_removed_by_the_undo(light):
    first = light.variants.get(sku="L-1")
    make_identifier(first)

    row = dry_run("SKU,EAN,MPN\nL-1,4006381333931; 036000291452,NT-1\nL-2,,\n", blank="clear")
    assert outcomes(row) == {"L-1": "planned", "L-2": "unchanged"}
    apply(row)

    numbers = first.identifiers.order_by("scheme", "pk").values_list("value", "raw", "state")
    assert list(numbers) == [
        ("04006381333931", "04006381333931", "asserted"),
        ("00036000291452", "036000291452", "verified"),
        (f"{brand_key(light.brand.name)}:nt1", "NT-1", "verified"),
    ]
    undo(row)
    assert outcomes(row)["L-1"] == "restored"
    assert first.identifiers.get().value == "04006381333931"
    first.refresh_from_db()
    assert first.overridden_fields == []  # feeds state the numbers again


def test_a_number_of_another_variant_is_refused(light):
    other = make_variant(sku="X-1")
    make_identifier(other)

    row = dry_run(
        "SKU,GTIN,MPN\n"
        "L-1,4006381333931,\n"
        "L-2,4006381333930,--\n"
        "X-1,036000291452; 4006381333931,\n",
    )

    messages = {name: each.message for name, each in rows_of(row).items()}
    assert "X-1 has the number 4006381333931" in messages["L-1"]
    assert "its check digit must be 1" in messages["L-2"]
    assert "no letter or digit" in messages["L-2"]
    assert outcomes(row) == {"L-1": "rejected", "L-2": "rejected", "X-1": "planned"}


def test_a_number_may_not_be_stated_for_two_variants(light):
    row = dry_run("SKU,GTIN\nL-1,036000291452\nL-2,0036000291452\n")

    assert outcomes(row) == {"L-1": "planned", "L-2": "rejected"}


def test_a_number_that_another_variant_got_meanwhile_is_refused(light):
    row = dry_run("SKU,GTIN,Output\nL-1,4006381333931,500\n")
    make_identifier(make_variant(sku="X-1"))

    apply(row)

    assert outcomes(row) == {"L-1": "rejected"}
    assert "X-1 has the number" in rows_of(row)["L-1"].message
    assert Spec.objects.get(product=light).output_lm == 400


def test_cells_are_read_with_their_units_and_words(light):
    make_category(slug="lanterns", names={"en": "Lanterns", "az": "Fənərlər"})
    row = dry_run(
        "SKU;Runtime (h);Output;Weight (oz);Category;Charging;Battery included;Status;HS code\n"
        "L-1;2,5;1.200 lm;3,4;Fənərlər;usb_c, solar;yes;Selling off;8513 10 00\n"
    )

    after = rows_of(row)["L-1"].after
    assert after == {
        "spec.runtime_max_min": 150,
        "spec.output_lm": 1200,
        "spec.weight_g": 96,
        "product.category": after["product.category"],
        "spec.charging": ["usb_c", "solar"],
        "variant.status": "phasing_out",
        "variant.hs_code": "85131000",
    }


def test_a_wrong_row_is_rejected_with_its_problem(light):
    row = dry_run(
        "SKU,Output,Charging,HS code,Category\n"
        "L-1,many,,12,nowhere\n"
        "L-2,90000000,,,\n"
        "L-2,500,,,\n"
        "L-9,500,,,\n"
        ",500,,,\n"
    )

    messages = [(each.outcome, each.message) for each in row.edit.rows.order_by("position")]
    assert {outcome for outcome, _ in messages} == {"rejected"}
    assert "Output" in messages[0][1]
    assert "6 to 10 digits" in messages[0][1]
    assert "nowhere" in messages[0][1]
    assert "is not possible: " in messages[1][1]
    assert messages[2][1] == "The file names this SKU twice."
    assert messages[3][1].startswith("No variant has the SKU L-9. To create it, state: Title,")
    assert messages[4][1] == "The row has no SKU."


def test_rows_of_one_product_may_not_contradict_each_other(light):
    row = dry_run("SKU,Output\nL-1,500\nL-2,600\n")
    assert outcomes(row) == {"L-1": "planned", "L-2": "rejected"}
    assert "row 1" in rows_of(row)["L-2"].message

    agreed = dry_run("SKU,Output\nL-1,500\nL-2,500\n")
    assert outcomes(agreed) == {"L-1": "planned", "L-2": "unchanged"}


@pytest.mark.parametrize(("blank", "after"), [("ignore", {}), ("clear", {"spec.output_lm": None})])
def test_an_empty_cell_is_ignored_or_clears(light, blank, after):
    row = dry_run("SKU,Output\nL-1,\n", blank=blank)

    assert rows_of(row)["L-1"].after == after


def test_a_heading_without_a_language_is_the_english_text():
    found = OwnColumns().suggest(["SKU", "Title", "Summary", "Description html", "Summary (az)"])

    assert found == {
        "SKU": "sku",
        "Title": "product.title",
        "Summary": "product.summary",
        "Description html": "product.description_html",
        "Summary (az)": "text.summary:az",
    }


def test_a_heading_with_a_language_is_the_text_of_an_attribute_in_it(monkeypatch):
    monkeypatch.setattr(registry, "_cached", None)
    CustomAttribute.objects.create(
        code="care", names={"en": "Care", "az": "Qulluq"}, kind="text", is_localized=True
    )

    found = OwnColumns().suggest(["Care (az)", "Care"])

    assert found == {"Care (az)": "spec.custom:care:az", "Care": "spec.custom:care"}


def test_columns_are_remembered_for_the_same_headings(light):
    chosen = {"Key": "sku", "Bright": "spec.output_lm"}
    dry_run("Key,Bright\nL-1,500\n", columns=chosen)

    assert upload("Bright,Key\n600,L-1\n").columns == chosen
    assert upload("Bright,Key,More\n600,L-1,x\n").columns == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"SKU,Output\n", "no rows"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (b"<!doctype html><html><body>Sign in</body></html>", "web page"),
        (b"PK\x03\x04 broken", "end of the ZIP or XLSX file is missing"),
    ],
)
def test_a_file_that_is_no_table_is_refused(content, message):
    with pytest.raises(PermanentError, match=message):
        upload(content)

    assert not CatalogImport.objects.exists()


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(imports, "MAX_BYTES", 10)

    with pytest.raises(PermanentError, match="larger than"):
        upload("SKU,Output\nL-1,500\n")


def test_a_quote_that_is_not_closed_refuses_its_rows(light):
    row = dry_run('SKU,Output\nL-1,500\nL-2,"600\n')

    assert list(outcomes(row).values()) == ["planned", "rejected"]


def test_a_file_without_a_known_sku_returns_to_the_columns(light):
    row = dry_run("SKU,Output\nX-1,500\nX-2,500\n")

    assert row.status == CatalogImport.Status.UPLOADED
    assert "No row has one of our SKUs" in row.problem


def test_the_sweep_repeats_a_dry_run_whose_worker_stopped(light, monkeypatch):
    row = upload("SKU,Output\nL-1,500\n")
    columns = {"SKU": "sku", "Output": "spec.output_lm"}
    imports.request_dry_run(row, columns=columns, blank="ignore", actor="mia", now=NOON)
    # the worker stored a part of the rows
    part = BulkEdit.objects.create(kind="variants", status_since=NOON, created_at=NOON)
    CatalogImport.objects.update(edit=part)

    monkeypatch.setattr(tasks.run_import, "delay", tasks.run_import)
    tasks.continue_imports()

    row.refresh_from_db()
    assert (row.status, outcomes(row)) == ("ready", {"L-1": "planned"})
    assert BulkEdit.objects.count() == 1
    assert Spec.objects.get().output_lm == 400
    assert Variant.objects.count() == 2


def test_nul_in_a_sku_is_dropped(light):
    row = dry_run(b'[{"SKU": "L-1\\u0000", "Shop title": "Day torch"}]', name="file.json")

    assert outcomes(row) == {"L-1": "planned"}


def test_a_customs_code_has_latin_digits(light):
    row = dry_run("SKU,HS code\nL-1,٨٥١٣١٠\n")

    assert outcomes(row) == {"L-1": "rejected"}


def test_a_file_that_changes_nothing_has_nothing_to_apply(light):
    assert dry_run("SKU,Output\nL-1,90000000\n").status == CatalogImport.Status.NOTHING
    assert dry_run("SKU,Output\nL-1,500\n").status == CatalogImport.Status.READY
