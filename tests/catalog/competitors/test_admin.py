"""Staff upload a competitor price list, preview it and import it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.competitors import matching
from catalog.models import CompetitorPrice, CompetitorPriceList
from tests.factories.catalog import make_variant

pytestmark = pytest.mark.django_db
ADD = reverse("admin:catalog_competitorpricelist_add")


def upload(staff, text):
    given = SimpleUploadedFile("prices.csv", text.encode(), content_type="text/csv")
    return staff.post(ADD, {"file": given}, follow=True)


def test_a_list_is_previewed_line_by_line(staff):
    variant = make_variant()

    upload(
        staff,
        "competitor,sku,price,currency\n"
        f"a.example,{variant.sku},18.50,EUR\n"
        "a.example,<b>unknown</b>,3,EUR\n",
    )

    file = CompetitorPriceList.objects.get()
    page = staff.get(reverse("admin:catalog_competitorpricelist_change", args=[file.pk]))
    shown = page.content.decode()
    assert variant.sku in shown
    assert "€18.50" in shown
    assert "No matching product: SKU &lt;b&gt;unknown&lt;/b&gt;." in shown
    assert not CompetitorPrice.objects.exists()

    staff.post(reverse("admin:catalog_competitorpricelist_import_list", args=[file.pk]))

    price = CompetitorPrice.objects.get()
    assert (price.source, price.reported_by) == ("prices.csv", "staff@fara.example")


def test_a_list_page_parses_its_list_once_and_the_changelist_parses_none(staff, monkeypatch):
    rows = f"competitor,sku,price,currency\na,{make_variant().sku},1,EUR\n"
    upload(staff, rows)
    file = CompetitorPriceList.objects.get()
    read = []
    real = matching.preview
    monkeypatch.setattr(matching, "preview", lambda **kwargs: read.append(1) or real(**kwargs))

    with CaptureQueriesContext(connection) as ran:
        listed = staff.get(reverse("admin:catalog_competitorpricelist_changelist"))
    assert "prices.csv" in listed.content.decode()
    large = [
        each["sql"] for each in ran if '"content"' in each["sql"] or '"refused"' in each["sql"]
    ]
    assert (large, read) == ([], [])

    staff.get(reverse("admin:catalog_competitorpricelist_change", args=[file.pk]))
    assert read == [1]


def test_rejections_are_shown_after_the_content_is_deleted(staff):
    upload(staff, "competitor,sku,price,currency\na,unknown,1,EUR\n")
    file = CompetitorPriceList.objects.get()
    staff.post(reverse("admin:catalog_competitorpricelist_import_list", args=[file.pk]))
    counts = {"moved": 20, "known": 20, "factor": 5}
    CompetitorPriceList.objects.update(content="", problem="doubtful", counts=counts)

    page = staff.get(reverse("admin:catalog_competitorpricelist_change", args=[file.pk]))
    again = staff.post(reverse("admin:catalog_competitorpricelist_import_list", args=[file.pk]))

    shown = page.content.decode()
    assert "20 of 20 known prices change" in shown
    assert "The rows of this file were deleted." in shown
    assert "No matching product: SKU unknown." in shown
    assert "The rows of this file were deleted." in again.content.decode()


def test_rejected_lines_are_shown_in_the_readers_language(staff):
    rows = "a,unknown,1,EUR\na,HL-1,much,EUR\nfara.example,HL-1,5,EUR\n"
    upload(staff, f"competitor,sku,price,currency\n{rows}")
    file = CompetitorPriceList.objects.get()
    page = reverse("admin:catalog_competitorpricelist_change", args=[file.pk])
    sentences = [
        "Uyğun məhsul yoxdur: SKU unknown.",
        "&#x27;much&#x27; düzgün qiymət deyil",
    ]
    staff.post(reverse("admin:catalog_competitorpricelist_import_list", args=[file.pk]))
    staff.cookies["django_language"] = "az"

    before_deletion = staff.get(page).content.decode()
    CompetitorPriceList.objects.update(content="")
    after_deletion = staff.get(page).content.decode()

    assert [words in before_deletion for words in sentences] == [True, True]
    assert [words in after_deletion for words in sentences] == [True, True]
    assert "rədd edilib: " in after_deletion
    file.refresh_from_db()
    assert file.refused[0] == [2, "not_ours", {"goods": [["sku", "unknown"]]}]


def test_an_invalid_file_is_explained_on_the_form_and_not_stored(staff):
    answer = upload(staff, "sku,price\nHL-1,5\n")

    assert "Missing columns: competitor, currency." in answer.content.decode()
    assert not CompetitorPriceList.objects.exists()
