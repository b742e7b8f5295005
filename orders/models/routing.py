"""Routing model: store the versions of a channel's routing rules."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Channel
from orders.enums import Criterion
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import protected_key, rate_field
from storefront.lib.state_machine import Stateful

CRITERIA = [
    (Criterion.PARCELS.value, _("fewest parcels")),
    (Criterion.COST.value, _("lowest landed cost")),
    (Criterion.DISTANCE.value, _("nearest location")),
    (Criterion.DAYS.value, _("earliest delivery")),
    (Criterion.SCORE.value, _("best supplier score")),
    (Criterion.PREFERENCE.value, _("preferred supplier")),
]


class RoutingRules(Stateful):
    """One version of a channel's routing criteria, most important first.

    Only a draft changes, so each order names the version that routed it. Of the live versions
    whose time has come, one with an end wins over those without, then the one that began last.
    Without any, ``routing.ranking.DEFAULT_RULES`` applies.

    Shape:  ``preferred``: supplier codes, best first; ``reroutes_rejected``: what a supplier
            rejects is bought from another; ``reassign_after_hours``: hours after the promised
            answer until an unconfirmed order is reassigned; ``min_margin_rate``: sources below
            it are used only if no other can ship; 0: no loss, None: no limit
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Active")
        RETIRED = "retired", _("Archived")

    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.LIVE}),
        Status.LIVE: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset(),
    }

    channel = protected_key(
        Channel,
        "routing_rules",
        _("Channel"),
        help_text=_("Orders of this channel are routed by these rules."),
        db_index=False,
    )
    version = models.PositiveIntegerField(_("Version"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField(_("Since"))
    criteria = ArrayField(
        models.CharField(max_length=12, choices=CRITERIA), verbose_name=_("Ranking criteria")
    )
    preferred = ArrayField(
        models.CharField(max_length=30),
        default=list,
        blank=True,
        verbose_name=_("Preferred suppliers"),
        help_text=_(
            "Supplier codes separated by commas, the most preferred first. Used by "
            "the criterion “preferred supplier”."
        ),
    )
    starts_at = models.DateTimeField(
        _("Starts"),
        null=True,
        blank=True,
        help_text=_("UTC. Leave empty to start when the rules go live."),
    )
    ends_at = models.DateTimeField(
        _("Ends"),
        null=True,
        blank=True,
        help_text=_("UTC. The earlier rules then apply again. Leave empty for no end."),
    )
    note = models.CharField(
        _("Note"),
        max_length=300,
        blank=True,
        help_text=_("Purpose of these rules, for other staff."),
    )
    reroutes_rejected = models.BooleanField(
        _("Try another supplier"),
        default=True,
        db_default=True,
        help_text=_(
            "Rejected items are ordered from another supplier. If they arrive later than promised, "
            "the customer is asked first. If off, they are refunded immediately."
        ),
    )
    reassign_after_hours = models.PositiveSmallIntegerField(
        _("Reassign without confirmation after (hours)"),
        null=True,
        blank=True,
        help_text=_(
            "Hours after the confirmation time limit. The supplier is then asked to cancel, and "
            "another supplier is tried. Leave empty to let staff decide."
        ),
    )
    min_margin_rate = rate_field(
        _("Minimum margin"),
        null=True,
        default=Decimal(0),
        help_text=_(
            "A fraction of the price before tax: 0.1 is 10 %. A location with a "
            "lower margin is selected only if no other can ship the line. 0 = no "
            "loss. Leave empty for no minimum."
        ),
    )
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))

    class Meta:
        verbose_name = _("routing rules")
        verbose_name_plural = _("routing rules")
        constraints = [
            unique("routing_version_once", ["channel", "version"]),
            check("routing_status_is_known", Q(status__in=["draft", "live", "retired"])),
            check(
                "routing_criteria_are_known",
                Q(criteria__contained_by=[criterion.value for criterion in Criterion])
                & Q(criteria__len__gte=1),
            ),
            check(
                "routing_ends_after_start",
                Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
            ),
            check(
                "routing_min_margin_is_fraction",
                Q(min_margin_rate=None) | Q(min_margin_rate__gte=0, min_margin_rate__lt=1),
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
