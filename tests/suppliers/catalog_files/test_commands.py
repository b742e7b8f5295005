"""Commands and pages of catalog files: what a dry run says, what is rejected, what an export has."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from catalog.models import BulkEdit, Product, Spec, Variant
from suppliers.catalog_files.columns import to_cells
from suppliers.catalog_files.export import load_rows, table
from suppliers.feed_mapping import sample
from suppliers.models import CatalogImport, FeedUpload, SupplierOffer, SyncRun
from tests.factories.catalog import make_image, make_product, make_spec, make_variant
from tests.factories.suppliers import make_offer, make_supplier
from tests.support.catalog_files import (
    PRODUCTS,
    ROWS,
    counts,
    export,
    run,
    snapshot,
    suggest_mapping,
    write_csv,
)

pytestmark = pytest.mark.django_db


def test_no_spreadsheet_evaluates_a_text(wholesaler, tmp_path):
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")

    plain = export(tmp_path / "export.csv")
    with plain.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    book = load_workbook(export(tmp_path / "export.xlsx"))
    cells = {cell.coordinate: cell for row in book.active for cell in row}

    assert [row["SKU"] for row in rows] == ["'-H1/black", "'@H1/red", "L-2"]
    assert (rows[0]["Parent SKU"], rows[0]["MPN"]) == ("'=H1", "'+H1-B")
    assert rows[0]["Title"] == """'=Stirnlampe "Çıraq" H1, schwarz"""
    assert (cells["A2"].value, cells["B2"].value) == ("-H1/black", "=H1")
    assert {cell.data_type for cell in cells.values()} == {"s", "n"}
    headings = {cell.value: cell.column_letter for cell in book.active[1]}
    assert cells[f"{headings['Light output (lm)']}2"].value == 1000
    assert cells[f"{headings['GTIN']}2"].value == "4006381333931"


def test_a_dry_run_shows_changes_and_new_rows_and_writes_nothing(wholesaler, tmp_path):
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        black, red, lantern = csv.DictReader(file)
    black |= {"Light output (lm)": "1200", "Modes": "High 1200 lm / 2 h", "Pack size": "3"}
    red |= {"Discontinued": "yes"}
    new = lantern | {"SKU": "L-3", "Parent SKU": "L-3", "Title": "Lantern L3"}
    write_csv(path, [black, red, lantern, new], headings=list(black))
    before = snapshot()

    status, dry = run(path, "--mapping=bulk", "--dry-run")
    assert (status, counts(dry), snapshot()) == (0, (4, 1, 2, 1, 0, 0), before)
    changes = {change["sku"]: change["cells"] for change in dry["changes"]}
    assert changes["-H1/black"]["Light output (lm)"] == ["1000", "1200"]
    assert changes["-H1/black"]["Pack size"] == ["1", "3"]
    assert changes["@H1/red"] == {"Discontinued": ["", "yes"]}

    status, real = run(path, "--mapping=bulk")
    assert (status, counts(real)) == (0, counts(dry))
    assert Spec.objects.get(product__family="headlamp").output_lm == 1200
    assert SupplierOffer.objects.get(supplier_sku="-H1/black").pack_size == 3
    assert SupplierOffer.objects.get(supplier_sku="@H1/red").status == "discontinued"
    assert counts(run(path, "--mapping=bulk", "--dry-run")[1]) == (4, 0, 0, 4, 0, 0)


def test_each_row_that_is_not_imported_has_its_reason(wholesaler, tmp_path):
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        black, red, lantern = csv.DictReader(file)
    rows = [
        black, red, red, lantern,
        lantern | {"Parent SKU": "L-9"},
        lantern | {"SKU": "T-1", "Parent SKU": "T-1", "Title": "Teapot", "Category path": "Tea"},
        lantern | {"SKU": "C-1", "Parent SKU": "C-1", "Supplier code": "cj"},
        lantern | {"SKU": ""},
        {"SKU": "Total", "Parent SKU": "4"},
    ]  # fmt: skip
    write_csv(path, rows, headings=list(black))

    status, report = run(path, "--mapping=bulk", "--dry-run")

    assert report["missing"] == 0
    assert (status, counts(report)) == (1, (9, 0, 0, 3, 5, 1))
    assert [(each["row"], each["number"], each["code"]) for each in report["rejections"]] == [
        ("row 7", None, "list-other-supplier"),
        ("row 8", None, "list-no-id"),
        ("@H1/red", 3, "sku-twice"),
        ("T-1", 6, "family-unknown"),
        ("L-2", 5, "list-twice"),
    ]


def test_a_dry_run_lists_each_finding_by_row_column_and_value(wholesaler, tmp_path):
    black, red, lantern = ROWS
    rows = [
        black | {"MOQ": "some", "Versandgewicht (g)": "heavy"},
        red | {"EAN": "4006381333947", "Bild 1": "picture.jpg"},
        lantern | {"Name": "Lantern, 9999 lm", "Akku": "", "Max Laufzeit (h)": "long"},
        {"Artikelnr": "a  b", "Name": "Lantern"},
    ]

    _status, report = run(write_csv(tmp_path / "list.csv", rows), "--mapping=bulk", "--dry-run")

    found = {
        (each["number"] or each["row"], each["code"], *map(tuple, each["cells"]))
        for each in report["findings"]
    }
    assert found == {
        (1, "minimum-unreadable", ("MOQ", "some")),
        (1, "weight-unreadable", ("Versandgewicht (g)", "heavy")),
        (2, "gtin-check-digit", ("EAN", "4006381333947")),
        (3, "title-output-unconfirmed", ("Name", "Lantern, 9999 lm")),
        (3, "intensity-impossible", ("Candela", "5000000 candela")),
        (3, "value-unreadable", ("Max Laufzeit (h)", "long")),
        ("row 4", "list-no-id", ("Artikelnr", "a  b")),
    }
    assert len(report["findings"]) == sum(report["finding_counts"].values())


def test_a_dry_run_lists_unlikely_values_that_are_imported(wholesaler, tmp_path):
    lantern = ROWS[2] | {"Candela": "150000"}

    status, report = run(write_csv(tmp_path / "list.csv", [lantern]), "--mapping=bulk", "--dry-run")

    assert (status, report["new"]) == (0, 1)
    (found,) = report["findings"]
    assert (found["number"], found["code"]) == (1, "intensity-unlikely")
    assert found["cells"] == [["Candela", "150000 candela"]]


def test_the_command_says_how_many_findings_it_does_not_print(wholesaler, tmp_path, monkeypatch):
    monkeypatch.setattr("suppliers.catalog_files.findings.MAX_SHOWN", 1)
    black, red, lantern = ROWS
    path = write_csv(tmp_path / "list.csv", [black | {"MOQ": "some"}, red, lantern])
    out = io.StringIO()

    call_command("import_catalog", str(path), "--mapping=bulk", "--dry-run", stdout=out)

    assert "row 3: L-2: Candela: '5000000 candela': " in out.getvalue()
    assert "The first 1 of 2 findings are shown; --json lists all." in out.getvalue()


def test_a_part_of_the_catalog_says_what_it_lacks_and_takes_no_foreign_rows(wholesaler, tmp_path):
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    make_offer(make_variant(), make_supplier(code="other"), sku="O-1")
    path = export(tmp_path / "export.csv")
    mapping = suggest_mapping(wholesaler, path)

    previews = sample.preview_file(path, mapping, content=PRODUCTS, supplier=wholesaler)
    assert previews[-1].record.message == "The row belongs to the supplier other."
    status, whole = run(path, "--mapping=bulk")
    assert (status, counts(whole), whole["missing"]) == (1, (4, 0, 0, 3, 1, 0), 0)
    assert whole["run"]["status"] == "applied"
    assert not SupplierOffer.objects.filter(supplier=wholesaler, supplier_sku="O-1").exists()
    status, part = run(
        export(tmp_path / "part.csv", "--category=lanterns"), "--mapping=bulk", "--dry-run"
    )
    assert (status, counts(part), part["missing"]) == (0, (1, 0, 0, 1, 0, 0), 1)


@pytest.mark.parametrize(
    ("products", "columns"),
    [
        ((["LED"], ["Color", "LED"], ["LED", "Plug"]), ["Color", "Option: LED", "Option: Plug"]),
        ((["Color", "Size"], ["Size", "Color"]), ["Color", "Size"]),
    ],
)
def test_options_have_the_order_of_the_products(shop, products, columns):
    for names in products:
        make_product(option_names=names)

    headings = next(table(Product.objects.all()))

    known = {"Color", "Size"}
    assert [name for name in headings if name in known or name.startswith("Option")] == columns


def test_an_export_loads_one_batch_at_a_time(shop, monkeypatch, django_assert_num_queries):
    for _ in range(3):
        make_variant()
    monkeypatch.setattr("suppliers.catalog_files.export.BATCH", 1)
    rows = table(Product.objects.all())

    with django_assert_num_queries(11):  # the list, the option names, and nine of one batch
        assert next(rows)
        assert next(rows)
    with django_assert_num_queries(9):
        assert next(rows)


def test_a_file_that_cannot_be_read_exits_with_2(wholesaler, tmp_path):
    path = write_csv(tmp_path / "list.csv")
    short = write_csv(tmp_path / "short.csv", [{"Artikelnr": "A"}], headings=["Artikelnr"])
    (tmp_path / "noise.xlsx").write_bytes(b"PK\x03\x04" + bytes(range(256)))

    for file, mapping, words in (
        (tmp_path / "none.csv", "bulk", "No such file"),
        (tmp_path / "noise.xlsx", "bulk", "cannot be read"),
        (short, "bulk", "Columns of the mapping are missing: Akku, Beschreibung"),
        (path, "other", "Unknown mapping 'other'. Suppliers with a mapping: bulk"),
        (path, "bulk@9", "Unknown mapping"),
    ):
        status, message = run(file, f"--mapping={mapping}", "--dry-run")
        assert (status, words in message) == (2, True), message
    wholesaler.connection.options = {"via": "https"}
    wholesaler.connection.save()
    assert run(path, "--mapping=bulk")[0] == 2
    assert run(path, "--mapping=bulk", "--dry-run")[0] == 0
    assert not FeedUpload.objects.exists()
    assert not SyncRun.objects.exists()


def test_a_mapping_version_that_is_not_active_is_activated_by_the_import(wholesaler, tmp_path):
    path = write_csv(tmp_path / "list.csv")
    run(path, "--mapping=bulk")
    suggest_mapping(wholesaler, export(tmp_path / "export.csv"))

    assert run(path, "--mapping=bulk", "--dry-run")[0] == 2
    assert run(path, "--mapping=bulk@1", "--dry-run")[0] == 0
    status, report = run(path, "--mapping=bulk@1")
    assert (status, counts(report)) == (0, (3, 0, 0, 3, 0, 0))
    assert wholesaler.mappings.get(is_active=True).version == 3


def test_an_export_of_one_supplier_has_its_offers_for_all_products(wholesaler, tmp_path):
    """Otherwise an import would discontinue offers for variants of other suppliers."""
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    lantern = Variant.objects.get(product__family="lantern")
    other = make_supplier(code="other")
    make_offer(lantern, other, sku="O-1")

    def skus(*words):
        with export(tmp_path / "part.csv", *words).open(encoding="utf-8-sig") as file:
            return [(row["Supplier code"], row["SKU"]) for row in csv.DictReader(file)]

    assert skus("--supplier=other") == [("other", "O-1")]
    assert skus("--category=lanterns") == [("bulk", "L-2")]
    SupplierOffer.objects.filter(variant=lantern).delete()
    assert skus("--category=lanterns") == [("", lantern.sku)]
    for words in (["--category=tea"], ["--supplier=tea"]):
        with pytest.raises(CommandError, match=r"Unknown .* 'tea'"):
            export(tmp_path / "part.csv", *words)
    with pytest.raises(CommandError, match="must end in"):
        export(tmp_path / "part.ods")
    with pytest.raises(CommandError, match="No such file") as failed:
        export(tmp_path / "none" / "part.csv")
    assert failed.value.returncode == 2


def test_pictures_keep_their_order_and_their_variant(shop):
    product = make_product()
    black, red = (make_variant(product, color=color) for color in ("Black", "Red"))
    for position, (owner, name) in enumerate(
        ((black, "black"), (red, "red"), (None, "shared"), (red, "red-2"))
    ):
        url = f"https://example.org/{name}.jpg"
        make_image(product, variant=owner, source_url=url, position=position)

    rows = [to_cells(row) for row in load_rows([product.pk])]

    names = [[url.rsplit("/")[-1] for url in row["Pictures"].split("|") if url] for row in rows]
    assert names == [["black.jpg"], ["red.jpg", "shared.jpg", "red-2.jpg"]]


def test_own_products_are_exported_and_imported_without_a_browser(shop, tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    product = make_product(title="Night torch")
    make_variant(product, sku="L-1")
    path = export(tmp_path / "own.csv", "--own")
    assert counts_of_own(run(path, "--mapping=own")) == (0, (1, 0, 0, 1, 0))
    text = path.read_text(encoding="utf-8-sig")
    line = text.splitlines()[1]
    new = line.replace("L-1", "L-2").replace(product.slug, "other")
    path.write_text(
        f"{text.replace('Night torch', 'Day torch')}{new}\n{line.replace('L-1', '', 1)}\n"
    )

    dry = run(path, "--mapping=own", "--dry-run")
    assert counts_of_own(dry) == (1, (3, 1, 1, 0, 1))
    assert dry[1]["rejections"] == [{"row": "Row 3", "number": 3, "reason": "The row has no SKU."}]
    assert not Variant.objects.filter(sku="L-2").exists()
    assert BulkEdit.objects.count() == CatalogImport.objects.count() == 1

    assert counts_of_own(run(path, "--mapping=own")) == (1, (3, 1, 1, 0, 1))
    assert Variant.objects.get(sku="L-2").product.title == "Night torch"
    product.refresh_from_db()
    assert product.title == "Day torch"
    assert CatalogImport.objects.order_by("-pk").first().status == "applied"
    path.write_text("Name\nL-1\n")
    assert run(path, "--mapping=own")[0] == 2


def test_a_dry_run_lists_unlikely_values_which_need_a_reason(shop, tmp_path, settings, capsys):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    product = make_product()
    make_variant(product, sku="L-1")
    make_spec(product, output_lm=400, runtime_high_min=30)
    path = tmp_path / "own.csv"
    path.write_text("SKU,Output\nL-1,4000 lm\n")

    (found,) = run(path, "--mapping=own", "--dry-run")[1]["unlikely"]
    assert (found["row"], found["number"]) == ("L-1", 1)
    assert found["findings"][0].startswith("Output, lm: 4,000 lm")
    call_command("import_catalog", str(path), "--mapping=own", "--dry-run")
    assert "row 1: L-1: unlikely: " in capsys.readouterr().out

    with pytest.raises(CommandError, match="state why they are right with --reason"):
        call_command("import_catalog", str(path), "--mapping=own")
    assert run(path, "--mapping=own", "--reason=measured")[0] == 0
    assert product.spec.output_lm == 400
    product.spec.refresh_from_db()
    assert product.spec.output_lm == 4000


def test_a_dry_run_of_a_file_without_skus_leaves_no_import(shop, tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    path = tmp_path / "own.csv"
    path.write_text("Name\nL-1\n")

    assert run(path, "--mapping=own", "--dry-run")[0] == 2
    assert CatalogImport.objects.count() == 0


def counts_of_own(found):
    status, report = found
    names = ("rows", "new", "changed", "unchanged", "rejected")
    counted = tuple(report[name] for name in names)
    assert counted[0] == sum(counted[1:])
    return status, counted
