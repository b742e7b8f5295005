import pytest

from catalog.texts.title_templates import TemplateError, check_template, make_title

TEMPLATE = "{brand} {model}, {kind}, {output_lm} lm, {charging}"
VALUES = {
    "brand": "Tindrel",
    "model": "Weir 370",
    "kind": "qaçış üçün baş fənəri",
    "output_lm": "370",
    "charging": "USB-C",
}


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((), "Tindrel Weir 370, qaçış üçün baş fənəri, 370 lm, USB-C"),
        (("output_lm",), "Tindrel Weir 370, qaçış üçün baş fənəri, USB-C"),
        (("output_lm", "charging"), "Tindrel Weir 370, qaçış üçün baş fənəri"),
        (("model",), "Tindrel, qaçış üçün baş fənəri, 370 lm, USB-C"),
        (("brand", "model"), "qaçış üçün baş fənəri, 370 lm, USB-C"),
    ],
)
def test_a_part_without_its_value_is_left_out(missing, expected):
    values = {name: text for name, text in VALUES.items() if name not in missing}
    assert make_title(TEMPLATE, values) == expected


def test_a_part_needs_all_of_its_attributes():
    assert make_title("{kind}, {length_mm} × {head_mm} mm", {"kind": "fənər", "head_mm": "20"}) == (
        "fənər"
    )


def test_a_part_that_the_model_names_already_is_not_repeated():
    values = VALUES | {"model": "Weir 370 USB-C", "output_lm": "37"}

    assert make_title(TEMPLATE, values) == ("Tindrel Weir 370 USB-C, qaçış üçün baş fənəri, 37 lm")


@pytest.mark.parametrize(
    ("template", "code", "text"),
    [
        ("{brand} {model", "braces", ""),
        ("brand} {model}", "braces", ""),
        ("{model}, {lumen} lm", "unknown_field", "lumen"),
        ("{model}, {} lm", "unknown_field", ""),
        ("{brand}, {output_lm} lm", "no_name", ""),
        ("", "no_name", ""),
    ],
)
def test_a_template_that_cannot_be_used_says_why(template, code, text):
    with pytest.raises(TemplateError) as caught:
        check_template(template, attributes=["output_lm"])
    assert (caught.value.code, caught.value.text) == (code, text)


def test_a_template_may_name_every_field_and_attribute():
    check_template("{brand} {model}, {kind}, {figures}, {output_lm} lm", attributes=["output_lm"])
