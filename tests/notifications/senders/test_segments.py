import pytest

from notifications.senders.segments import count_segments
from storefront.dev.sandboxes.twilio import segments_of


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two septets each
        ("€" * 81, 2),
        ("ə" * 70, 1),
        ("ə" * 71, 2),
        ("ə" * 134, 2),
        ("ə" * 135, 3),
        ("😀" * 35, 1),  # two units each
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_networks_bill_them(text, segments):
    assert (count_segments(text), segments_of(text)) == (segments, segments)


def test_a_letter_of_two_units_is_not_divided_between_segments():
    assert count_segments("😀" * 67) == 3
