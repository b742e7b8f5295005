"""Safety warnings of product pages."""

import pytest

from catalog.safety.warnings import safety_warnings

USUAL = {"language": "en", "family_kind": "light", "lithium": "none", "chemistry": ""}


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        ({}, ["Do not look into the light"]),
        (
            {"lithium": "inside"},
            ["Do not look", "Do not open", "Charge it only", "Take used batteries"],
        ),
        (
            {"family_kind": "battery", "lithium": "alone", "chemistry": "lithium_metal"},
            ["Do not open", "Do not charge it", "Take used batteries"],
        ),
        ({"family_kind": "battery", "chemistry": "nimh"}, ["Insert batteries"]),
        ({"family_kind": "charger"}, ["Charge only undamaged"]),
        ({"family_kind": "accessory"}, []),
        ({"language": "az"}, ["İşığa baxmayın"]),
    ],
)
def test_usual_warnings_follow_family_and_battery(changes, starts):
    lines = safety_warnings({}, **USUAL | changes).lines

    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_warnings_of_staff_replace_the_usual_ones_in_their_language():
    texts = {"en": "Hot surface.\nKeep away from children.", "az": "İsti səth."}

    assert safety_warnings(texts, **USUAL).lines == ("Hot surface.", "Keep away from children.")
    assert safety_warnings(texts, **USUAL | {"language": "az"}).lines == ("İsti səth.",)


def test_a_missing_translation_shows_the_english_warning_as_english():
    found = safety_warnings({"en": "Hot surface."}, **USUAL | {"language": "az"})

    assert found == (("Hot surface.",), "en")
