"""Catalog file: the export of the product list, for staff who may see variants."""

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from catalog.models import Variant
from storefront.lib.staff.xlsx_export import MAX_CELL
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_product, make_spec, make_variant

pytestmark = pytest.mark.django_db
LIST = reverse("admin:catalog_product_changelist")


@pytest.fixture
def listed():
    shown = make_product(title="Night torch", status="live")
    make_spec(shown, output_lm=900)
    make_variant(shown)
    make_variant(make_product(title="Old torch", status="archived"))


def paths(client, **filters):
    shown = client.get(LIST, filters)
    return [offered["path"] for offered in shown.context["actions_list"]]


def test_the_buttons_of_the_list_export_what_it_shows(staff, listed):
    plain, book = paths(staff, q="torch", status__exact="live")

    answer = staff.get(plain, follow=True)
    text = answer.getvalue().decode("utf-8-sig")
    sheet = load_workbook(io.BytesIO(b"".join(staff.get(book, follow=True)))).active

    (row,) = csv.DictReader(io.StringIO(text))
    sku = Variant.objects.get(product__title="Night torch").sku
    assert (row["SKU"], row["Title"], row["Output, lm"]) == (sku, "Night torch", "900")
    assert [cell.value for cell in sheet["A"]] == ["SKU", sku]
    assert ".csv" in answer["Content-Disposition"]


def test_a_text_that_no_spreadsheet_cell_holds_is_named(staff):
    make_variant(make_product(title="Night torch", description_html="x" * (MAX_CELL + 1)))

    answer = staff.get(paths(staff)[1], follow=True)

    assert "Export as CSV instead" in answer.content.decode()


def test_an_unknown_filter_leads_back_to_the_list(staff, listed):
    assert staff.get(f"{paths(staff)[0]}nonsense=1", follow=True).status_code == 200


def test_the_export_needs_the_right_to_see_variants(client, listed):
    client.force_login(make_staff("clerk", "view_product"))

    assert client.get(reverse("supply:catalog_file", args=["csv"])).status_code == 403
