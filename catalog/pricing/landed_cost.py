"""Landed cost: choose the selling costs, add up what one unit costs until it is delivered. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Self

from catalog.enums import EU
from storefront.lib.money import Money

# Duty per tariff line (HS code) of a parcel from outside the EU, for any quantity. Prices are
# calculated for a parcel with one unit, the most expensive case.
# Source: the EU's flat duty on low-value consignments, which replaces the 150 EUR duty exemption
FLAT_DUTY = Decimal(3)
DUTY_CURRENCY = "EUR"
DUTY_FROM, DUTY_UNTIL = date(2026, 7, 1), date(2028, 7, 1)
ANY = "*"
UNKNOWN_ORIGIN = ("",)
ONE = Decimal(1)
MIN_KEEP_RATE = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTerms:
    """The selling costs on one channel, for one origin and supplier.

    Fields and units are as in ``SellingCosts``.
    """

    supplier_fee_rate: Decimal = Decimal(0)
    supplier_fee_amount: Decimal = Decimal(0)
    freight_amount: Decimal = Decimal(0)
    duty_amount: Decimal | None = None
    handling_amount: Decimal = Decimal(0)
    payment_fee_rate: Decimal = Decimal(0)
    payment_fee_amount: Decimal = Decimal(0)
    channel_fee_rate: Decimal = Decimal(0)
    tax_rate: Decimal = Decimal(0)

    def fees(self, *, net: Decimal, gross: Decimal) -> tuple[Decimal, Decimal]:
        """Return the payment and channel fees on a price, without fixed amounts."""
        return gross * self.payment_fee_rate, net * self.channel_fee_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedCost:
    """The landed cost of one unit by component.

    Fees that are a percentage of the price are not included; their rates are in ``terms``.
    """

    origin: str
    wholesale: Decimal
    supplier_fee: Decimal
    freight: Decimal
    duty: Decimal
    handling: Decimal
    payment_fee: Decimal
    total: Decimal
    terms: CostTerms
    is_sure: bool = True  # False: the exchange rate of its duty is not confirmed

    @property
    def fee_rate(self) -> Decimal:
        """The fees that grow with the price, as a fraction of the price before tax."""
        terms = self.terms
        return terms.channel_fee_rate + terms.payment_fee_rate * (1 + terms.tax_rate)

    @property
    def without_freight(self) -> Self:
        """A copy without freight, for use where the parcel's freight is known."""
        return replace(self, freight=Decimal(0), total=self.total - self.freight)

    def of(self, quantity: int) -> Decimal:
        """Return the cost of a quantity in one line of a parcel. A flat duty is paid once."""
        if quantity == 1:
            return self.total
        once = self.duty if self.terms.duty_amount is None else Decimal(0)
        return (self.total - once) * quantity + once

    def parts(self, quantity: int) -> Iterator[tuple[str, Decimal]]:
        yield "wholesale", self.wholesale * quantity
        yield "supplier_fee", self.supplier_fee * quantity
        yield "freight", self.freight * quantity
        yield "duty", self.duty * (1 if self.terms.duty_amount is None else quantity)
        yield "handling", self.handling * quantity
        yield "payment_fee", self.payment_fee * quantity

    def price_for_margin(
        self, margin_rate: Decimal, *, more: Decimal = Decimal(0)
    ) -> Decimal | None:
        """Return the price with tax that covers cost, fees and ``more`` and leaves the margin.

        None if fees and margin leave less than ``MIN_KEEP_RATE`` of the price before tax.
        Formula: price = (landed + more) / (1 - fees - margin) * (1 + tax)
        """
        keep_rate = ONE - self.fee_rate - margin_rate
        if keep_rate < MIN_KEEP_RATE:
            return None
        return (self.total + more) * (1 + self.terms.tax_rate) / keep_rate

    def margin_rate(self, price: Decimal) -> Decimal:
        """Return the margin of a price with tax, as a fraction of the price before tax."""
        net = price / (1 + self.terms.tax_rate)
        return ONE - self.fee_rate - self.total / net

    def steps(self) -> Iterator[tuple[str, Decimal]]:
        """Yield each part of the cost of one unit, then the total."""
        yield from self.parts(1)
        yield "landed", self.total


def select_terms(
    known: Mapping[tuple[str, str], CostTerms], *, origin: str, supplier_code: str
) -> CostTerms | None:
    """Return the most specific terms: by supplier first, then by origin.

    Shape:  ``known`` maps (origin, supplier code) to terms; ``*`` matches any
    """
    for key in ((origin, supplier_code), (ANY, supplier_code), (origin, ANY), (ANY, ANY)):
        if key in known:
            return known[key]
    return None


def pays_flat_duty(*, origin: str, destination: str, on: date) -> bool:
    """Return whether a parcel pays the EU's flat duty; an unknown origin is outside the EU."""
    return destination in EU and origin not in EU and DUTY_FROM <= on < DUTY_UNTIL


def duty_changed_between(last: date, today: date, *, destinations: Iterable[str]) -> bool:
    """Return whether the flat duty began or ended for one of these countries."""
    has_turned = any(last < day <= today for day in (DUTY_FROM, DUTY_UNTIL))
    return has_turned and not EU.isdisjoint(destinations)


def calculate(
    *, wholesale: Decimal, origin: str, terms: CostTerms, flat_duty: Decimal
) -> LandedCost:
    """Return the cost of one unit delivered to the customer, without price-dependent fees.

    Units:  in the channel's currency; ``flat_duty`` is 0 if none is due
    """
    supplier_fee = wholesale * terms.supplier_fee_rate + terms.supplier_fee_amount
    duty = flat_duty if terms.duty_amount is None else terms.duty_amount
    more = terms.freight_amount + duty + terms.handling_amount + terms.payment_fee_amount
    return LandedCost(
        origin=origin,
        wholesale=wholesale,
        supplier_fee=supplier_fee,
        freight=terms.freight_amount,
        duty=duty,
        handling=terms.handling_amount,
        payment_fee=terms.payment_fee_amount,
        total=wholesale + supplier_fee + more,
        terms=terms,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """The inputs of landed costs on one channel at one time.

    Shape:  ``countries`` are the destinations; if one is in the EU, the flat duty can be due
            ``rates`` maps currencies to their value in the channel's currency
            ``unconfirmed_rates`` maps unconfirmed currencies to their highest plausible value
            ``expired_rates`` maps currencies with expired rates to their last value
    """

    countries: Sequence[str]
    on: date
    terms: Mapping[tuple[str, str], CostTerms]
    rates: Mapping[str, Decimal]
    unconfirmed_rates: Mapping[str, Decimal] = field(default_factory=dict)
    expired_rates: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def confirmed_only(self) -> Self:
        rates = {
            base: rate for base, rate in self.rates.items() if base not in self.unconfirmed_rates
        }
        return replace(self, rates=rates, unconfirmed_rates={}, expired_rates={})

    def rate(self, currency: str) -> Decimal | None:
        """Return the rate of a currency, even an expired one; None if there never was one."""
        return self.rates.get(currency, self.expired_rates.get(currency))

    def worst_case_rate(self, currency: str) -> Decimal | None:
        """Return the highest plausible rate of a currency; None without a valid rate."""
        return self.unconfirmed_rates.get(currency, self.rates.get(currency))

    def landed(
        self, cost: Money, *, origins: Sequence[str], supplier_code: str
    ) -> LandedCost | None:
        """Return the landed cost for a cost in any currency; None without a rate or terms."""
        rate = self.worst_case_rate(cost.currency)
        if rate is None:
            return None
        return self.land(cost.amount * rate, origins=origins, supplier_code=supplier_code)

    def terms_of(self, *, origin: str, supplier_code: str) -> CostTerms | None:
        return select_terms(self.terms, origin=origin, supplier_code=supplier_code)

    def owes_flat_duty(self, *, origin: str, terms: CostTerms) -> bool:
        """Return whether the statutory duty is due and no other duty is set."""
        return terms.duty_amount is None and any(
            pays_flat_duty(origin=origin, destination=country, on=self.on)
            for country in self.countries
        )

    def land(
        self, wholesale: Decimal, *, origins: Sequence[str], supplier_code: str
    ) -> LandedCost | None:
        """Return the landed cost from the most expensive origin.

        None if an origin has no terms, or the rate for the duty is missing.

        Units:  ``wholesale`` in the channel's currency
        """
        highest: LandedCost | None = None
        for origin in origins or UNKNOWN_ORIGIN:
            terms = self.terms_of(origin=origin, supplier_code=supplier_code)
            if terms is None:
                return None
            rate: Decimal | None = Decimal(0)
            owes = self.owes_flat_duty(origin=origin, terms=terms)
            if owes:
                rate = self.worst_case_rate(DUTY_CURRENCY)
            if rate is None:
                return None
            cost = calculate(
                wholesale=wholesale, origin=origin, terms=terms, flat_duty=FLAT_DUTY * rate
            )
            if owes and DUTY_CURRENCY in self.unconfirmed_rates:
                cost = replace(cost, is_sure=False)
            if highest is None or _is_costlier(cost, highest):
                highest = cost
        return highest


def _is_costlier(cost: LandedCost, other: LandedCost) -> bool:
    ones, others = cost.price_for_margin(Decimal(0)), other.price_for_margin(Decimal(0))
    return others is not None and (ones is None or ones > others)
