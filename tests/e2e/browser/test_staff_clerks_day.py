"""A clerk's day in a real browser: create, import, match, merge, undo, translate, publish, look."""

import time

import pytest
from django.db import transaction

from catalog.models import Identifier, Product, Variant
from suppliers.catalog_files import tasks as import_tasks
from suppliers.inventory import tasks as inventory_tasks
from suppliers.matches import duplicates
from suppliers.models import MatchDecision, SupplierOffer, SupplierProduct
from tests.e2e.browser.conftest import look, visit
from tests.e2e.browser.test_staff import office, sign_in  # noqa: F401 - a fixture
from tests.factories.catalog import NOON, make_product, make_spec, make_variant
from tests.factories.suppliers import make_level, make_offer, make_supplier

pytestmark = pytest.mark.browser

TYPED = {
    "title": "Tindrel Weir 370",
    "brand_name": "Tindrel",
    "option_names": "Color",
    "option_values": "Red",
    "packed_weight_g": "140",
    "cell_wh": "4.44",
    "cell_count": "1",
}
ANSWERS = "sdds"  # the first and the last offer are the clerk's product
OTHER_QUESTIONS = 1  # the part number of the twins
PAIRS_PER_HOUR = 200
TITLE_AZ = "Tindrel Weir 370 baş fənəri"
SUMMARY_AZ = "Qaçış üçün yüngül fənər."


@pytest.fixture(autouse=True)
def at_once(monkeypatch, tmp_path, settings):
    """Run queued tasks at once."""
    settings.FEEDS_ROOT = tmp_path / "feeds"
    for task in (import_tasks.run_import, inventory_tasks.publish_pending):
        monkeypatch.setattr(task, "delay", task)


@pytest.fixture
def twins(office):  # noqa: F811
    """Two products of one brand with the same part number."""
    rows = []
    for number, state in enumerate(("asserted", "conflict")):
        product = make_product(title=f"Fara H10 headlamp {number}")
        make_spec(product)
        variant = make_variant(product)
        make_offer(variant, supplier=make_supplier(code=f"twin{number}"))
        Identifier.objects.create(
            variant=variant, scheme="mpn", value="fara:h10", raw="H10", state=state
        )
        rows.append(variant)
    return rows


def create_product(page, base):
    page.goto(f"{base}/admin/catalog/product/add/")
    look(page)
    for name, value in TYPED.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=category]", label="Headlamps")
    page.select_option("[name=family]", "headlamp")
    page.select_option("[name=lithium]", "inside")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was added successfully").wait_for()
    return Variant.objects.select_related("product").get(product__title=TYPED["title"])


def import_values(page, base, sku):
    page.goto(f"{base}/admin/supply/imports/new/")
    rows = f"SKU,Output,Power sources,Summary\n{sku},370 lm,built_in,A light for runs.\n"
    file = {"name": "values.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_role("button", name="Start dry run").click()
    page.get_by_role("button", name="Apply to 1 row").click()
    page.get_by_role("button", name="Undo the change of 1 row").wait_for()


def ask_about_offers(variant):
    """Store offers that may be this variant, as an import does; the suppliers have stock."""
    for number in range(len(ANSWERS)):
        offer = make_offer(variant, supplier=make_supplier(code=f"maybe{number}"))
        SupplierProduct.objects.create(
            supplier=offer.supplier, external_id=offer.product_external_id, changed_at=NOON
        )
        make_level(offer)
        SupplierOffer.objects.filter(pk=offer.pk).update(
            variant=None, disputed_variant=variant, status="on_hold", title=f"Weir 370 v{number}"
        )


def answer_by_keys(page):
    """Answer the questions about offers by keyboard; return the seconds that this took."""
    page.get_by_role("link", name="Match review").click()
    wait_for_questions(page, len(ANSWERS) + OTHER_QUESTIONS)
    look(page)
    started = time.monotonic()
    for answered, key in enumerate(ANSWERS, start=1):
        page.keyboard.press(key)
        wait_for_questions(page, len(ANSWERS) + OTHER_QUESTIONS - answered)
    return time.monotonic() - started


def wait_for_questions(page, count):
    text = "1 question" if count == 1 else f"{count} questions"
    page.get_by_role("status").get_by_text(text, exact=True).wait_for()


def merge_and_undo(page, twins):
    kept, other = twins
    duplicates.search_duplicates(now=NOON)  # the nightly search
    page.get_by_role("link", name="Duplicates").click()
    page.get_by_role("link", name=f"Compare {kept.sku}").click()
    page.get_by_role("button", name="Keep the first").click()
    page.get_by_text("is merged into").wait_for()
    assert Product.objects.get(pk=other.product_id).status == "archived"
    page.get_by_role("link", name="Match review").click()
    page.get_by_role("button", name=f"Undo the decision about {kept.sku}").click()
    page.get_by_text("Undone. The question is asked again.").wait_for()
    assert Product.objects.get(pk=other.product_id).status == "live"
    assert other.offers.count() == 1


def translate(page, base, product):
    page.goto(f"{base}/admin/supply/texts/{product.pk}/az/")
    look(page)
    page.get_by_label("Title").fill(TITLE_AZ)
    page.get_by_label("Summary, one sentence").fill(SUMMARY_AZ)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("The texts were saved.").wait_for()


def publish(page, base, product):
    page.goto(f"{base}/admin/catalog/product/{product.pk}/change/")
    for name in ("Submit for review", "Approve", "Publish"):
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name=name, exact=True).click()
        page.get_by_text("changed.").wait_for()


def test_a_clerk_brings_a_product_into_the_shop(office, browse, twins):  # noqa: F811
    page = browse()
    sign_in(page, office)
    variant = create_product(page, office)
    product = variant.product
    import_values(page, office, variant.sku)
    with transaction.atomic():
        ask_about_offers(variant)
    seconds = answer_by_keys(page)
    rate = len(ANSWERS) / seconds * 3600
    print(f"{rate:.0f} reviewed pairs an hour")  # noqa: T201 - a figure to report
    assert rate > PAIRS_PER_HOUR
    assert list(MatchDecision.objects.order_by("pk").values_list("answer", flat=True)) == [
        "same",
        "different",
        "different",
        "same",
    ]
    assert variant.offers.count() == 2
    merge_and_undo(page, twins)
    translate(page, office, product)
    publish(page, office, product)

    for language, title, summary in (
        ("en", TYPED["title"], "A light for runs."),
        ("az", TITLE_AZ, SUMMARY_AZ),
    ):
        visit(page, f"{office}/{language}/p/{product.slug}/")
        page.get_by_role("heading", name=title).first.wait_for()
        page.get_by_text(summary).first.wait_for()
        assert page.locator("html").get_attribute("lang") == language
        look(page)
