import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from suppliers.connections import factory
from suppliers.connections.file_sources import save_mapping
from suppliers.connectors.feed.options import Content, Options
from suppliers.feed_mapping import sample
from suppliers.models import Connection, FeedMapping, FeedUpload
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db

GOODS = """Artikelnummer;EAN;Bezeichnung;EK;Bestand;Gewicht_g;IMAGES
HL-700;5901234123457;Trail 700;14,20;124;95;https://a.example/1.jpg|https://a.example/2.jpg
HL-701;;Trail 701 rot;15,90;>10;98;
;;No number;1,00;1;1;
"""


@pytest.fixture
def supplier():
    supplier = make_supplier("lumen", adapter="feed")
    Connection.objects.update(options={"via": "upload", "orders_to": "orders@lumen.example"})
    return supplier


def page_of(supplier):
    return reverse("admin:suppliers_supplier_mapping", args=[supplier.pk])


def upload(staff, page, text=GOODS, name="../../etc/liste.csv", content="products"):
    file = SimpleUploadedFile(name, text.encode("cp1252"))
    return staff.post(f"{page}?content={content}", {"step": "upload", "file": file}, follow=True)


def fields_of(response):
    form = response.context["form"]
    return {bound.html_name: "" if (v := bound.value()) is None else v for bound in form}


def post(staff, response, step, **changes):
    shown = response.context
    given = {**fields_of(response), **changes, "step": step}
    if "seen" in shown and "seen" not in changes:
        given["seen"] = shown["seen"]
    return staff.post(
        f"{response.request['PATH_INFO']}?content=products&file={shown['file']}", given
    )


def words(response):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_an_uploaded_file_is_detected_and_its_columns_suggested(staff, supplier):
    response = upload(staff, page_of(supplier))

    kept = FeedUpload.objects.get()
    detected = response.context["sample"].detected
    given = fields_of(response)
    assert (detected.format, detected.delimiter, detected.decimal) == ("csv", ";", ",")
    assert (given["column_sku"], given["column_cost"]) == ("Artikelnummer", "EK")
    assert (given["column_stock"], given["column_weight"]) == ("Bestand", "Gewicht_g")
    assert given["images"] == "IMAGES split at |"
    assert "Trail 701 rot" in words(response)
    assert (kept.original_name, kept.by) == ("liste.csv", "staff@fara.example")
    assert re.fullmatch(r"products-[0-9a-f]{24}\.upload", kept.storage_name)


def test_nothing_is_saved_without_its_preview(staff, supplier):
    response = upload(staff, page_of(supplier))
    seen = post(staff, response, "preview")

    blind = post(staff, response, "save")
    forged = post(staff, response, "save", seen="x" * 64)
    changed = post(staff, seen, "save", column_title="EAN")

    for refused in (blind, forged, changed):
        assert "Check its rows again" in words(refused)
    assert changed.context["previews"][0].record.title == "5901234123457"
    assert not FeedMapping.objects.exists()


def test_a_preview_shows_the_mapped_rows(staff, supplier):
    response = post(staff, upload(staff, page_of(supplier)), "preview")

    first, second, third = response.context["previews"]
    assert (first.record.sku, first.record.title) == ("HL-700", "Trail 700")
    assert str(first.record.cost) == "14.20 EUR"
    assert len(first.record.picture_urls) == 2
    assert second.record.stock[0].quantity == 10
    assert third.record.code == "list-no-id"
    said = words(response)
    assert "2 of 3 rows can be read. 2 of them would not be imported." in said
    assert "Not imported Trail 700 A product is not recognized as a light." in said
    assert "Columns that are not imported:" not in said
    assert not FeedMapping.objects.exists()


def test_a_preview_shows_terms_unread_columns_and_issues(staff, supplier):
    text = (
        "SKU;EAN;Name;Weight;Lumens;Run time;Zoll;IP;EK;MOQ;Pack size;Lead time;MAP;RRP;ETA\n"
        "A-1;123;Trail headlamp;95 g;400;2,5 h;x;splash;9,10;2;4;0;17,90;19,90;12.12.2026\n"
    )
    response = post(staff, upload(staff, page_of(supplier), text), "preview")

    said = words(response)
    for line in (
        "Columns that are not imported: Zoll.",
        "A GTIN is not valid. The GTIN '123' has 3 digits",
        "Packed weight: 95 g",
        "Longest runtime, minutes: 150 2,5 h",
        "As the supplier wrote it: IP rating: splash",
        "Minimum order quantity: 2",
        "Pack size: 4",
        "Handling time (days): 0",
        "MAP 17.90 EUR",
        "MSRP 19.90 EUR",
        "Expected back in stock: 2026-12-12",
    ):
        assert line in said


def test_all_rows_are_checked_before_the_mapping_is_saved(staff, supplier, monkeypatch):
    rows = "".join(f"A-{n};5901234123457;Headlamp {n};400;9,10\n" for n in range(30))
    text = f"SKU;EAN;Name;Lumens;EK\n{rows}B-1;5901234123450;Headlamp;990000;9,10\n"
    response = upload(staff, page_of(supplier), text)

    complete = post(staff, response, "check")
    monkeypatch.setattr(sample, "CHECK_TIME_LIMIT_S", -1)
    cut = post(staff, response, "check")

    said = words(complete)
    assert "All 31 rows were checked." in said
    assert "The light output is not plausible 1 Row 31: 990,000 lm; at most 100,000" in said
    assert "A GTIN is not valid 1 Row 31: The GTIN '5901234123450' ends in 0" in said
    assert "Only the first row was checked: the time limit was reached. No issues." in words(cut)
    assert not FeedMapping.objects.exists()


def test_a_previewed_mapping_is_saved_and_activated(staff, supplier):
    seen = post(staff, upload(staff, page_of(supplier)), "preview")

    saved = post(staff, seen, "save")

    assert saved.status_code == 302
    version = FeedMapping.objects.get()
    assert (version.version, version.is_active) == (1, True)
    assert version.created_by == "staff@fara.example"
    connection = Connection.objects.get()
    context = factory.build_context(
        supplier, connection, gate=factory.build_gate(supplier, connection)
    )
    options = context.settings(Options)
    assert options.mapping_of(Content.PRODUCTS).to_dict() == version.spec
    assert options.products_at == FeedUpload.objects.get().storage_name
    with factory.open_connector(supplier) as connector:
        pages = list(connector.pages())
    assert [page.external_id for page in pages if hasattr(page, "record")] == ["HL-700", "HL-701"]


def test_an_old_version_can_be_restored(staff, supplier):
    page = page_of(supplier)
    for title in ("Bezeichnung", "EAN"):
        seen = post(staff, upload(staff, page), "preview", column_title=title)
        post(staff, seen, "save")
    old, new = FeedMapping.objects.order_by("version")
    assert (old.is_active, new.is_active) == (False, True)

    detail = staff.get(f"/admin/suppliers/feedmapping/{old.pk}/change/").content.decode()
    (action,) = set(re.findall(r'href="([^"]*restore[^"]*)"', detail))
    staff.post(action)

    newest = FeedMapping.objects.get(is_active=True)
    assert (newest.version, newest.spec) == (3, old.spec)
    assert FeedMapping.objects.count() == 3


def test_invalid_input_is_explained(staff, supplier, subtests):
    uploaded = upload(staff, page_of(supplier))
    for changes, said in (
        ({"column_sku": ""}, "Choose the column that holds the supplier's SKU."),
        ({"else_title": "json: a"}, "Choose a column or enter another source, not both."),
        ({"column_title": "", "else_title": "json: a["}, "the expression is invalid"),
        ({"options": "Color"}, "This line cannot be read: Color"),
        ({"how_stock": "many"}, "This line cannot be read: many"),
        ({"encoding": "klingon"}, "klingon"),
        ({"delimiter": "abc"}, "the delimiter must be one character"),
    ):
        with subtests.test(changes=changes):
            response = post(staff, uploaded, "preview", **changes)

            assert response.status_code == 200
            assert said in words(response)
            assert not response.context.get("previews")


def test_parts_without_a_field_survive_an_edit(staff, supplier):
    spec = {
        "fields": {"sku": {"column": "Artikelnummer"}, "stock": {"column": "Bestand"}},
        "warehouses": [
            {"source": {"column": "Bestand", "words": {"viel": "9"}}, "location": "EU1"}
        ],
    }
    mapping = {"supplier": supplier, "content": "products", "spec": spec, "actor": "a command"}
    save_mapping(**mapping, now=NOON)

    seen = post(staff, upload(staff, page_of(supplier)), "preview", how_stock="ja = 5")
    post(staff, seen, "save")

    saved = FeedMapping.objects.get(is_active=True)
    assert saved.spec["warehouses"] == spec["warehouses"]
    assert saved.spec["fields"]["stock"] == {"column": "Bestand", "words": {"ja": "5"}}


def test_an_unreadable_file_is_reported_and_an_unknown_one_is_ignored(staff, supplier, tmp_path):
    (tmp_path / "secret.csv").write_text("sku\n1\n")

    response = upload(staff, page_of(supplier), "<!doctype html><html>Sign in</html>")

    assert "web page" in words(response)
    for name in ("../secret.csv", "products-00000000.raw", "x"):
        response = staff.get(f"{page_of(supplier)}?file={name}")
        assert (name, response.status_code) == (name, 200)
        assert "sample" not in response.context


def test_only_file_suppliers_have_a_mapping(staff, supplier):
    other = make_supplier("other", adapter="fake")

    for each, has_mapping in ((supplier, True), (other, False)):
        detail = staff.get(f"/admin/suppliers/supplier/{each.pk}/change/").content.decode()

        assert (page_of(each) in detail) is has_mapping


BANNER = """Preisliste Winter;;;;
;;;;
Artikelnummer;Bezeichnung;EK;Bestand;Lichtstrom (lm)
HL-700;Trail 700 headlamp;14,20;124;1.200
"""


def test_the_header_row_is_detected_and_can_be_overridden(staff, supplier):
    response = upload(staff, page_of(supplier), BANNER)
    given = fields_of(response)

    as_found = post(staff, response, "preview")
    corrected = post(staff, response, "preview", header_row="1", column_sku="Preisliste Winter")

    assert response.context["sample"].detected.header_row == 3
    assert (given["column_sku"], given["claims"]) == (
        "Artikelnummer", "Light output = Lichtstrom (lm)",
    )  # fmt: skip
    assert "Header row 3" in words(response)
    assert "These labels become attributes: Light output," in words(response)
    assert "Output, lm: 1200" in words(as_found)
    assert corrected.context["sample"].detected.headers[0] == "Preisliste Winter"
