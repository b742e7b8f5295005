"""Shipping service queries: read the active services by location and currency."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from storefront.lib.money import Money
from suppliers.models import ShippingService
from suppliers.shipping_services.dangerous_goods import LithiumLimits
from suppliers.shipping_services.selection import ServiceTerms


def services_by_location() -> Mapping[tuple[int, str], Sequence[ServiceTerms]]:
    services: dict[tuple[int, str], list[ServiceTerms]] = defaultdict(list)
    rows = (
        ShippingService.objects.filter(is_active=True)
        .order_by("pk")
        .select_related("location__supplier")
    )
    for service in rows:
        services[service.location_id, service.currency].append(_terms(service))
    return dict(services)


def _terms(service: ShippingService) -> ServiceTerms:
    packings = {
        "inside": service.accepts_cells_in_equipment,
        "with": service.accepts_cells_with_equipment,
        "alone": service.accepts_cells_alone,
    }
    return ServiceTerms(
        code=service.code,
        tier=service.tier,
        carrier_service=service.carrier_service,
        location_id=service.location_id,
        country_from=service.location.country,
        countries=frozenset(service.countries),
        base=Money(service.base_amount, service.currency),
        per_kg=Money(service.per_kg_amount, service.currency),
        lead_days=service.location.supplier.lead_days,
        min_days=service.min_days,
        max_days=service.max_days,
        max_weight_g=service.max_weight_g,
        limits=LithiumLimits(
            accepts=frozenset(packing for packing, is_accepted in packings.items() if is_accepted),
            max_cell_wh=service.max_cell_wh,
            max_battery_wh=service.max_battery_wh,
            max_cells=service.max_cells,
        ),
    )
