import pytest

from catalog.attributes import contacts
from catalog.attributes.contacts import Contact

IN_CHINA = Contact(
    name="Lumen Lighting Co., Ltd.",
    address="Building 7, Example Park, Ningbo",
    country="CN",
    email="care@lumen.example",
)
IN_ITALY = Contact(name="Rep S.r.l.", address="Via Uno 1, Milano", country="IT", email="a@rep.eu")


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("Lumen Lighting Co., Ltd., Building 7, Example Park, Ningbo, CN, care@lumen.example",
         IN_CHINA),
        ("Rep S.r.l. | Via Uno 1 | Milano | IT | a@rep.eu", IN_ITALY),
        ("Lumen Lighting Co., Ltd.", None),
        ("Lumen, CN, care@lumen.example", None),
        ("Lumen, Building 7, Ningbo, care@lumen.example", None),
        ("Lumen, Building 7, Ningbo, CN", None),
        ("x" * 121 + ", Building 7, Ningbo, CN, care@lumen.example", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_contact_is_parsed_completely_or_not_at_all(text, contact):
    assert contacts.parse(text) == contact


def test_a_responsible_person_outside_the_eu_is_rejected():
    in_china = "Lumen, Building 7, Ningbo, CN, care@lumen.example"

    assert contacts.find_responsible_person({"EU responsible person": in_china}) is None
    assert contacts.find_manufacturer({"Manufacturer": in_china}).country == "CN"


@pytest.mark.parametrize(
    "label",
    ["EU representative", "EC REP", "Authorised representative", "Responsible person in the EU"],
)
def test_labels_of_the_responsible_person_are_recognized(label):
    claims = {label: "Rep S.r.l., Via Uno 1, Milano, IT, a@rep.eu"}

    assert contacts.find_responsible_person(claims) == IN_ITALY
    assert contacts.is_stated_by(label, claims)
    assert not contacts.is_stated_by("Marks", claims)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CN", "CN"),
        ("cn", "CN"),
        ("China", "CN"),
        ("Made in Germany.", "DE"),
        ("P.R. China", "CN"),
        ("USA", "US"),
        ("Asia", ""),
        ("", ""),
    ],
)
def test_a_country_of_origin_is_a_code_or_an_english_name(text, code):
    assert contacts.country_code(text) == code
