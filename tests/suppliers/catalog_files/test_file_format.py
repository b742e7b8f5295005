"""Format of staff files: sheet, delimiter and encoding are detected, chosen and remembered."""

import io

import pytest
from openpyxl import Workbook

from storefront.lib.http.errors import PermanentError
from suppliers.catalog_files import imports
from tests.factories.catalog import NOON, make_product, make_variant
from tests.suppliers.catalog_files.test_own_files import outcomes, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def light(tmp_path, settings):
    settings.FEEDS_ROOT = tmp_path / "feeds"
    return make_variant(make_product(), sku="L-1")


def test_a_chosen_format_is_remembered_for_the_same_headings():
    book = io.BytesIO()
    sheets = Workbook()
    sheets.active.append(["Notes"])
    sheets.active.append(["none"])
    second = sheets.create_sheet("Lights")
    second.append(["SKU", "Title"])
    second.append(["L-1", "Day torch"])
    sheets.save(book)
    row = upload(book.getvalue(), "file.xlsx")
    assert imports.sheets_of(row) == ["Sheet", "Lights"]
    assert imports.read_sample(row).detected.headers == ("Notes",)

    imports.choose_format(row, reading={"sheet": "Lights"})
    row.refresh_from_db()
    columns = {"SKU": "sku", "Title": "product.title"}
    imports.request_dry_run(row, columns=columns, blank="ignore", actor="mia", now=NOON)
    imports.continue_import(row.pk, now=NOON)
    row.refresh_from_db()

    assert outcomes(row) == {"L-1": "planned"}
    again = upload(book.getvalue(), "file.xlsx")
    assert (again.reading, again.columns) == ({"sheet": "Lights"}, columns)


def test_a_delimiter_and_an_encoding_can_be_chosen():
    row = upload("SKU;Title\nL-1;Işık, ğ\n".encode("cp1254"))
    assert imports.read_sample(row).columns[1].values == ("Iþýk, ð",)

    imports.choose_format(row, reading={"encoding": "cp1254", "delimiter": ";"})

    row.refresh_from_db()
    assert imports.read_sample(row).columns[1].values == ("Işık, ğ",)
    with pytest.raises(PermanentError):
        imports.choose_format(row, reading={"encoding": "ebcdic"})


def test_a_delimiter_in_a_quoted_heading_does_not_hide_the_delimiter():
    row = upload('SKU,"Output, lm",Images\nL-1,500,https://x.org/a.jpg | https://x.org/b.jpg\n')

    assert imports.read_sample(row).detected.headers == ("SKU", "Output, lm", "Images")


def test_a_first_line_that_is_too_long_refuses_the_file():
    with pytest.raises(PermanentError, match="longer than"):
        upload(",".join(f"column {number}" for number in range(100_000)))


def test_a_cell_that_is_too_long_hides_no_delimiter():
    row = upload(f'SKU,Title,Description\nL-1,Torch,"{"x" * 150_000}"\nL-2,Torch,short\n')

    assert imports.read_sample(row).detected.headers == ("SKU", "Title", "Description")


def test_a_list_in_a_json_file_is_shown_as_text():
    row = upload('[{"SKU": "L-1", "Features": ["zoom", "strobe"]}]')

    assert imports.read_sample(row).columns[1].values == ("['zoom', 'strobe']",)
