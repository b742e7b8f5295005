"""Staff decide about doubtful matches by keyboard in a real browser, and undo one."""

import time

import pytest

from catalog.models import Identifier, Variant
from suppliers.models import MatchDecision, SupplierOffer
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import office, sign_in  # noqa: F401 - a fixture
from tests.factories.catalog import make_variant
from tests.factories.suppliers import make_offer, make_supplier

pytestmark = pytest.mark.browser

QUESTIONS = 4
PAIRS_PER_HOUR = 200


@pytest.fixture
def questions(office):  # noqa: F811
    """Offers that may be a variant, and an identifier that two variants claim."""
    variant, other = make_variant(), make_variant()
    for place, state in enumerate(("asserted", "conflict")):
        Identifier.objects.create(
            variant=(variant, other)[place], scheme="mpn", value="fara:h1", raw="H1", state=state
        )
    for number in range(QUESTIONS - 1):
        offer = make_offer(variant, supplier=make_supplier(code=f"maybe{number}"))
        SupplierOffer.objects.filter(pk=offer.pk).update(
            variant=None, disputed_variant=variant, status="on_hold", title=f"Fara H1 Pro {number}"
        )
    return variant


def test_matches_are_decided_by_keyboard(office, browse, questions):  # noqa: F811
    page = browse()
    sign_in(page, office)
    page.get_by_role("link", name="Match review").click()
    page.get_by_text(f"{QUESTIONS} questions").wait_for()
    look(page)

    started = time.monotonic()
    page.keyboard.press("s")
    page.get_by_text(f"{QUESTIONS - 1} questions").wait_for()
    page.keyboard.press("s")
    page.get_by_text(f"{QUESTIONS - 2} questions").wait_for()
    page.keyboard.press("k")
    page.get_by_text("Both variants claim").wait_for()
    look(page)
    page.keyboard.press("1")
    page.get_by_text("All other questions were skipped.").wait_for()
    assert QUESTIONS / (time.monotonic() - started) * 3600 > PAIRS_PER_HOUR

    answers = MatchDecision.objects.order_by("pk").values_list("answer", flat=True)
    assert list(answers) == ["same", "same", "different"]
    page.get_by_role("link", name="Start again").click()
    undo = page.get_by_role("button", name=f"Undo the decision about {questions.sku}")
    undo.nth(1).click()
    page.get_by_text("Undone. The question is asked again.").wait_for()
    page.get_by_text("2 questions").wait_for()
    assert Variant.objects.get(pk=questions.pk).offers.count() == 1
