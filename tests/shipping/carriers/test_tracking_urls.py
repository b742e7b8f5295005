from urllib.parse import urlsplit

import pytest

from shipping.carriers.registry import BY_CODE, TRACKING_PAGES
from shipping.carriers.tracking_urls import is_safe_url, tracking_url


@pytest.mark.parametrize(
    ("code", "country", "language", "page"),
    [
        ("dhl", "", "az", "https://www.dhl.com/global-en/home/tracking.html?tracking-id=A1"),
        ("dhl", "AZ", "az", "https://www.dhl.com/global-en/"),
        ("dhl", "FR", "en", "https://www.dhl.com/fr-en/"),
        ("dhl", "DE", "de", "https://www.dhl.com/de-de/"),
        ("dhl", "TR", "tr", "https://www.dhl.com/tr-tr/"),
        ("dpd", "GB", "en", "https://track.dpd.co.uk/"),
        ("dpd", "AZ", "en", "https://tracking.dpd.de/status/en_US/parcel/A1"),
        ("poczta-polska", "PL", "pl", "https://emonitoring.poczta-polska.pl/?numer=A1"),
        ("poczta-polska", "PL", "az", "https://emonitoring.poczta-polska.pl/?lang=en&numer=A1"),
        ("postnl", "BE", "en", "https://postnl.nl/tracktrace/?B=A1&D=BE&T=C&L=EN"),
        ("postnl", "", "en", "https://t.17track.net/en#nums=A1"),
        ("china-post", "AZ", "az", "https://t.17track.net/en#nums=A1"),
    ],
)
def test_the_page_fits_the_reader_and_the_country(code, country, language, page):
    url = tracking_url(BY_CODE[code], "A1", country=country, language=language)

    assert url.startswith(page)


def test_the_suppliers_page_is_used_if_the_carrier_has_none():
    page = "https://camel.example.com/track?n=XY12345"

    assert tracking_url(None, "XY12345", offered=page) == page
    assert tracking_url(BY_CODE["china-post"], "XY12345", offered=page) == page
    assert "cjpacket.com" in tracking_url(BY_CODE["cjpacket"], "CJPKL0000000000YQ", offered=page)


def test_every_page_in_the_data_is_a_safe_link_with_the_number():
    for page in TRACKING_PAGES:
        (country, *_) = sorted(page.countries - {"*"}) or ["DE"]
        (language, *_) = sorted(page.languages) or ["en"]
        url = tracking_url(page.carrier, "AB 1", country=country, language=language)
        assert is_safe_url(url), url
        assert "AB%201" in url


@pytest.mark.parametrize(
    "offered",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://x.example",
        "data:text/html,<script>alert(1)</script>",
        "http://camel.example.com/track",
        "//camel.example.com/track",
        "https://127.0.0.1/track",
        "https://[::1]/track",
        "https://2130706433/track",
        "https://0x7f000001/track",
        "https://localhost/track",
        "https://printer.local/track",
        "https://db.internal/track",
        "https://camel/track",
        "https://user:secret@camel.example.com/",
        "https://fara.example@evil.example.com/",
        "https://evil.example.com\\@fara.example.com/",
        "https://camel.example.com:8443/",
        "https://camel.example.com:99999/",
        "https://camel.example.com/\r\nSet-Cookie: a=b",
        "https://camel.example.com/ onclick=alert(1)",
        'https://camel.example.com/"><script>',
        "https://camel.example.com/" + "a" * 300,
        "https://[camel",
    ],
)
def test_an_unsafe_url_is_never_a_link(offered):
    url = tracking_url(None, "XY12345", offered=offered)

    assert urlsplit(url).hostname == "t.17track.net"
    assert urlsplit(url).scheme == "https"
