"""Pagination of staff lists: limited counts, late pages, sorted lists, actions on all rows."""

import pytest
from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Brand, Product
from storefront.lib.staff import pagination
from storefront.lib.staff.inlines import ReadOnlyFormSet
from tests.factories.catalog import make_product

pytestmark = pytest.mark.django_db
admin.autodiscover()
LIST = reverse("admin:catalog_brand_changelist")
PRODUCTS = reverse("admin:catalog_product_changelist")


@pytest.fixture(autouse=True)
def small_limits(monkeypatch):
    monkeypatch.setattr(pagination, "MAX_COUNTED", 6)
    monkeypatch.setattr(pagination, "MAX_LISTED", 20)
    for model in (Brand, Product):
        monkeypatch.setattr(admin.site.get_model_admin(model), "list_per_page", 2)


@pytest.fixture
def brands():
    return Brand.objects.bulk_create(Brand(key=f"b{n:02}", name=f"B {n:02}") for n in range(15))


def test_large_number_is_shown_as_a_limit_small_one_exactly(staff, brands):
    many = staff.get(LIST).context["cl"]
    few = staff.get(LIST, {"q": "B 1"}).content.decode()

    assert str(many.result_count) == "6+"
    assert "6 results" in few


@pytest.mark.parametrize("order", [{}, {"o": "-0"}])
def test_each_row_is_on_one_page(staff, brands, order):
    pages = [
        [row.name for row in staff.get(LIST, {"p": n, **order}).context["cl"].result_list]
        for n in range(1, 9)
    ]

    names = sorted((brand.name for brand in brands), reverse=bool(order))
    assert pages == [names[n : n + 2] for n in range(0, 15, 2)]


def test_late_page_links_to_the_next_one(staff, brands):
    assert "p=7" in staff.get(LIST, {"p": 6}).content.decode()


@pytest.mark.parametrize("page", ["9", "3000", "0", "-1", "9" * 30])
def test_page_that_does_not_exist_leads_to_the_first(staff, brands, page):
    response = staff.get(LIST, {"p": page}, follow=True)

    assert response.redirect_chain == [(f"{LIST}?e=1", 302)]
    assert response.status_code == 200


def test_page_beyond_the_limit_of_a_list_says_what_to_do(staff, brands):
    Brand.objects.bulk_create(Brand(key=f"c{n:02}", name=f"C {n:02}") for n in range(15))

    pages = [staff.get(LIST, {"p": n}, follow=True) for n in (10, 11)]
    last, beyond = (page.content.decode() for page in pages)

    message = "A list shows up to 20 rows. Narrow it by a search or a filter."
    assert str(pages[0].context["cl"].result_count) == "20+"
    assert (message in last, message in beyond) == (False, True)
    short = staff.get(LIST, {"p": 11, "q": "B 1"}, follow=True).content.decode()
    assert message not in short


@pytest.mark.parametrize("query", [{"q": "light"}, {"o": "-1"}])
def test_columns_of_a_page_are_read_for_its_rows_only(staff, query):
    for n in range(3):
        make_product(slug=f"light-{n}", title=f"Light {n}")

    with CaptureQueriesContext(connection) as ran:
        shown = staff.get(PRODUCTS, query).context["cl"].result_list

    rows = next(one["sql"] for one in ran if '"catalog_product"."description_html"' in one["sql"])
    condition = rows.partition(" WHERE ")[2]
    assert len(shown) == 2
    assert condition.startswith('"catalog_product"."id" IN (SELECT ')


def test_action_on_all_rows_reaches_rows_that_were_not_counted(staff):
    products = [make_product(slug=f"light-{n}") for n in range(9)]
    chosen = {"action": "edit_selection", "select_across": "1", "_selected_action": products[0].pk}

    shown = staff.get(PRODUCTS).content.decode()
    page = staff.post(PRODUCTS, chosen)["Location"]

    assert "Select all 6+ products" in shown
    assert staff.get(page).context["count"] == 9


@pytest.mark.parametrize(("rows", "statements"), [(2, 1), (3, 2)])
def test_rows_below_a_row_are_counted_only_if_there_are_more_pages(brands, rows, statements):
    formset = ReadOnlyFormSet.__new__(ReadOnlyFormSet)
    formset.queryset, formset.per_page = Brand.objects.order_by("key")[:rows], 2

    with CaptureQueriesContext(connection) as ran:
        page = formset.get_page(Paginator(formset.queryset, 2), 1)
        shown = [brand.key for brand in page.object_list]

    assert (shown, page.paginator.count, len(ran)) == (["b00", "b01"], rows, statements)


def test_the_browser_tab_of_a_list_names_its_rows(staff):
    page = " ".join(staff.get(LIST).content.decode().split())

    assert "<title> Brands | " in page
