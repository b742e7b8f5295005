"""Catalog files: an export is imported again, and nothing changes or gets lost."""

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from catalog.models import Identifier, Image, Mode, Product, Spec, Variant
from suppliers.catalog_files.columns import to_cells
from suppliers.catalog_files.export import csv_lines, load_rows, table
from suppliers.connections import file_sources
from suppliers.connectors.feed.mapping.spec import FormatOverrides
from suppliers.feed_mapping import sample
from suppliers.models import FeedUpload, FileContent, SupplierOffer, SupplierProduct, SyncRun
from tests.factories.catalog import NOON, make_image, make_product, make_variant
from tests.factories.suppliers import make_offer, make_supplier

pytestmark = pytest.mark.django_db
PRODUCTS = FileContent.PRODUCTS

HEADINGS = (
    "Artikelnr", "Modellgruppe", "EAN", "Herstellernummer", "Name", "Beschreibung", "Marke",
    "Kategorie", "Color", "LED color", "Lumen", "Candela", "Max Laufzeit (h)", "IP", "Akku",
    "Laden", "Modi", "Lichtfarbe", "Material", "Bild 1", "Bild 2", "Gewicht (g)",
    "Versandgewicht (g)", "MOQ", "UVP", "Zolltarifnummer", "Leuchtweite", "Extras",
)  # fmt: skip
FIELDS = {
    "sku": "Artikelnr", "parent": "Modellgruppe", "gtin": "EAN", "mpn": "Herstellernummer",
    "title": "Name", "description": "Beschreibung", "brand": "Marke", "category": "Kategorie",
    "features": "Extras", "minimum": "MOQ", "msrp": "UVP", "hs_code": "Zolltarifnummer",
}  # fmt: skip
CLAIMS = {
    "Light output": "Lumen", "Peak intensity": "Candela", "Run time": "Max Laufzeit (h)",
    "IP rating": "IP", "Battery": "Akku", "Charging": "Laden", "Modes": "Modi",
    "Light color": "Lichtfarbe", "Material": "Material", "Weight": "Gewicht (g)",
    "Beam distance": "Leuchtweite",
}  # fmt: skip
HEADLAMP = {
    "Modellgruppe": "=H1",
    "Beschreibung": '<p>Baş fənəri, «ışıq» – "güclü"</p>\n<ul><li>Größe: 5 cm</li></ul>',
    "Marke": "Şimal & Söhne",
    "Kategorie": "Stirnlampen",
    "Lumen": "1000",
    "Candela": "12500",
    "Max Laufzeit (h)": "40,5",
    "IP": "IP66/IP68",
    "Akku": "1 x 18650 Li-Ion 3000 mAh (enthalten / included)",
    "Laden": "USB-C",
    "Modi": "High 1000 lm / 2 h; Low 20 lm / 40 h; Red 5 lm",
    "Lichtfarbe": "white, red",
    "Material": "Aluminium",
    "Gewicht (g)": "95",
    "Zolltarifnummer": "8513 10 00",
}
ROWS = (
    HEADLAMP
    | {
        "Artikelnr": "-H1/black",
        "EAN": "4006381333931",
        "Herstellernummer": "+H1-B",
        "Name": '=Stirnlampe "Çıraq" H1, schwarz',
        "Color": "Black",
        "LED color": "warm",
        "Bild 1": "https://example.org/h1,a.jpg",
        "Bild 2": "https://example.org/black.jpg",
        "Versandgewicht (g)": "160",
        "MOQ": "6",
        "UVP": "79,90",
    },
    HEADLAMP
    | {
        "Artikelnr": "@H1/red",
        "EAN": "4006381333948",
        "Name": "Stirnlampe Çıraq H1, rot, 9999 lm",
        "Color": "Red",
        "LED color": "cold",
        "Bild 1": "https://example.org/h1,a.jpg",
        "Bild 2": "https://example.org/red.jpg",
    },
    {
        "Artikelnr": "L-2",
        "Name": "Laterne mit 3 x AA",
        "Kategorie": "Laternen",
        "Lumen": "400",
        "Candela": "5000000",
        "Akku": "3 x AA alkaline, not included",
    },
)
TEAPOT = {"Artikelnr": "X-1", "Name": "Teekanne", "Kategorie": "Küche"}


@pytest.fixture
def wholesaler(shop, settings):
    """A supplier whose German file is mapped by hand and arrives by upload."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    supplier = make_supplier(code="bulk", adapter="feed", base_url="")
    supplier.connection.options = {"via": "upload"}
    supplier.connection.save()
    columns = {name: {"column": column} for name, column in FIELDS.items()}
    columns["weight"] = {"column": "Versandgewicht (g)", "unit": "g"}
    claims = {label: {"column": column} for label, column in CLAIMS.items()}
    spec = {
        "fields": columns,
        "claims": claims,
        "options": {name: {"column": name} for name in ("Color", "LED color")},
        "images": [{"column": "Bild 1"}, {"column": "Bild 2"}],
        "reading": {"decimal": ","},
    }
    save_mapping(supplier, spec)
    return supplier


def save_mapping(supplier, spec):
    file_sources.save_mapping(
        supplier=supplier, content=PRODUCTS, spec=spec, actor="test", now=NOON
    )


def suggest_mapping(supplier, path):
    suggested = sample.read_sample(path, reading=FormatOverrides()).suggested
    save_mapping(supplier, suggested.to_dict())
    return suggested


def write_csv(path, rows=ROWS, headings=HEADINGS):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, headings, delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(*words):
    """Run import_catalog; return its exit code and its report."""
    out = io.StringIO()
    try:
        call_command("import_catalog", *map(str, words), "--json", stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue() or "{}") or str(error)
    return 0, json.loads(out.getvalue())


def export(path, *words):
    call_command("export_catalog", str(path), *words, stdout=io.StringIO())
    return path


def counts(report):
    names = ("rows", "new", "changed", "unchanged", "rejected", "skipped")
    found = tuple(report[name] for name in names)
    assert found[0] == sum(found[1:])
    return found


def snapshot():
    """Return all data of the catalog and the offers, except the supplier's own words and times."""
    left_out = {"updated_at", "sources", "seen_at", "run_id", "changed_at"}
    left_out |= {"list_digest", "detail_digest", "cost_digest"}
    models = (Product, Variant, Spec, Mode, Identifier, Image, SupplierOffer, SupplierProduct)
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in left_out}
            for row in model.objects.order_by("pk").values()
        ]
        for model in models
    }


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_is_mapped_by_itself_and_changes_nothing(wholesaler, tmp_path, suffix):
    code, first = run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    assert (code, counts(first)) == (0, (3, 3, 0, 0, 0, 0))
    assert first["run"]["status"] == "applied"
    before = snapshot()

    path = export(tmp_path / f"export.{suffix}")
    suggest_mapping(wholesaler, path)
    dry = run(path, "--mapping=bulk", "--dry-run")
    assert snapshot() == before
    real = run(path, "--mapping=bulk")

    for status, report in (dry, real):
        assert (status, report["changes"], report["rejections"]) == (0, [], [])
        assert counts(report) == (3, 0, 0, 3, 0, 0)
        assert report["missing"] == 0
        assert report["unread_columns"] == ["Shop SKU", "Shop title", "Shop category"]
    assert real[1]["run"]["status"] == "applied"
    assert snapshot() == before
    again = run(path, "--mapping=bulk")
    assert (counts(again[1]), again[1]["run"]["unchanged"]) == ((3, 0, 0, 3, 0, 0), 2)


def test_values_and_texts_survive(wholesaler, tmp_path):
    """Check that the round trip compares a rich product, not an empty one."""
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")

    spec = Spec.objects.get(product__brand__name="Şimal & Söhne")
    lantern = Spec.objects.get(product__family="lantern")
    assert (spec.output_lm, spec.intensity_cd, spec.runtime_max_min) == (1000, 12500, 2430)
    assert (spec.ip_rating, spec.battery_format, spec.battery_included) == ("IP66/8", "18650", True)
    assert (spec.charging, spec.features) == (["usb_c"], ["red_light"])
    assert Mode.objects.count() == 3
    (rejected,) = lantern.warnings
    assert (lantern.intensity_cd, rejected["raw"]) == (None, "Peak intensity: 5000000 candela")
    assert lantern.battery_included is False
    assert set(Variant.objects.values_list("lithium", flat=True)) == {"none", "with"}


def test_custom_attributes_survive(wholesaler, tmp_path):
    call_command("create_attributes", stdout=io.StringIO())
    run(write_csv(tmp_path / "list.csv"), "--mapping=bulk")
    values = {"switch_position": ["side", "tail"], "charge_time": "2.5", "mode_memory": True}
    Spec.objects.update(custom_values=values | {"output_sustained": "350"})
    before = snapshot()

    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)
    run(path, "--mapping=bulk")

    assert snapshot() == before


FORMS = {
    "Akku": (
        "2 x AA NiMH (not included)", "CR123A, 3 V", "Li-Po 1200 mAh 3.7 V built-in", "4 x D alkaline",
        "2 x 18650 Li-ion 7000 mAh 25.2 Wh installed", "32650 LiFePO4 3.2 V 6000 mAh included",
        "built-in 18650 3.5 Ah, solar", "built-in, 2 cells, 230 V", "NiMH pack, hand crank", "1 x 14500",
        "18650 99999 mAh", "3 pcs", "no battery",
    ),
    "IP": ("IPX4", "IP66/IP68", "IP67 and IP69K", "not waterproof", "splash", "IPX8"),
    "Leuchtweite": ("150 ft", "200", "max 120 m (394 ft)", "9000 m"),
    "Candela": ("45 lux @ 5m", "12 kcd", "5000000"),
    "Max Laufzeit (h)": ("2 h 30 min", "high 3 h; low 40 h", "12", "300 days"),
    "Laden": ("Micro-USB, magnetic cable", "solar panel", "crank or DC", "dock", "5 V; 2 A"),
    "Modi": ("Turbo 1000 lm / 1 h; Red; SOS 50 lm", "Moonlight 0.5 lm / 30 d", "Eco: 5 lm, High: 300 lm"),
    "Lichtfarbe": ("warm white and red", "UV", "RGB"),
    "Material": ("Aluminium, ABS + PC",),
    "Gewicht (g)": ("95", "3.4 oz", "0,5"),
    "Extras": (
        "Features:zoom, clip, red light, motion sensor|Lens:TIR, glass|Country of origin:CN",
        "Features:USB-C, solar, power bank|Dimensions:65 x 42 x 30 mm|Head diameter:30 mm",
        "Drop resistance:1.5 m|Color temperature:5000 K|CRI:90|Lowest output:0,5 lm|Power:10 W",
    ),
}  # fmt: skip


def test_attributes_survive_in_each_form_that_a_supplier_writes(wholesaler, tmp_path):
    rows = [
        {"Artikelnr": f"P-{column}-{number}", "Name": f"Torch {number}", "Kategorie": "Torches"}
        | {"Lumen": "400", column: text}
        for column, texts in FORMS.items()
        for number, text in enumerate(texts)
    ]
    run(write_csv(tmp_path / "list.csv", rows), "--mapping=bulk")
    path = export(tmp_path / "export.csv")
    suggest_mapping(wholesaler, path)

    report = run(path, "--mapping=bulk", "--dry-run")[1]

    assert report["changes"] == []
    assert counts(report) == (len(rows), 0, 0, len(rows), 0, 0)


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
    assert [(rejection["row"], rejection["code"]) for rejection in report["rejections"]] == [
        ("row 7", "list-other-supplier"),
        ("row 8", "list-no-id"),
        ("@H1/red", "sku-twice"),
        ("T-1", "family-unknown"),
        ("L-2", "list-twice"),
    ]


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
    lines = csv_lines(Product.objects.all())

    with django_assert_num_queries(10):  # the list, the option names, and eight of one batch
        assert next(lines)
        assert next(lines)
    with django_assert_num_queries(8):
        assert next(lines)


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
