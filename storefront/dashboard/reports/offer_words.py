"""Say in words why checkout takes an offer, or passes it over."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.routing.candidates import Misfit
from orders.routing.engine import Worse
from orders.routing.margin_filter import Unearning
from orders.routing.weighing import Refusal
from shipping.availability.source_comparison import Compared, Way
from storefront.lib.staff.columns import as_money
from suppliers.inventory.freshness import Standing

# The figures in them are put in by ``why``.
SAID: dict[str, str | Promise] = {
    Way.TAKEN: _("Taken"),
    Refusal.SUPPLIER: _("We do not buy from this supplier now"),
    Refusal.GONE: _("The supplier no longer lists it"),
    Refusal.HELD: _("The offer is held: its data cannot be believed, or staff stopped it"),
    Refusal.EVIDENCE: _("Nothing valid proves %(lacks)s"),
    Refusal.NO_COST: _("No cost is known"),
    Refusal.OLD_COST: _("The cost is too old to sell by"),
    Refusal.OLD_STOCK: _("The figure is too old to promise from"),
    Refusal.NO_UNITS: _("Nothing is left above what is kept back"),
    Refusal.NO_RATE: _("Nobody knows what this money is worth now"),
    Way.PARCEL_TOO_SMALL: _("One parcel from here brings %(most)s at most"),
    Misfit.TOO_FEW: _("Only %(left)s can be promised"),
    Misfit.BELOW_MINIMUM: _("Sold from %(minimum)s units on"),
    Misfit.NOT_WHOLE_PACKS: _("Sold only in packs of %(pack)s"),
    Unearning.LOSES: _("It would be sold at a loss of %(loss)s"),
    Unearning.EARNS_TOO_LITTLE: _(
        "It would earn %(earned)s, less than the margin that the rules of routing ask for"
    ),
    Worse.DEARER: _("Lands dearer, by %(more)s in all"),
    Worse.NO_COST: _("Nobody can say what it lands at: terms or a sure rate are missing"),
    Worse.FARTHER: _("Farther away, and no better in what counts before"),
    Worse.SLOWER: _("Arrives later, and is no better in what counts before"),
    Worse.WORSE_SUPPLIER: _("From a supplier who ships less of what is ordered"),
    Worse.LESS_LIKED: _("From a supplier whom staff like less"),
    Worse.LATER: _("As good in all; the one that we knew first is taken"),
}
TAKEN_AT_A_LOSS = _("Taken, at a loss of %(loss)s")
PART_TAKEN = _("%(units)s of them taken: nobody sends all without a loss")
PART_TAKEN_AT_A_LOSS = _("%(units)s of them taken, at a loss of %(loss)s: nobody has all")
# By whether it loses, and whether it is a part of what is wanted.
TAKEN = {
    (False, False): SAID[Way.TAKEN],
    (True, False): TAKEN_AT_A_LOSS,
    (False, True): PART_TAKEN,
    (True, True): PART_TAKEN_AT_A_LOSS,
}
AGES: dict[str, str | Promise] = {
    Standing.BELIEVED: _("believed whole"),
    Standing.BUFFERED: _("its age is kept back"),
    Standing.HIDDEN: _("too old to promise from"),
}


def why(found: Compared, *, quantity: int, more: str) -> str:
    """Say why a stock row is taken or not for so many.

    Shape:  ``more`` is what it costs more than the one taken
    """
    if found.verdict == Way.NOT_CARRIED:
        return found.sentence
    offer, candidate, left = found.row.level.offer, found.row.candidate, found.left
    words = SAID[found.verdict]
    if found.verdict == Way.TAKEN:
        loses, is_part = left is not None and left.loss.amount > 0, found.units < quantity
        words = TAKEN[loses, is_part]
    return str(words) % {
        "units": found.units,
        "loss": as_money(left.loss) if left else "",
        "earned": as_money(left.earned) if left else "",
        "more": more,
        "most": found.most,
        "left": candidate.available if candidate else 0,
        "lacks": offer.missing_evidence,
        "minimum": offer.minimum_quantity,
        "pack": offer.pack_size,
    }
