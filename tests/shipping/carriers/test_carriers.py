from urllib.parse import urlsplit

import pytest

from shipping.carriers import numbers, registry, tracking_urls


@pytest.mark.parametrize(
    ("reported", "number", "name", "page"),
    [
        ("CJPacket Ordinary", "CJPKL0000000000YQ", "CJPacket", "https://www.cjpacket.com/"),
        ("Standard line", "CJPKL0000000000YQ", "CJPacket", "https://www.cjpacket.com/"),
        ("YunExpress", "YT2632800123456789", "YunExpress", "https://www.yuntrack.com/"),
        ("4PX Global", "4PX3000123456789CN", "4PX", "https://track.4px.com/"),
        ("China Post ePacket", "LK123456785CN", "China Post", "https://t.17track.net/"),
        ("post", "LK123456785CN", "China Post", "https://t.17track.net/"),
        ("DHL Paket", "00340434161094042557", "DHL", "https://www.dhl.com/"),
        ("UPS", "1Z999AA10123456784", "UPS", "https://www.ups.com/"),
        ("by air", "1Z999AA10123456784", "UPS", "https://www.ups.com/"),
        ("USPS Ground", "9400111899223100001234", "USPS", "https://tools.usps.com/"),
        ("FedEx International", "123456789012", "FedEx", "https://www.fedex.com/"),
        ("GLS", "50123456789", "GLS", "https://gls-group.com/"),
        ("DPD", "01234567890123", "DPD", "https://tracking.dpd.de/"),
        ("Royal Mail", "AB123456785GB", "Royal Mail", "https://www.royalmail.com/"),
        ("Camel Express", "XY12345", "Camel Express", "https://t.17track.net/"),
    ],
)
def test_a_parcel_links_to_its_carriers_tracking_page(reported, number, name, page):
    url = tracking_urls.tracking_url(reported, number)

    assert registry.normalize_name(reported, number) == name
    assert url.startswith(page)
    assert number in url


def test_the_suppliers_page_is_used_only_for_unknown_carriers():
    page = "https://camel.example.com/track?n=XY12345"

    assert tracking_urls.tracking_url("Camel Express", "XY12345", offered=page) == page
    assert "cjpacket.com" in tracking_urls.tracking_url(
        "CJPacket", "CJPKL0000000000YQ", offered=page
    )


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
    url = tracking_urls.tracking_url("Camel Express", "XY12345", offered=offered)

    assert urlsplit(url).hostname == "t.17track.net"
    assert urlsplit(url).scheme == "https"


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


@pytest.mark.parametrize(
    ("reported", "name"),
    [
        ("x" * 10_000, "x" * 40),
        ("<b>Camel</b>", "b Camel /b"),
        ("Camel\r\nBcc: a@b.c", "Camel Bcc a b.c"),
        ("  ", "Carrier"),
        ("\u202e\u200b", "Carrier"),
    ],
)
def test_a_carrier_name_is_cleaned_and_shortened(reported, name):
    assert registry.normalize_name(reported, "XY12345") == name
