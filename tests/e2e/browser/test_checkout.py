"""Checkout with a discount code in both languages, by keyboard only and without scripts."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from catalog.models import Listing
from orders.models import Order
from tests.e2e.browser.conftest import overflow, violations
from tests.factories.promotions import make_promotion
from tests.storefront.web.conftest import WHO

pytestmark = pytest.mark.browser
MOST_TABS = 120
FIELDS = ("email", "name", "line1", "postcode", "city")
WRONG = {
    "email": "erika@",
    "name": "E" * 51,
    "line1": "M" * 201,
    "line2": "M" * 201,
    "postcode": "1" * 21,
    "city": "B" * 51,
    "phone": "none",
}
BUTTON = "main form.address > button"


class Walk:
    """A checkout with the keyboard only, which checks each page."""

    def __init__(self, page, home, *, scripts):
        self.page, self.home, self.scripts = page, home, scripts
        self.found, self.wide = [], []

    def look(self):
        """Check the page with axe, if scripts run, and measure it."""
        self.page.wait_for_load_state("load")
        if self.scripts:
            self.found += violations(self.page)
            if overflow(self.page) > 0:
                self.wide.append(self.page.url)

    def go_to(self, selector):
        """Tab to a control, as a keyboard user does."""
        expect(self.page.locator(selector).first).to_be_visible()
        wanted = self.page.locator(selector).first
        for _ in range(MOST_TABS):
            if self.page.locator(f":focus:is({selector})").count():
                expect(wanted).to_be_in_viewport()
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"no tab leads to {selector} on {self.page.url}")

    def press(self, selector, key="Enter"):
        self.go_to(selector)
        self.page.keyboard.press(key)

    def write(self, selector, words):
        self.go_to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(words)

    def send(self):
        self.press(BUTTON)
        self.page.wait_for_load_state("load")


def walk_of(browse, shop, language, width, *, scripts=True):
    page = browse(width, "dark" if width == 360 else "light", scripts=scripts)
    Listing.objects.update(floor_amount=Decimal("20.00"))
    make_promotion(code="TORCH10")
    return Walk(page, f"{shop}/{language}", scripts=scripts)


def fill_cart(walk):
    """Add a light to the cart, then an unknown discount code, then a valid one."""
    page = walk.page
    page.goto(f"{walk.home}/p/trail-400/")
    walk.press("form:has([name=quantity]) button:not([type], [form], [formmethod])")
    walk.press("dialog[open] a[href$='/cart/']" if walk.scripts else "a[href$='/cart/']")
    page.wait_for_url("**/cart/")
    for code in ("NOPE", "TORCH10"):
        walk.write("#cart-code", code)
        page.keyboard.press("Enter")
        if code == "NOPE":
            page.locator("#cart-code[aria-invalid=true]").wait_for()
        else:
            page.locator("#codes").get_by_text(code).first.wait_for()
        walk.look()
    expect(page.locator(".totals-off")).to_contain_text("4.00" if "/en/" in page.url else "4,00")
    walk.press("main a[href$='/checkout/']")
    page.wait_for_url("**/checkout/")
    walk.look()


def submit_errors_in_every_field(walk):
    """Leave out all required values, then enter an invalid value in each field."""
    page = walk.page
    walk.send()
    check_errors(walk, FIELDS)
    for name, words in WRONG.items():
        if name == "line2" and not page.locator("#id_line2").is_visible():
            walk.press("summary:has(+ * #id_line2), summary:has(~ * #id_line2)")
        walk.write(f"#id_{name}", words)
    walk.send()
    check_errors(walk, WRONG)
    for name in WRONG:
        walk.write(f"#id_{name}", WHO.get(name, ""))


def check_errors(walk, names):
    """Check that exactly these fields have an error, each in the summary and at the field."""
    page = walk.page
    page.locator("#problem").wait_for()
    assert page.title().startswith(("Error:", "Səhv:"))
    if walk.scripts:
        expect(page.locator("#problem")).to_be_focused()
    wrong = page.locator("main [aria-invalid=true]")
    assert sorted(wrong.evaluate_all("all => all.map((one) => one.name)")) == sorted(names)
    for name in names:
        sentence = page.locator(f"#id_{name}-wrong").inner_text().strip()
        assert sentence.endswith("."), name
        link = page.locator(f"#problem a[href='#id_{name}']")
        assert link.inner_text().strip() == sentence
        assert f"id_{name}-wrong" in page.locator(f"#id_{name}").get_attribute("aria-describedby")
    walk.press(f"#problem a[href='#id_{next(iter(names))}']")
    expect(page.locator(f"#id_{next(iter(names))}")).to_be_focused()
    walk.look()


def leave_out_the_region(walk):
    """Choose a country whose addresses need a region, and leave the region out."""
    page = walk.page
    walk.go_to("#id_country")
    page.locator("#id_country").select_option("US")
    walk.send()
    page.locator("#id_region-wrong").wait_for()
    walk.look()
    assert page.locator("#id_region").get_attribute("aria-invalid") == "true"
    walk.go_to("#id_country")
    page.locator("#id_country").select_option("DE")


def answer_questions_about_the_address(walk):
    """Enter a PO box and an unusual postcode; choose a suggestion, and give a reason."""
    page = walk.page
    walk.write("#id_line1", "Postfach 7")
    walk.write("#id_postcode", "D-10115")
    walk.send()
    page.locator("#id_choice-wrong").wait_for()
    assert page.locator("#problem a[href='#id_choice']").count() == 1
    assert page.locator("[name=choice]:checked").count() == 0
    expect(page.locator("#id_line1-wrong")).to_be_visible()
    walk.look()
    walk.go_to("[name=choice]")
    page.keyboard.press("Space")
    walk.write("#id_reason", "the house is called so")
    walk.send()
    page.wait_for_url("**/delivery/")
    walk.look()


def choose_and_order(walk):
    """Choose a delivery method and order; return the amount on the button."""
    page = walk.page
    walk.go_to("[name=tier]")
    page.keyboard.press("Space")
    walk.press("main form:has([name=tier]) button:not([formaction])")
    page.wait_for_url("**/review/")
    walk.look()
    button = page.locator("main form:has([name=agreed]) button")
    amount = re.search(r"\d+[.,]\d\d", button.inner_text())[0].replace(",", ".")
    walk.go_to("main form:has([name=agreed]) button")
    with page.expect_request(re.compile(r"^https://pay\.example/")):
        page.keyboard.press("Enter")
    return amount


@pytest.mark.parametrize(
    ("scripts", "language", "width"),
    [
        (True, "en", 360),
        (False, "az", 1280),
        *(
            pytest.param(scripts, language, width, marks=pytest.mark.full)
            for scripts, language, width in [
                (True, "en", 1280),
                (True, "az", 360),
                (True, "az", 1280),
                (False, "en", 360),
                (False, "en", 1280),
                (False, "az", 360),
            ]
        ),
    ],
)
def test_checkout_by_keyboard_only(shop, browse, language, width, scripts):
    walk = walk_of(browse, shop, language, width, scripts=scripts)

    fill_cart(walk)
    submit_errors_in_every_field(walk)
    leave_out_the_region(walk)
    answer_questions_about_the_address(walk)
    agreed = choose_and_order(walk)

    order = Order.objects.get()
    assert (walk.found, walk.wide) == ([], [])
    assert str(order.total_amount) == agreed
    assert order.discount_amount > 0
    assert order.locale == language
    assert order.ship_to["postcode"] == "10115"
    assert order.address_verification["verdict"] == "corrected"
    assert order.address_verification["reason"] == "the house is called so"
