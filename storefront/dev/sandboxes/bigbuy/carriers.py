"""BigBuy carriers: list services from Spain with destinations, prices and days. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from shipping.carriers.check_digits import RULES
from storefront.dev.sandboxes.cj.freight import EU, NEAR
from storefront.dev.sandboxes.goods.randomness import RandomDraws

HOME = frozenset({"ES", "PT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Units: euros per parcel up to 2 kg, and per started kilogram above."""

    id: int
    name: str
    services: tuple[tuple[int, str], ...]  # id, and the delivery time as BigBuy writes it
    ends: frozenset[str]
    base_eur: Decimal
    per_kg_eur: Decimal

    def cost(self, weight_g: int, *, place: int) -> Decimal:
        begun = max(0, -(-weight_g // 1000) - 2)
        return self.base_eur + self.per_kg_eur * begun + Decimal(3) * place


CARRIERS = (
    Carrier(id=1, name="Correos", services=((11, "48 - 72 h"),), ends=HOME,
            base_eur=Decimal("4.25"), per_kg_eur=Decimal("0.60")),
    Carrier(id=2, name="SEUR", services=((21, "24 - 48 h"), (22, "24 h")), ends=HOME,
            base_eur=Decimal("5.10"), per_kg_eur=Decimal("0.70")),
    Carrier(id=3, name="GLS", services=((31, "3-5 days"),), ends=EU - {"CY", "MT"},
            base_eur=Decimal("8.58"), per_kg_eur=Decimal("2.10")),
    Carrier(id=4, name="DHL", services=((41, "2-4 days"),), ends=NEAR,
            base_eur=Decimal("13.40"), per_kg_eur=Decimal("2.60")),
    Carrier(id=5, name="UPS", services=((51, "2-3 days"),), ends=NEAR | {"US"},
            base_eur=Decimal("14.90"), per_kg_eur=Decimal("3.20")),
)  # fmt: skip
BY_NAME = {carrier.name.casefold(): carrier for carrier in CARRIERS}
# The digits of a tracking number, without the check digit of its rule.
NUMBERS = {"GLS": (11, ""), "SEUR": (14, ""), "Correos": (13, ""), "DHL": (9, "mod7")}
UPS_NUMBERS = (15, "ups")


def tracking_number(carrier: str, *, order: int) -> str:
    draws = RandomDraws("bigbuy track", carrier, order)
    digits, rule = NUMBERS.get(carrier, UPS_NUMBERS)
    body = f"{draws.whole(0, 10**digits - 1):0{digits}d}"
    number = body + (RULES[rule](body) if rule else "")
    return number if carrier in NUMBERS else f"1Z{number}"
