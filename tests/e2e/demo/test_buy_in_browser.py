"""Buy a headlamp in a real browser: by mouse, and by keyboard only, on a phone and a desktop."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

MOST_TABS = 160


def windows(daily_px: int, other_px: int):
    """Try one width daily, and the other in `make test-full`."""
    other = pytest.param(other_px, marks=pytest.mark.full)
    return pytest.mark.parametrize("width_px", [daily_px, other])


@pytest.fixture
def page(chromium, width_px):
    context = chromium.new_context(viewport={"width": width_px, "height": 760})
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    def note(message):
        is_of_gateway = "/pay/cs_" in message.location["url"]  # 422 after a declined card
        if message.type == "error" and not is_of_gateway:
            problems.append(message.text)

    page.on("console", note)
    page.set_default_timeout(15_000)
    yield page
    context.close()
    assert problems == []


ADDRESS = {
    "email": "erika@example.org",
    "name": "Erika Muster",
    "line1": "Musterweg 1",
    "postcode": "10115",
    "city": "Berlin",
}


def available_headlamp(page: Page, shop: str) -> str:
    """Return the address of a headlamp in stock, from its category."""
    page.goto(f"{shop}en/c/headlamps/")
    links = page.locator("main a[href*='/p/']").evaluate_all("all => all.map(a => a.href)")
    for link in dict.fromkeys(links):
        page.goto(link)
        if page.locator(
            "form:has([name=quantity]) button:not([type], [form], [formmethod]):enabled"
        ).count():
            return link
    pytest.fail("no headlamp can be bought")
    return ""


def order_by_mouse(page: Page, shop: str) -> None:
    """Order a headlamp, up to the gateway's page."""
    available_headlamp(page, shop)
    page.locator(
        "form:has([name=quantity]) button:not([type], [form], [formmethod]):enabled"
    ).first.click()
    page.get_by_role("dialog", name="Cart").get_by_role("link", name="View cart").click()
    page.locator("main a[href$='/checkout/']").first.click()
    for name, value in ADDRESS.items():
        page.locator(f"main [name={name}]").fill(value)
    page.locator("main form:has([name=line1]) button:not([type])").last.click()
    page.locator("main [name=tier]").first.check(force=True)
    page.locator("main form:has([name=tier]) button:not([type])").last.click()
    page.locator("main form:has([name=agreed]) button:not([type])").last.click()
    page.locator("button[value=pay]").wait_for()


@windows(1280, 360)
def test_customer_pays_after_a_declined_card_and_a_canceled_payment(demo, page):
    order_by_mouse(page, demo.shop)

    page.locator("[name=card][value$='0002']").check(force=True)
    page.locator("button[value=pay]").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.locator("button[value=cancel]").click()
    expect(page).to_have_url(re.compile(r"/en/orders/FL-\d{6}-\w{5}/"))
    page.get_by_role("button", name="Pay").click()
    page.locator("button[value=pay]").click()

    # The shop asked the gateway when the customer came back unpaid. A webhook reports the payment
    # within 10 s, and the page checks again.
    expect(page.locator("h1")).to_contain_text("Thank you", timeout=25_000)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the selected element has visible focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("s => !!document.activeElement?.matches(s)", selector):
            outline = page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement);"
                " return s.outlineStyle !== 'none' || s.boxShadow !== 'none'; }"
            )
            # A radio button may show its focus on the label that is drawn for it.
            assert outline or page.evaluate("() => document.activeElement.type === 'radio'")
            return
    pytest.fail(f"the keyboard does not reach {selector}")


def go(page: Page, key: str = "Enter") -> None:
    """Press a key that opens another page, and wait for it."""
    with page.expect_navigation():
        page.keyboard.press(key)


@windows(360, 1280)
def test_customer_buys_a_headlamp_by_keyboard_only(demo, page):
    page.goto(available_headlamp(page, demo.shop))

    tab_to(page, "form:has([name=quantity]) button:not([type])")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.cookie.includes('fara_cart_count=1')")
    page.goto(f"{demo.shop}en/cart/")
    tab_to(page, "main a[href$='/checkout/']")
    go(page)
    for name, value in ADDRESS.items():
        tab_to(page, f"[name={name}]")
        page.keyboard.type(value)
    go(page)
    tab_to(page, "[name=tier]")
    page.keyboard.press("Space")
    tab_to(page, "form:has([name=tier]) button:not([type])")
    go(page)
    tab_to(page, "form:has([name=agreed]) button:not([type])")
    go(page)
    tab_to(page, "button[value=pay]")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/en/orders/FL-\d{6}-\w{5}/"))
