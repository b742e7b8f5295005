"""Quarantine labels: name the form fields of thresholds and the fields of a run."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group, Words
from suppliers.quarantine.guards import USUAL


def _limit(name: str, label: Words, words: Words) -> Field:
    """Return a form field whose help text ends with the default."""
    usual = format_lazy(_("Empty: {usual}, as for everybody."), usual=getattr(USUAL, name))
    return Field(label, format_lazy("{} {}", words, usual))


LIMITS = (
    Group(
        _("Whose feeds"),
        {
            "supplier": Field(
                _("Supplier"), _("These limits are for his feeds alone; each supplier has one set.")
            )
        },
    ),
    Group(
        _("When a feed waits because of its rows"),
        {
            "lost_percent": _limit(
                "lost_percent",
                _("Missing rows (max. %)"),
                _("If more rows that we know are gone, and more than 3, the feed waits for you."),
            ),
            "bad_percent": _limit(
                "bad_percent",
                _("Invalid rows (max. %)"),
                _("If more rows cannot be read, the feed waits for you."),
            ),
            "twice_percent": _limit(
                "twice_percent",
                _("Duplicate rows (max. %)"),
                _("If more rows come twice with different values, the feed waits for you."),
            ),
            "stale_h": _limit(
                "stale_h",
                _("The newest row may be old, hours"),
                _("If even the newest row of a file is older, the feed waits; 0 never asks."),
            ),
        },
    ),
    Group(
        _("When a feed waits because of its stock"),
        {
            "emptied_percent": _limit(
                "emptied_percent",
                _("Zeroed stock rows (max. %)"),
                _("If more of the rows with units are empty at once, the feed waits for you."),
            ),
            "soared_percent": _limit(
                "soared_percent",
                _("Surged stock rows (max. %)"),
                _("If more rows rise steeply at once, the feed waits for you."),
            ),
            "soar_factor": _limit(
                "soar_factor",
                _("Stock surge factor"),
                _("What counts as steeply: 10 means from 5 units to 50 or more."),
            ),
        },
    ),
    Group(
        _("When a feed waits because of its costs"),
        {
            "jumped_percent": _limit(
                "jumped_percent",
                _("Price outliers (max. %)"),
                _("If more costs jump at once, the feed waits; a single one is held alone."),
            ),
            "jump_factor": _limit(
                "jump_factor",
                _("Price outlier factor"),
                _("What counts as a jump: 10 means from 5 to 50 or more, or to 0.50 or less."),
            ),
            "above_price_percent": _limit(
                "above_price_percent",
                _("Costs above our net price (max. %)"),
                _("If more goods on sale would cost more than we ask, the feed waits for you."),
            ),
        },
    ),
    Group(
        _("What staff are told"),
        {
            "risen_percent": _limit(
                "risen_percent",
                _("Cost increase alert above (%)"),
                _("The cost counts all the same; it stands among the alerts for a week."),
            ),
            "decide_within_h": _limit(
                "decide_within_h",
                _("Staff decide about a feed within, hours"),
                _("A feed that waits longer for a decision is a finding of the invariants."),
            ),
        },
    ),
)


# Fields of a run

RUN: Mapping[str, Field] = {
    "supplier": Field(_("Supplier")),
    "kind": Field(_("What was read")),
    "problem": Field(_("Problem")),
    "started_at": Field(_("Started")),
    "ended_at": Field(_("Ended")),
}
COUNTS: Mapping[str, Field] = {
    "read": Field(_("Rows read")),
    "created": Field(_("New ones taken in")),
    "updated": Field(_("Changed ones taken in")),
    "unchanged": Field(_("As we knew them")),
    "gone": Field(_("Discontinued")),
    "rejected": Field(_("Not taken in")),
    "remaining": Field(_("Left to the next run")),
}
DECIDED: Mapping[str, Field] = {
    "decided_by": Field(_("Decided by")),
    "believed_by": Field(_("Vouched for beforehand by")),
}
PLUMBING: Mapping[str, Field] = {
    "status_since": Field(_("In this state since")),
    "lease_until": Field(_("Given up if still open at")),
}
# Keys of the profile, as ``evaluation`` writes them.
JUDGED: Mapping[str, Words] = {
    "rows": _("Rows that can be used"),
    "twice": _("Told twice"),
    "moved": _("Costs that move"),
    "jumped": _("Costs that jump"),
    "listed": _("Listed variants with a cost in it"),
    "above_price": _("Of those, above our price"),
    "stocked": _("Stock rows with units"),
    "emptied": _("Of those, emptied"),
    "newest": _("Newest row"),
}
PROFILE: Mapping[str, Words] = {
    **JUDGED,
    "soared": _("Of those, soaring"),
    "newest_rows": _("Some of the newest rows"),
    "said_at": _("The file was made"),
    "as_of": _("Stock confirmed at"),
    "columns": _("Columns of the file"),
    "kinds": _("What stands in them"),
    "read_by": _("Key of the mapping"),
    "names_changes": _("It names only what changed"),
    "is_part": _("Only a part was applied"),
}
