import pytest

from shipping.carriers import numbers


@pytest.mark.parametrize("raw", [" cjpkl 0000000000yq ", "CJPKL0000000000YQ"])
def test_a_number_is_normalized(raw):
    assert numbers.normalize_number(raw) == "CJPKL0000000000YQ"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "1234",
        "A" * 41,
        "<b>12345</b>",
        "12345/../6",
        "\uff11\uff12\uff13\uff14\uff15",
        "a\x00bcd",
    ],
)
def test_an_invalid_number_is_rejected(raw):
    with pytest.raises(numbers.InvalidTrackingNumberError):
        numbers.normalize_number(raw)
