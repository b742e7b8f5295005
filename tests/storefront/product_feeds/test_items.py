"""Feed items: GTINs that no manufacturer has are left out, texts are trimmed between words."""

import pytest

from storefront.product_feeds.items import (
    Detail,
    highlights,
    manufacturer_gtin,
    plain_text,
    trimmed,
)


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("05901234123457", "5901234123457"),
        ("00036000291452", "036000291452"),
        ("00041333424019", "041333424019"),  # 04 is restricted in GTIN-13 only
        ("00000096385074", "96385074"),
        ("15901234123454", "15901234123454"),
        ("05901234123458", ""),  # wrong check digit
        ("02012345678900", ""),  # restricted circulation
        ("09912345678902", ""),  # coupon
        ("00000000000000", ""),
        ("", ""),
    ],
)
def test_only_a_gtin_of_a_manufacturer_is_sent(stored, sent):
    assert manufacturer_gtin(stored) == sent


def test_a_description_is_text_without_tags_one_line_for_each_block():
    html = "<p>700&nbsp;lm &amp; light.</p><ul><li>One</li><li>Two<br>three</li></ul>\x00"
    assert plain_text(html) == "700 lm & light.\nOne\nTwo\nthree"


def test_a_long_text_is_cut_between_words():
    assert trimmed("a trail headlamp, black", 18) == "a trail headlamp…"
    assert trimmed("short", 5) == "short"


def test_one_highlight_is_none_and_a_long_one_is_left_out():
    details = [
        Detail(section="Light", name="Output", value=value) for value in ("700 lm", "x" * 150)
    ]
    assert highlights(details) == ()
    assert highlights([details[0], *details]) == ("Output: 700 lm",) * 2
