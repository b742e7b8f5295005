"""Price explanation: recalculate one listing's price from today's inputs, list every step."""

from dataclasses import dataclass
from datetime import datetime

from catalog.listings import repricing
from catalog.models import Listing, PriceHold, PriceRule
from catalog.pricing import policy as pricing_policy
from catalog.pricing.breakdown import Step, list_steps
from catalog.pricing.price_calculation import Calculation


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One calculation in steps, the matching rules (the first one wins), and an open hold."""

    done: Calculation
    steps: tuple[Step, ...]
    rules: tuple[PriceRule, ...]
    hold: PriceHold | None


def explain(*, listing: Listing, now: datetime) -> Explanation:
    """Calculate the price of one listing as a refresh would now. Read-only."""
    channel = listing.channel
    policy = pricing_policy.load_policy(channel=channel, now=now)
    row = repricing.listings_with_inputs(channel).get(pk=listing.pk)
    done = repricing.recalculate([row], channel=channel, policy=policy, now=now)[0]
    ids = [rule.id for rule in policy.rules.matching(done.pricing_input.rule_scope)]
    known = PriceRule.objects.select_related(
        "book", "category", "brand", "product", "variant"
    ).in_bulk(ids)
    return Explanation(
        done=done,
        steps=tuple(list_steps(done)),
        rules=tuple(known[pk] for pk in ids),
        hold=PriceHold.objects.filter(listing=listing, status=PriceHold.Status.OPEN).first(),
    )
