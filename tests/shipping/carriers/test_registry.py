import pytest

from shipping.carriers import registry
from shipping.carriers.check_digits import RULES


@pytest.mark.parametrize(
    ("reported", "name"),
    [
        ("CJPacket Ordinary", "CJPacket"),
        ("4PX Global", "4PX"),
        ("China Post ePacket", "China Post"),
        ("DHL Paket, insured", "DHL Paket"),
        ("DHLExpress", "DHL Express"),
        ("royal_mail", "Royal Mail"),
        ("Österr. Post", "Österr. Post"),
        ("OESTERREICHISCHE POST AG", "Österreichische Post"),
        ("Azərpoçt", "Azərpoçt"),
        ("YURTİÇİ KARGO", "Yurtiçi Kargo"),
        ("顺丰速运", "SF Express"),
        ("DHL or UPS", "DHL or UPS"),
        ("Speedy", "Speedy"),
        ("speedy shipping in spring", "speedy shipping in spring"),
        ("spring", "Spring GDS"),
        ("Pickups", "Pickups"),
        ("x" * 10_000, "x" * 40),
        ("<b>Camel</b>", "b Camel /b"),
        ("Camel\r\nBcc: a@b.c", "Camel Bcc a b.c"),
        ("  ", "Carrier"),
        ("\u202e\u200b", "Carrier"),
    ],
)
def test_a_carrier_has_one_name(reported, name):
    assert registry.standard_name(reported) == name


@pytest.mark.parametrize(("country", "codes"), [("GB", ["evri"]), ("DE", ["hermes"])])
def test_the_country_decides_between_carriers_of_one_name(country, codes):
    found = registry.find_by_name("Hermes", country=country)

    assert [carrier.code for carrier in found] == codes


def test_the_data_is_complete():
    assert len(registry.CARRIERS) >= 60
    assert len(registry.BY_CODE) == len(registry.BY_NAME) == len(registry.CARRIERS)
    for carrier in registry.CARRIERS:
        assert carrier.kind in {"post", "express", "parcel", "forwarder"}
        assert not carrier.group or carrier.group in registry.BY_CODE
        assert len(carrier.name) <= registry.MAX_NAME_LENGTH
        assert carrier in registry.find_by_name(carrier.name)
    for number_format in registry.NUMBER_FORMATS:
        assert number_format.source
        assert not number_format.check or number_format.check in RULES
        assert number_format.pattern.groups == (2 if number_format.check else 0)
