from decimal import Decimal

import pytest

from catalog.models import Variant
from shipping.rates import quotes
from storefront.dev.demo import routes
from storefront.dev.sandboxes.bigbuy import carriers
from storefront.dev.sandboxes.cj.freight import BY_NAME, COUNTRIES
from suppliers.connectors.bigbuy import schemas
from suppliers.models import ShippingService, StockLocation
from suppliers.shipping_services.selection import cheapest, parcel_load
from tests.factories.suppliers import NOON, make_location, make_supplier

pytestmark = pytest.mark.django_db


def seed():
    supplier = make_supplier()
    for code, country, _ in routes.SANDBOX_LOCATIONS:
        routes.routes(location=make_location(supplier, code, country), currency="EUR")


def test_seeded_services_exist_in_the_sandbox():
    seed()

    for service in ShippingService.objects.select_related("location"):
        line = BY_NAME[service.carrier_service]
        assert line.start == service.location.country
        assert set(service.countries) <= line.ends
        for country in service.countries:
            assert line.days(country) == (service.min_days, service.max_days), (service, country)
        assert service.max_weight_g <= line.most_g
        assert service.accepts_cells_in_equipment is line.takes_lithium
        assert service.accepts_cells_alone <= line.takes_loose_cells
        if line.takes_lithium:
            assert service.max_cell_wh <= line.most_cell_wh
            assert service.max_battery_wh <= line.most_battery_wh


def test_staff_changes_survive_a_restart_of_the_demo():
    seed()
    ShippingService.objects.filter(code="de-classic").update(base_amount=Decimal("1.23"))
    before = ShippingService.objects.count()

    seed()

    assert ShippingService.objects.count() == before
    assert ShippingService.objects.get(code="de-classic").base_amount == Decimal("1.23")


# Products come from China; no service ships them within China.
@pytest.mark.parametrize("country", sorted(COUNTRIES - {"CN"}))
def test_a_headlamp_ships_to_every_country_of_the_supplier(country):
    seed()

    headlamp = Variant(packed_weight_g=140, lithium="inside", cell_wh=Decimal("4.44"), cell_count=1)
    routes = [
        route
        for location in StockLocation.objects.all()
        for route in quotes.routes_from(location.pk, country=country, currency="EUR", now=NOON)
    ]
    load = parcel_load(headlamp)
    way = cheapest(routes, load)

    assert way is not None
    assert way.price(load.weight_g).amount > 0


def test_services_of_the_second_supplier_exist_in_its_sandbox():
    supplier = make_supplier()
    for code, country, _ in routes.BIGBUY_LOCATIONS:
        routes.routes(location=make_location(supplier, code, country), currency="EUR")

    for service in ShippingService.objects.all():
        carrier = carriers.BY_NAME[service.carrier_service]
        assert set(service.countries) <= carrier.ends
        paces = [schemas.days(delay) for _, delay in carrier.services]
        assert (service.min_days, service.max_days) in paces
        cost = carrier.cost(service.max_weight_g, place=0)
        price = service.base_amount + service.per_kg_amount * service.max_weight_g / 1000
        assert price > cost
    assert ShippingService.objects.count() == 8
