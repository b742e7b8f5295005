import pytest

from notifications.models import Event
from shipping.models import Parcel
from shipping.shipments.identities import tracking_link
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, take_in

pytestmark = pytest.mark.django_db
DHL_PAKET = "00340435061352161527"


@pytest.mark.parametrize(
    ("number", "reported", "carrier", "finding"),
    [
        (DHL_PAKET, "DHL", "DHL Paket", ""),
        ("1Z999AA10123456784", "by air", "UPS", ""),
        ("1Z999AA10123456784", "DPD", "DPD", "other_carrier"),
        ("1Z999AA10123456785", "UPS", "UPS", "check_digit"),
        ("123456789013", "Parcel", "Parcel", "undecided"),
    ],
)
def test_an_imported_parcel_has_its_carrier_or_a_finding(number, reported, carrier, finding):
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(purchase_order, "shipped", make_shipment_notice(number, reported))

    parcel = Parcel.objects.get()
    assert (parcel.carrier, parcel.carrier_finding, parcel.status) == (carrier, finding, "shipped")


@pytest.mark.parametrize(
    ("carrier", "finding", "country", "language", "page"),
    [
        ("DHL Paket", "", "DE", "de", "https://www.dhl.de/de/"),
        ("DHL Paket", "", "DE", "az", "https://www.dhl.de/en/"),
        ("DHL", "", "FR", "en", "https://www.dhl.com/fr-en/"),
        ("DHL", "other_carrier", "FR", "en", "https://t.17track.net/"),
        ("Camel Express", "undecided", "FR", "en", "https://camel.example.com/"),
    ],
)
def test_the_link_fits_the_reader_and_the_country(carrier, finding, country, language, page):
    offered = "https://camel.example.com/track" if carrier == "Camel Express" else ""
    parcel = Parcel(
        carrier=carrier, number=DHL_PAKET, carrier_finding=finding, tracking_url=offered
    )

    link = tracking_link(parcel, ship_to={"country": country}, language=language)

    assert link.startswith(page)


def test_the_mail_links_to_the_page_for_the_country_of_delivery():
    purchase_order = make_accepted_purchase_order(make_sellable())
    country = purchase_order.order.ship_to["country"]

    take_in(purchase_order, "shipped", make_shipment_notice("JJD000390007882123456", "DHL"))

    event = Event.objects.get(name="parcel.shipped")
    assert f"https://www.dhl.com/{country.lower()}-en/" in event.payload["tracking_url"]


def test_a_parcel_without_a_number_has_no_link():
    assert tracking_link(Parcel(carrier="DHL"), ship_to={"country": "DE"}, language="en") == ""
