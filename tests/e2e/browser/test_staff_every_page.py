"""Every staff page of the URL map in a browser: accessible in two widths and two themes."""

import pytest
from playwright.sync_api import Error

from catalog.models import Brand
from storefront.accounts.models import User
from tests.e2e.browser.conftest import overflow, violations
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.factories.suppliers import NOON
from tests.support.every_table import fill_empty_tables
from tests.support.url_map import addresses

# In test_daily_pages_are_accessible one page of each kind is opened daily.
pytestmark = [pytest.mark.browser, pytest.mark.full]

AREAS = (
    *("orders/order", "orders/p", "orders", "catalog/p", "catalog", "suppliers", "shipping"),
    *("notifications", "accounts", "supply", "scorecards", ""),
)
# All tables share these pages, and the order page has its own tests of them.
SHARED = ("/history/", "/delete/", "/<path:object_id>/")
NO_PAGE = ("/admin/logout/", "/admin/jsi18n/", "/admin/search/", "/admin/autocomplete/")
# unfold reads the system's theme only when a page loads.
SET_THEME = "theme => document.documentElement.classList.toggle('dark', theme === 'dark')"
# Fragments that scripts put into a page; previews of mails, whose pictures are on another server.
PARTS = ("/text/", "/earnings/", "/preview/")


@pytest.fixture
def office(world):
    """Create a shop with a row in every table, and a staff account; return its URL."""
    User.objects.create_superuser(**WHO)
    Brand.objects.create(key="other", name="Other")
    fill_empty_tables(NOON)
    return world


def area_of(path):
    """Return the longest name in ``AREAS`` that the path starts with."""
    return max((area for area in AREAS if path.startswith(f"/admin/{area}")), key=len)


def paths(area):
    found = {
        one.path: None
        for one in addresses()
        if one.is_staff_page
        and not one.pattern.endswith(SHARED)
        and not one.path.startswith(NO_PAGE)
        and not one.path.endswith(PARTS)
        and area_of(one.path) == area
    }
    return list(found)


def open_page(page, address):
    """Open an address; return whether it is a page of its own, not a file, a redirect or a refusal."""
    try:
        answer = page.goto(address)
    except Error as stopped:
        if "Download is starting" in str(stopped):
            return False
        raise
    assert answer.status < 500, address
    is_html = answer.headers.get("content-type", "").startswith("text/html")
    return answer.status == 200 and is_html and page.url == address


def show_whole_page(page, width):
    """Make the window as high as the page: otherwise the fixed save bar covers a part of it."""
    page.set_viewport_size({"width": width, "height": 800})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": height + 100})


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area or "others")
def test_every_page_is_accessible(office, browse, area):
    page, found = browse(), []
    sign_in(page, office)

    for path in paths(area):
        if not open_page(page, office + path):
            continue
        for width in (1280, 768):
            show_whole_page(page, width)
            if (over := overflow(page)) > 0:
                found.append(f"{path}: {over} px wider than {width}")
            for theme in ("light", "dark"):
                page.evaluate(SET_THEME, theme)
                found += [f"{width} {theme}: {each}" for each in violations(page)]

    assert found == []
