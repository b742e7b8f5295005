"""Browser fixtures: serve the shop from this process and open its pages in Chromium."""

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from catalog.models import Listing
from tests.factories.catalog import make_variant
from tests.factories.full_shop import make_world
from tests.factories.orders import make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.storefront.web.conftest import WHO, make_light, shelve
from tests.support import database

# Daily: a desktop window. In `make test-full`: a phone, too.
PHONE_OR_DESKTOP = [pytest.param(360, "dark", marks=pytest.mark.full), (1280, "light")]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="session")
def live_server(tmp_path_factory):
    """Return pytest-django's server, with an existing static folder."""
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static")):
        server = LiveServer("127.0.0.1")
    yield server
    server.stop()


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=True):
        yield


def build_shop():
    lamp = make_light()
    red = make_variant(lamp.variant.product, sku="HL-RED", option_values=("Red",), position=1)
    make_sellable(quantity=0, price="41.99", variant=red, ships_from={})
    shelve(lamp.variant.product)
    make_light(title="Ridge 1800", slug="ridge-1800", output_lm=1800, intensity_cd=22_500,
               beam_m=300, warnings=[{"code": "energy-unlikely", "message": ""}])  # fmt: skip
    make_light(title="Hearth", slug="hearth", output_lm=450, intensity_cd=40, beam_m=13,
               weight_g=None, ip_rating="")  # fmt: skip
    make_service()
    make_service(code="fast", tier="express", base_amount="9.90", min_days=1, max_days=2)


@pytest.fixture
def shop(chromium, noon, transactional_db, live_server, settings):
    """Create a shop with three lights, one of them also in a sold-out color; return its URL."""
    settings.PUBLIC_URL = live_server.url
    payment_page = ["'self'", "https://pay.example"]
    settings.SECURE_CSP = {**settings.SECURE_CSP, "form-action": payment_page}
    database.fill_once("shop of three lights", build_shop)
    assert Listing.objects.count() == 4
    return live_server.url


@pytest.fixture
def world(chromium, noon, transactional_db, live_server, monkeypatch):
    """Create a shop with records of all kinds, which later tests reuse; return its URL."""
    database.fill_once("world at noon", lambda: make_world(monkeypatch))
    connect(monkeypatch, ScriptedSupplier())
    return live_server.url


@pytest.fixture
def browse(chromium):
    """Open a page in a width and theme, with or without scripts; browser errors fail the test."""
    contexts, faults = [], []

    def opened(width=1280, theme="light", *, scripts=True):
        context = chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)  # other tests run at the same time
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: (
                faults.append(said.text)
                if said.type == "error" and "Failed to load resource" not in said.text
                else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def violations(page, levels=LEVELS, rules=None):
    """Return what axe reports against WCAG A and AA, against other levels, or by some rules only."""
    page.wait_for_load_state("load")  # just after a click, the stylesheet may still be loading
    chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": levels}
    options = {"runOnly": chosen, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    return [
        f"{page.url}: {each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def visit(page, address, *, status=200):
    """Open an address; fail if the page has another status."""
    answer = page.goto(address)
    assert answer.status == status, address


def overflow(page):
    """Return by how many pixels a page is wider than its window."""
    page.locator("body").wait_for()  # just after a click, the next document is still empty
    page.wait_for_load_state("load")  # then its stylesheet may still be missing
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def look(page, levels=LEVELS):
    """Fail if axe reports a violation, or if a page is wider than its window."""
    assert violations(page, levels) == []
    assert overflow(page) <= 0, page.url


def fill_address(page):
    for name, value in WHO.items():
        if name != "country":
            page.fill(f"#id_{name}", value)
