"""Staff edit a selection in bulk and import a file of our products, in a real browser."""

import pytest

from catalog.models import Spec
from suppliers.catalog_files import tasks
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import office, sign_in  # noqa: F401 - a fixture
from tests.factories.catalog import make_product, make_spec, make_variant

pytestmark = pytest.mark.browser


@pytest.fixture
def lights(office, monkeypatch):  # noqa: F811
    monkeypatch.setattr(tasks.run_import, "delay", tasks.run_import)
    for number in range(3):
        product = make_product(slug=f"lantern-{number}", title=f"Lantern {number}")
        make_spec(product, output_lm=400)
        make_variant(product, sku=f"LA-{number}")


def test_a_selection_is_edited_and_restored(office, browse, lights):  # noqa: F811
    page = browse()
    sign_in(page, office)
    page.goto(f"{office}/admin/catalog/product/?q=lantern")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("edit_selection")
    page.locator("button[name=index]").first.click()
    page.get_by_text("3 rows are selected.").wait_for()
    look(page)
    page.get_by_label("Output, lm", exact=True).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Value of Output, lm").fill("450")
    look(page)
    page.get_by_role("button", name="Start dry run").click()
    page.get_by_role("button", name="Apply to 3 rows").wait_for()
    look(page)
    page.get_by_role("button", name="Apply to 3 rows").click()
    undo = page.get_by_role("button", name="Undo the changes of 3 rows")
    undo.wait_for()
    assert Spec.objects.filter(output_lm=450).count() == 3
    look(page)
    undo.click()
    page.get_by_text("Restored (3)").wait_for()
    assert not Spec.objects.filter(output_lm=450).exists()


def test_a_file_of_our_products_is_imported(office, browse, lights):  # noqa: F811
    page = browse()
    sign_in(page, office)
    page.goto(f"{office}/admin/supply/imports/new/")
    look(page)
    file = {"name": "list.csv", "mimeType": "text/csv", "buffer": b"%PDF-1.7"}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_text("This is a PDF document").wait_for()
    look(page)
    file["buffer"] = b"SKU,Output\nLA-0,450\nLA-9,450\n"
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_text("An empty cell means").wait_for()
    look(page)
    page.get_by_role("button", name="Start dry run").click()
    page.get_by_text("No variant has the SKU LA-9.").wait_for()
    look(page)
    page.get_by_role("button", name="Apply to 1 row").click()
    page.get_by_role("button", name="Undo the change of 1 row").wait_for()
    assert Spec.objects.filter(output_lm=450).count() == 1
