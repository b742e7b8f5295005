import pytest

from catalog.attributes.numbers import UnreadableError
from catalog.custom_attributes.registry import Definition
from catalog.custom_attributes.values import extract, parse

SWITCH = Definition(
    code="switch_position",
    kind="choices",
    names=(("az", "Düymə"), ("en", "Switch")),
    choices=(
        ("tail", (("en", "at the tail"),)),
        ("side", (("az", "yanda"), ("en", "on the side"))),
    ),
    labels=("Switch type",),
)
CHARGE = Definition(
    code="charge_time", kind="number", names=(("en", "Charging time"),), unit="h", maximum=48
)
MEMORY = Definition(code="mode_memory", kind="yes_no", names=(("en", "Mode memory"),))
STRAP = Definition(
    code="strap",
    kind="choice",
    names=(("en", "Strap"),),
    choices=(("elastic", ()), ("silicone", ())),
    families=frozenset({"headlamp"}),
)


@pytest.mark.parametrize(
    ("text", "definition", "expected"),
    [
        ("150 min", CHARGE, "2.5"),
        ("2.5 hours", CHARGE, "2.5"),
        ("3", CHARGE, "3"),
        ("360 °", Definition(code="tilt", kind="number", names=(), unit="°"), "360"),
        ("Tail + side", SWITCH, ["tail", "side"]),
        ("yanda", SWITCH, ["side"]),
        ("Elastic band", STRAP, "elastic"),
        ("Yes, for 10 s", MEMORY, True),
        ("not included, no", MEMORY, UnreadableError),
        ("No.", MEMORY, False),
        ("Bəli", MEMORY, True),
        ("60 h", CHARGE, UnreadableError),
        ("fast", CHARGE, UnreadableError),
        ("elastic and silicone", STRAP, UnreadableError),
        ("sideways", SWITCH, UnreadableError),
        (" as in the box ", Definition(code="box", kind="text", names=()), "as in the box"),
    ],
)
def test_a_value_is_read_by_the_kind_of_its_attribute(text, definition, expected):
    if expected is UnreadableError:
        with pytest.raises(UnreadableError):
            parse(text, definition)
    else:
        assert parse(text, definition) == expected


def test_lines_are_taken_by_name_label_or_code_and_the_rest_stays():
    lines = {
        "Switch type": "tail",
        "Charging time (h)": "3",
        "Mode memory": "sometimes",
        "Strap": "elastic",
        "Reflector": "smooth",
    }

    found = extract(lines, definitions=(SWITCH, CHARGE, MEMORY, STRAP))

    assert found.values == {"switch_position": ["tail"], "charge_time": "3", "strap": "elastic"}
    assert found.sources["switch_position"] == {"label": "Switch type", "raw": "tail"}
    assert found.rest == {"Mode memory": "sometimes", "Reflector": "smooth"}
    (problem,) = found.problems
    assert (problem.label, problem.code) == ("Mode memory", "value-unreadable")
    assert problem.message == "'sometimes' says neither yes nor no"


def test_a_line_that_the_checks_of_numbers_need_is_taken_and_stays():
    marks = Definition(code="marks", kind="text", names=(("en", "Marks"),))

    found = extract({"Marks": "CE, ANSI/PLATO FL 1"}, definitions=(marks,))

    assert found.values == {"marks": "CE, ANSI/PLATO FL 1"}
    assert found.rest == {"Marks": "CE, ANSI/PLATO FL 1"}
