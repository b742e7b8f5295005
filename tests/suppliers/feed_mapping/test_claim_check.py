import json
import math
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from catalog.custom_attributes import registry
from catalog.custom_attributes.registry import Definition
from suppliers.feed_mapping.claim_check import check_file

ROWS = [
    ["Product", "EAN", "Output (lm)", "Intensity (cd)", "Beam distance [m]", "Weight, g",
     "Battery", "Notes"],
    ["EDC flashlight", "5901234123457", "1000", "10000", "200", "110", "18650 3500mAh", ""],
    ["Torch XHP360", "", "1000", "10000", "1500", "110", "18650 3500mAh", "a lie"],
    ["AAA headlamp", "5901234123450", "10000", "", "", "90", "3*AAA", "two errors"],
    ["Flashlight", "", "400-1000", "", "", "75", "", "a range"],
    ["Searchlight", "", "4500", "", "", "160", "18650 3500mAh", "unlikely"],
    ["20000LM AAA torch", "", "", "", "", "", "AAA", ""],
    ["Strap", "", "", "", "", "", "", ""],
]  # fmt: skip
COUNTS = {
    "total": 7, "error": 3, "unreadable": 1, "warning": 1, "plausible": 1, "unchecked": 1,
}  # fmt: skip


@pytest.fixture(params=["csv", "xlsx"])
def path(request, tmp_path):
    path = tmp_path / f"lights.{request.param}"
    if request.param == "csv":
        path.write_text("\n".join(";".join(row) for row in ROWS), encoding="utf-8")
    else:
        book = Workbook()
        for row in ROWS:
            book.active.append([int(cell) if cell.isdigit() else cell for cell in row])
        book.save(path)
    return path


def check(path, capsys, *options):
    with pytest.raises(SystemExit) as end:
        call_command("check_claims", str(path), *options)
    assert end.value.code == 1
    return capsys.readouterr().out


def test_each_row_is_counted_and_each_finding_names_its_cell(path, capsys):
    checked = json.loads(check(path, capsys, "--json"))

    assert checked["rows"] == COUNTS
    assert checked["unread_columns"] == ["Notes"]
    assert [
        (found["row"], found["column"], found["read"], found["result"])
        for found in checked["findings"]
    ] == [
        (2, "Intensity (cd), Beam distance [m]", "10000; 1500", "error"),
        (2, "Product", "Torch XHP360", "error"),
        (3, "Output (lm)", "10000", "error"),
        (3, "EAN", "5901234123450", "error"),
        (4, "Output (lm)", "400-1000", "unreadable"),
        (5, "Output (lm)", "4500", "warning"),
        (6, "Product", "20000LM AAA torch", "error"),
    ]


def test_a_finding_is_printed_with_its_arithmetic(path, capsys):
    lines = check(path, capsys).splitlines()

    assert lines[:2] == [
        "row 2, Intensity (cd), Beam distance [m]: 10000; 1500",
        "    error: 2 × √(10,000 cd) = 200 m; stated 1,500 m",
    ]
    assert lines[-2:] == [
        "Columns without a check: Notes",
        "7 rows: 3 error, 1 unreadable, 1 warning, 1 plausible, 1 unchecked",
    ]


def test_an_unreadable_weight_is_reported_once_with_its_column(tmp_path):
    path = tmp_path / "lights.csv"
    path.write_text("Title,Weight (g),Output (lm)\nLamp A,heavy,400\nLamp B,80,x\n")

    found = check_file(path).findings

    assert [(one.row, one.column, one.read) for one in found] == [
        (1, "Weight (g)", "heavy"),
        (2, "Output (lm)", "x"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be opened"),
        (b"", "The file is empty"),
        (b"PK\x03\x04 no archive", "The end of the ZIP or XLSX file is missing"),
        (b"Name,Color\nLamp,red\n", "No column with a specification is recognized"),
    ],
)
def test_an_unreadable_file_ends_with_2(content, message, tmp_path):
    path = tmp_path / "lights.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError, match=message) as error:
        call_command("check_claims", str(path))

    assert error.value.returncode == 2


def test_custom_attributes_are_checked_by_their_definitions(tmp_path, capsys, monkeypatch):
    known = (
        Definition(code="depth", kind="number", names=(("en", "Dive depth"),), unit="m",
                   maximum=Decimal(200)),
        Definition(code="switch", kind="choice", names=(("en", "Switch"),),
                   choices=(("tail", (("en", "Tail"),)),)),
        Definition(code="bays", kind="number", names=(("en", "Bays"),),
                   families=frozenset({"charger"})),
    )  # fmt: skip
    monkeypatch.setattr(registry, "_cached", (math.inf, known))
    path = tmp_path / "lights.csv"
    path.write_text(
        "Product;Dive depth (m);Switch;Bays\n"
        "EDC flashlight;999;tail;\nTorch;20;crown;many\nTorch 2;150 m;Tail;\n"
    )

    checked = json.loads(check(path, capsys, "--json"))

    assert [
        (found["row"], found["column"], found["read"], found["result"], found["code"])
        for found in checked["findings"]
    ] == [
        (1, "Dive depth (m)", "999", "error", "out-of-range"),
        (2, "Switch", "crown", "unreadable", "value-unreadable"),
    ]
    assert checked["rows"]["plausible"] == 1
