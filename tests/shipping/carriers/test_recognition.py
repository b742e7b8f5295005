"""The labelled numbers were made by the rules of their source in the data, by a program of its own.

``carrier`` is whose number it is, empty if no carrier has such numbers; ``kind`` is "valid" if the answer can be
certain, "ambiguous" if other carriers have such numbers too, otherwise what is wrong with it.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from shipping.carriers.numbers import InvalidTrackingNumberError
from shipping.carriers.recognition import Finding, recognize
from shipping.carriers.registry import BY_CODE

LABELLED = Path(__file__).with_name("labelled_numbers.tsv")


def labelled_numbers():
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def recognize_row(row):
    return recognize(row["number"], country=row["country"], wording=row["wording"])


def judge(row):
    """Return "right", "undecided" or "wrong". A carrier's group is right too."""
    recognized = recognize_row(row)
    carrier = BY_CODE.get(row["carrier"])
    if recognized.carrier is None:
        return "undecided" if carrier else "right"
    is_right = carrier and recognized.carrier.code in {carrier.code, carrier.group}
    return "right" if is_right else "wrong"


def test_no_certain_answer_is_wrong(capsys):
    rows = labelled_numbers()
    judged = Counter(judge(row) for row in rows)
    with capsys.disabled():
        print(f"\n{len(rows)} labelled numbers: {dict(judged)}")  # noqa: T201

    assert [row for row in rows if judge(row) == "wrong"] == []
    assert [row for row in rows if row["kind"] == "valid" and judge(row) != "right"] == []
    assert len(rows) >= 300
    assert judged["right"] / len(rows) > 0.85


def test_undecided_answers_name_the_carrier_among_their_candidates():
    for row in labelled_numbers():
        if row["carrier"] and judge(row) == "undecided":
            possible = {each.code for each in recognize_row(row).candidates}
            carrier = BY_CODE[row["carrier"]]
            assert possible & {carrier.code, carrier.group}, row


def test_a_contradiction_is_a_finding():
    for row in labelled_numbers():
        finding = recognize_row(row).finding
        if row["finding"]:
            assert finding == row["finding"], row
        elif row["carrier"]:
            assert finding in {Finding.NONE, Finding.UNDECIDED}, row


@pytest.mark.parametrize(
    ("number", "country", "wording", "name", "finding"),
    [
        ("YT2632800123456789", "AZ", "Standard line", "YunExpress", ""),
        ("XY12345", "AZ", "Camel  Express", "Camel Express", "undecided"),
        ("123456789013", "DE", "", "Carrier", "undecided"),
        ("LK123456785CN", "DE", "Yanwen", "Yanwen", "undecided"),
        ("LK123456785CN", "US", "USPS", "USPS", ""),
        ("1Z999AA10123456784", "DE", "DPD", "DPD", "other_carrier"),
        ("1Z999AA10123456785", "DE", "UPS", "UPS", "check_digit"),
        ("GLS123", "DE", "GLS", "GLS", ""),
        ("1Z999AA10123456784", "AZ", "DHL / UPS", "UPS", ""),
        ("02180171003654", "DE", "Hermes", "Hermes", ""),
        ("1234567890123456", "GB", "Hermes", "Evri", ""),
    ],
)
def test_the_name_is_the_carriers_or_what_the_supplier_wrote(
    number, country, wording, name, finding
):
    recognized = recognize(number, country=country, wording=wording)

    assert (recognized.name, recognized.finding) == (name, finding)


def test_an_unreadable_number_is_refused():
    with pytest.raises(InvalidTrackingNumberError):
        recognize("12/34")
