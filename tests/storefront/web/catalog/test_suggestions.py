import html
import re

import pytest

pytestmark = pytest.mark.django_db


def suggested(client, words, language="en"):
    """Return the kind and URL of each suggestion."""
    answer = client.get(f"/{language}/search/suggest/", {"q": words}).content.decode()
    found = re.findall(r'data-href="(.*?)">.*? <small class="muted">(.*?)</small>', answer)
    return [(html.unescape(kind), html.unescape(address)) for address, kind in found]


@pytest.mark.parametrize(
    ("words", "language", "expected"),
    [
        ("head", "en", ("Category", "/en/c/headlamps/")),
        ("head torch", "en", ("Category", "/en/c/headlamps/")),
        ("bas feneri", "az", ("Kateqoriya", "/az/c/headlamps/")),
        ("trail usb", "en", ("Power", "/en/search/?q=trail&power=usb_c")),
        ("magn", "en", ("Features", "/en/search/?f=magnet")),
        ("trai", "en", ("Fara", "/en/p/trail-400/")),
    ],
)
def test_typing_suggests_categories_filters_and_products(client, light, words, language, expected):
    assert expected in suggested(client, words, language)


def test_one_letter_suggests_nothing(client, light):
    assert suggested(client, "t") == []
