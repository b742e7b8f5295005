"""Return requests with photos, in a browser: without sign-in, with and without scripts."""

import pytest

from orders.models import ReturnAuthorization
from orders.returns import authorizations
from tests.e2e.browser.conftest import overflow, violations, visit
from tests.factories.compliance import make_picture
from tests.factories.orders import make_sellable
from tests.factories.returns import make_delivered, make_policy
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.browser


@pytest.fixture
def shots(tmp_path):
    good, bad = tmp_path / "good.jpg", tmp_path / "bad.png"
    good.write_bytes(make_picture("JPEG", (1200, 800)))
    bad.write_bytes(b"no picture")
    return str(good), str(bad)


@pytest.mark.parametrize(
    "window",
    [
        (360, "dark", True),
        pytest.param((1280, "light", True), marks=pytest.mark.full),
        pytest.param((360, "light", False), marks=pytest.mark.full),
    ],
)
def test_complaint_with_pictures_is_accessible(shop, browse, shots, window):
    good, bad = shots
    width, theme, scripts = window
    make_policy()
    order = make_delivered(make_sellable(), quantity=2)
    here = f"{shop}/en/orders/{order.number}/{order.access_key}/"
    page = browse(width, theme, scripts=scripts)
    found = []

    def look():
        assert overflow(page) <= 0
        if scripts:
            found.extend(violations(page))

    visit(page, f"{here}return/")
    look()
    page.locator("input[type=number]").fill("1")
    page.get_by_label("Faulty").check()
    page.locator("textarea").fill("It flickers.")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Pictures").set_input_files([good, bad])
    page.get_by_role("button", name="Confirm complaint").click()
    page.locator("[aria-invalid=true]").wait_for()
    assert page.get_by_text("You wrote: It flickers.").count() == 1
    look()
    page.get_by_label("Pictures").set_input_files([good, good])
    page.get_by_role("button", name="Confirm complaint").click()
    page.get_by_text("2 pictures attached").wait_for()
    made = ReturnAuthorization.objects.get()
    authorizations.request_evidence(authorization=made, question="Another?", actor="ann", now=NOON)
    visit(page, here)
    look()
    page.get_by_label("Your answer").fill("Here it is.")
    page.get_by_label("Pictures").set_input_files([bad])
    page.get_by_role("button", name="Send answer").click()
    page.locator("[aria-invalid=true]").wait_for()
    assert page.get_by_label("Your answer").input_value() == "Here it is."
    look()
    assert found == []
