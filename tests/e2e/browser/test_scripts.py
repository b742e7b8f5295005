import re

import pytest
from playwright.sync_api import expect

from orders.models import CartLine, Order
from tests.e2e.browser.conftest import fill_address, violations

pytestmark = pytest.mark.browser


def test_cart_dialog_opens_after_adding_and_returns_the_focus(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/p/trail-400/")
    button = page.get_by_role("button", name="Add to cart")

    button.focus()
    page.keyboard.press("Enter")

    sheet = page.get_by_role("dialog", name="Cart")
    expect(sheet).to_be_visible()
    expect(sheet.get_by_role("heading", name="Added to cart")).to_be_focused()
    expect(page.locator("[data-cart-count]")).to_have_text("1")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(button).to_be_focused()


def test_a_double_click_adds_one_light(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/p/trail-400/")

    page.get_by_role("button", name="Add to cart").dblclick()

    expect(page.get_by_role("dialog", name="Cart")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert CartLine.objects.get().quantity == 1


def test_filter_keeps_the_focus_and_the_browser_history(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/c/headlamps/")
    expect(page.get_by_role("status")).to_have_text("3 lights")
    tick = page.get_by_role("checkbox", name=re.compile("1,000 to 3,000 lm"))

    tick.focus()
    page.keyboard.press("Space")

    expect(page.get_by_role("status")).to_have_text("1 light")
    expect(page).to_have_url(re.compile(r"\?lm=1000-3000$"))
    expect(tick).to_be_focused()
    expect(page.get_by_role("button", name="Show 1 light")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("3 lights")


def test_filter_panel_of_a_phone_stays_open_until_the_list_is_shown(shop, browse):
    page = browse(360)
    page.goto(f"{shop}/en/c/headlamps/")

    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("checkbox", name=re.compile("1,000 to 3,000 lm")).check()

    expect(page.get_by_role("button", name="Show 1 light")).to_be_visible()
    page.get_by_role("button", name="Show 1 light").click()
    expect(page.get_by_role("link", name="Ridge 1800")).to_be_in_viewport()
    expect(page.locator(".filters")).not_to_have_attribute("open", "")


def test_suggestions_are_chosen_by_keyboard(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/")
    field = page.get_by_role("combobox", name="Search the shop")

    field.press_sequentially("trail")

    first = page.get_by_role("option").first
    expect(first).to_be_visible()
    field.press("ArrowDown")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    assert violations(page) == []
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.press_sequentially(" 4")
    page.get_by_role("option", name=re.compile("Trail 400")).wait_for()
    field.press("ArrowUp")
    field.press("Enter")
    expect(page).to_have_url(re.compile("/en/p/trail-400/$"))


def test_lights_to_compare_are_kept_on_other_pages(shop, browse):
    page = browse()
    requests = []
    page.goto(f"{shop}/en/c/headlamps/")
    page.on("request", lambda request: requests.append((request.resource_type, request.url)))
    page.get_by_role("checkbox", name="Compare Trail 400").check()
    # The browser may load the page's icon at any time.
    assert [url for kind, url in requests if kind in {"document", "fetch", "xhr"}] == []

    page.goto(f"{shop}/en/p/ridge-1800/")
    page.get_by_role("checkbox", name="Compare Ridge 1800").check()
    expect(page.get_by_role("button", name="Remove Trail 400")).to_be_visible()
    page.locator("#compare").get_by_role("button", name="Compare").click()

    expect(page).to_have_url(re.compile("light=trail-400&light=ridge-1800"))
    page.go_back()
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#compare")).to_be_hidden()


def test_a_picture_is_enlarged_without_leaving_the_page(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/p/trail-400/")

    page.locator("[data-zoom]").first.click()

    expect(page.get_by_role("dialog", name="Enlarge")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{shop}/en/p/trail-400/")


def test_a_variant_changes_price_stock_and_address(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/p/trail-400/")

    page.get_by_text("Red", exact=True).click()

    expect(page.get_by_text("Out of stock.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?v=HL-RED$"))
    expect(page.get_by_role("button", name="Add to cart")).to_have_count(0)
    page.get_by_role("link", name="Black").click()
    expect(page.get_by_role("button", name="Add to cart")).to_be_visible()


def test_quantity_buttons_update_the_cart(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/p/trail-400/")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("dialog", name="Cart").get_by_role("link", name="View cart").click()

    page.get_by_role("button", name="Increase quantity of Trail 400").click()

    expect(page.locator(".line-amount")).to_have_text("€79.98")
    expect(page.locator("[data-cart-count]")).to_have_text("2")
    assert CartLine.objects.get().quantity == 2


def test_failed_filter_request_shows_an_error_and_keeps_the_page(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/c/headlamps/")
    page.route(re.compile(r"\?lm="), lambda route: route.fulfill(status=503, body="away"))

    page.get_by_role("checkbox", name=re.compile("1,000 to 3,000 lm")).check()

    expect(page.get_by_role("alert")).to_have_text(
        "That did not work. The page has not changed. Try again."
    )
    expect(page.get_by_role("link", name="Trail 400")).to_be_visible()
    page.unroute_all()
    page.get_by_role("checkbox", name=re.compile("^300 to 1,000 lm")).check()
    expect(page.locator("#trouble")).to_be_hidden()


def test_dark_mode_starts_at_once_and_is_kept(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/")

    page.get_by_role("button", name="Dark mode").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(f"{shop}/en/c/headlamps/")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark mode")).to_have_attribute("aria-pressed", "true")


def test_theme_filter_and_cart_work_without_scripts(shop, browse):
    page = browse(360, scripts=False)
    page.goto(f"{shop}/az/")
    page.locator("button[value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(f"{shop}/en/c/headlamps/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("checkbox", name=re.compile("1,000 to 3,000 lm")).check()
    page.get_by_role("button", name=re.compile("^Show")).click()
    expect(page.get_by_role("status")).to_have_text("1 light")
    expect(page.get_by_role("button", name="Sort")).to_be_visible()
    page.get_by_role("link", name="Ridge 1800").click()
    expect(page.get_by_role("button", name="Increase quantity")).to_be_hidden()
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("link", name="Check out")).to_be_visible()


def test_sort_button_is_shown_only_if_the_list_is_not_sorted_by_script(shop, browse):
    page = browse(360)
    page.goto(f"{shop}/en/c/headlamps/")
    expect(page.get_by_label("Sort by")).to_be_visible()
    expect(page.get_by_role("button", name="Sort")).to_be_hidden()
    page.route("**/htmx-4*", lambda route: route.abort())

    page.reload()

    expect(page.get_by_role("button", name="Sort")).to_be_visible()


def test_double_click_orders_once(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/p/trail-400/")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("dialog", name="Cart").wait_for()
    page.goto(f"{shop}/en/checkout/")
    fill_address(page)
    page.get_by_role("button", name="Continue to delivery").click()
    page.get_by_role("button", name="Continue to review").click()
    button = page.get_by_role("button", name=re.compile("Order and pay"))

    with page.expect_request("https://pay.example/**"):
        button.dblclick(no_wait_after=True)
    page.wait_for_timeout(500)  # for the answer to a second click

    assert Order.objects.count() == 1


def test_keyboard_skips_to_the_content_and_opens_a_product(shop, browse):
    page = browse()
    page.goto(f"{shop}/en/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate("document.activeElement.textContent.trim()")
        if focus.startswith("See this light"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/**")
