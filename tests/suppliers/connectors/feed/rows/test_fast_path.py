"""Fast path: it gives the same result as the converter, row by row."""

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.records import ImportIssue
from storefront.lib.db.copy_format import encode_row
from suppliers.connectors.bulk import CopyLines
from suppliers.connectors.feed import bulk_reader
from suppliers.connectors.feed.formats.data_file import open_file
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.connectors.feed.reader import FeedFileReader
from suppliers.offers import price_list

NAMES = {
    "sku": "SKU", "parent": "Group", "cost": "Price", "currency": "Money", "stock": "Units",
    "location": "Place", "country": "Land", "title": "Name", "gtin": "EAN", "brand": "Brand",
    "status": "State", "minimum": "MOQ", "pack": "Pack", "lead_days": "Days", "map": "MAP",
    "msrp": "RRP",
}  # fmt: skip
PLAIN = {
    "SKU": "A-1", "Group": "", "Price": "12.30", "Money": "EUR", "Units": "7", "Place": "DE1",
    "Land": "DE", "Name": "A lamp", "EAN": "4006381333931", "Brand": "Lumen", "State": "active",
    "MOQ": "2", "Pack": "", "Days": "3", "MAP": "", "RRP": "19.90",
}  # fmt: skip
NASTY = (
    "", " ", "0", "00", "0.00", "0.01", "007", "1", "-1", "+5", "12,30", "1.234,50", "1,234.50",
    "1.234", "12.345", "999999.99", "1000000", "1e3", "5.0", "€ 12,30", "12.30 EUR", "$5", ">10",
    "in stock", "sold out", "gone", "discontinued", "eur", "USD", "de", "Deutschland", "\\N", "\\",
    "a\\tb", "tab\there", " A ", "A  B", "Ünï-1", "e\u0301", "LAMP🔦", "ZW\u200bX", "'=cmd", "=1+1",
    "x" * 61, "y" * 201, "z" * 31, "nan", "\u00a05", 'a"b', "it's", "null", "100001", "400",
)  # fmt: skip
cell = st.sampled_from(NASTY) | st.text(max_size=12).filter(lambda said: "\0" not in said)
table = st.lists(
    st.builds(
        lambda changes: {**PLAIN, **changes},
        st.dictionaries(st.sampled_from(sorted(PLAIN)), cell, max_size=4),
    ),
    min_size=1,
    max_size=6,
)
many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def as_csv(rows, *, quotes=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(PLAIN), quoting=quotes, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def as_lines(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def staged_lines(folder, content, mapping, *, is_quick=True):
    """Return the staged lines of offers and of stock, and how many the fast path made."""
    path = folder / "feed"
    path.write_bytes(content)
    file = open_file(path, work=folder / "work", reading=mapping.reading)
    file_reader = FeedFileReader(file, mapping, currency="EUR", work=folder)
    ready = (lambda made: made) if is_quick else (lambda _: None)
    offers, stock, plain = [], [], 0
    patch = pytest.MonkeyPatch()
    with patch.context() as patched:
        for name in ("offers", "stock"):
            made = getattr(bulk_reader.fast_path, name)
            patched.setattr(
                bulk_reader.fast_path, name, lambda *a, made=made, **k: ready(made(*a, **k))
            )
        for item in bulk_reader.offers(
            file_reader, external_id_of=lambda sku, parent: parent or sku
        ):
            if isinstance(item, CopyLines):
                plain += item.count
                offers += _cut(item.text)
            elif isinstance(item, ImportIssue):
                offers.append(item)
            elif isinstance(item.cost, ImportIssue):
                offers.append(item.cost)
            elif item.cost is not None and item.cost.currency == "EUR":
                amount = item.cost.rounded().amount
                if amount > 0:
                    offers.append(
                        _same(
                            encode_row(price_list.staged_row(item, amount=amount, currency="EUR"))
                        )
                    )
        for item in bulk_reader.stock(
            file_reader, external_id_of=lambda sku, parent: parent or sku
        ):
            if isinstance(item, CopyLines):
                plain += item.count
                stock += _cut(item.text)
                continue
            external_id, figures = item
            stock += [
                each
                if isinstance(each, ImportIssue)
                else encode_row((external_id, each.sku, each.location, each.country, each.quantity))
                for each in figures
            ]
    key = repr
    return sorted(offers, key=key), sorted(stock, key=key), plain


def _cut(text):
    return [_same(f"{each}\n") for each in text.split("\n")[:-1]]


def _same(written):
    """Return the line with normalized amounts: 12.3 and 12.30 are equal."""
    cells = written[:-1].split("\t")
    if len(cells) > 5:
        for place in (2, 9, 10):
            cells[place] = f"{float(cells[place]):.2f}" if cells[place] else ""
    return "\t".join(cells) + "\n"


def mapping(**changes):
    fields = {name: {"column": column} for name, column in NAMES.items()}
    return Mapping.read({"fields": fields, **changes})


VARIANTS = {
    "as it is": mapping(),
    "comma": mapping(reading={"decimal": ","}),
    "blank none": mapping(blank="none", country="PL"),
    "warehouses": mapping(
        warehouses=[
            {"source": {"column": "Units"}, "location": "DE1", "country": "DE"},
            {"source": {"column": "MOQ"}, "location": "PL1", "country": "pl"},
        ]
    ),
}


@pytest.mark.parametrize(
    ("write", "name"),
    [
        *((as_csv, name) for name in VARIANTS),
        (as_lines, "as it is"),
        *(pytest.param(as_lines, name, marks=pytest.mark.full) for name in [*VARIANTS][1:]),
    ],
)
@given(rows=table)
@example(rows=[PLAIN])
@example(rows=[{**PLAIN, "Group": "^"}])
@many
def test_fast_path_equals_the_converter(tmp_path_factory, write, name, rows):
    folder = tmp_path_factory.mktemp("feed")
    content = write(rows)

    offers, stock, _ = staged_lines(folder, content, VARIANTS[name])

    converted = staged_lines(folder, content, VARIANTS[name], is_quick=False)
    assert (offers, stock) == converted[:2]


def test_plain_rows_take_the_fast_path(tmp_path):
    rows = [{**PLAIN, "SKU": f"A-{number}"} for number in range(20)]
    quoted = as_csv(rows, quotes=csv.QUOTE_ALL)

    for content in (as_csv(rows), quoted, as_lines(rows)):
        assert staged_lines(tmp_path, content, mapping())[2] == 2 * len(rows)


NASTY_LINES = (
    'SKU,Price,Units\r\nA,1.00,1\r\n"B ""x""",2.00,2\r\n"C,\r\nD",3.00,3\r\nE,4.00,4\r\n',
    'SKU,Price,Units\nA,1.00,1\n"B,2.00,2\nC,3.00,3\nD,4.00,4\n',
    "SKU,Price,Units\rA,1.00,1\rB,2.00,2\r",
    'SKU,Price,Units\nA,1.00,1\nB,2.00\nC,3.00,3,,\nD,4.00,4,x\n\n  \nE"x,5.00,5\n"F"x,6,6\n',
    "SKU,Price,Units\nA,1.00,1\nN\0L,2.00,2\nB," + "9" * 140_000 + ",3\nC,1,1\n",
)  # fmt: skip


@pytest.mark.parametrize("text", NASTY_LINES)
def test_fast_splitting_equals_records(tmp_path, text):
    """Compare the fast splitting of ordinary lines with ``Records``."""
    from suppliers.connectors.feed.formats import delimited  # noqa: PLC0415 - under test

    path = tmp_path / "feed.csv"
    path.write_bytes(text.encode())
    with path.open(encoding="utf-8", newline="") as file:
        records = delimited.Records(file, delimiter=",")
        cut = [
            (records.begins, delimited._cells(record, ",")) for record in records if record.strip()
        ]

    found = [
        (number, row)
        for number, row, _ in delimited._split_records(path, encoding="utf-8", delimiter=",")
    ]

    assert found == cut
