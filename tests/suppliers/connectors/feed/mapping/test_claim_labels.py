import pytest

from catalog.attributes.spec_patterns import SUBJECTS
from suppliers.connectors.feed.mapping.claim_labels import CLAIM_ALIASES, KNOWN_NAMES
from suppliers.connectors.feed.mapping.fields import TARGETS, fold_header
from suppliers.feed_mapping.suggestions import suggest_mapping

# Columns with these names become fields of the row, and attributes only if the field is taken.
FIELD_FIRST = {alias for target in TARGETS.values() for alias in target.aliases}
# Labels that are shown as the supplier writes them: they are none of our attributes.
IN_WORDS = {"Light source"}


@pytest.mark.parametrize("label", CLAIM_ALIASES)
def test_label_is_known_to_the_specification_table(label):
    is_understood = any(words.search(label) for _, words in SUBJECTS)

    assert is_understood != (label in IN_WORDS)


def test_aliases_are_written_as_headers_are_folded():
    assert [alias for alias in KNOWN_NAMES if alias != fold_header(alias)] == []


@pytest.mark.parametrize("label", CLAIM_ALIASES)
def test_column_is_suggested_by_its_name(label):
    for alias in CLAIM_ALIASES[label]:
        if alias not in FIELD_FIRST:
            found = suggest_mapping(["SKU", alias]).claims
            assert {name: source.column for name, source in found.items()} == {label: alias}


@pytest.mark.parametrize(
    ("header", "label"),
    [
        ("Output (lm)", "Light output"), ("Max. Lichtstrom [lm]", "Light output"),
        ("Lichtstärke (cd)", "Peak intensity"), ("beam m", "Beam distance"),
        ("Leuchtweite in m", "Beam distance"), ("Leuchtdauer (Std)", "Run time"),
        ("Stoßfestigkeit (m)", "Impact resistance"), ("HeadDiameter_mm", "Head diameter"),
        ("Akkuenergie (Wh)", "Battery energy"), ("Schutzart", "IP rating"),
        ("Lichtquelle", "Light source"), ("Portée (m)", "Beam distance"),
        ("Battery capacity, mAh", "Battery capacity"), ("Max lumens (turbo)", "Light output"),
        ("Weight with battery (g)", "Weight"), ("Head Ø (mm)", "Head diameter"),
        ("Dimensions (mm)", "Length"), ("Runtime max [h]", "Run time"),
        ("Autonomía", "Run time"), ("Flusso luminoso (lm)", "Light output"),
    ],
)  # fmt: skip
def test_heading_with_unit_is_suggested(header, label):
    assert suggest_mapping(["SKU", header]).claims[label].column == header


@pytest.mark.parametrize(("cell", "is_flag"), [("2xAAA", False), ("yes", True), ("ja", True)])
def test_battery_is_a_flag_only_with_yes_no_cells(cell, is_flag):
    found = suggest_mapping(["SKU", "Battery"], [{"SKU": "A", "Battery": cell}])

    assert ("battery" in found.fields) == is_flag
    assert ("Battery" in found.claims) != is_flag
