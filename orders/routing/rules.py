"""Routing rules: draft, activate and retire versions, read the version in force."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce, Greatest

from catalog.models import Channel
from orders.enums import Criterion
from orders.models import RoutingRules
from orders.routing.ranking import DEFAULT_RULES, Rules

Status = RoutingRules.Status


class RulesEndedError(Exception):
    """The rules end before they would go live."""


def current_rules(*, channel: Channel, now: datetime) -> Rules:
    """Return the rules in force; one query.

    Rules with an end date take precedence over others; of equals the rules that began last.
    """
    live = RoutingRules.objects.filter(
        Q(starts_at=None) | Q(starts_at__lte=now),
        Q(ends_at=None) | Q(ends_at__gt=now),
        channel=channel,
        status=Status.LIVE,
    )
    began = Greatest(Coalesce("starts_at", "status_since"), "status_since")
    candidates = live.alias(began=began, ends=Q(ends_at__isnull=False))
    first = candidates.order_by("-ends", "-began", "-version").first()
    return to_rules(first) if first else DEFAULT_RULES


def to_rules(version: RoutingRules) -> Rules:
    """Return the stored version as ``Rules``."""
    return Rules(
        criteria=tuple(map(Criterion, version.criteria)),
        preferred=tuple(version.preferred),
        version=version.version,
        reroutes_rejected=version.reroutes_rejected,
        reassign_after_hours=version.reassign_after_hours,
        min_margin_rate=version.min_margin_rate,
    )


@transaction.atomic
def create_draft(  # noqa: PLR0913 - one row's columns
    *,
    channel: Channel,
    criteria: Sequence[Criterion],
    preferred: Sequence[str] = (),
    reroutes_rejected: bool = True,
    reassign_after_hours: int | None = None,
    min_margin_rate: Decimal | None = Decimal(0),
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    note: str = "",
    actor: str,
    now: datetime,
) -> RoutingRules:
    """Create the next version as a draft. Locks the channel."""
    Channel.objects.select_for_update(of=["self"], no_key=True).get(pk=channel.pk)
    versions = RoutingRules.objects.filter(channel=channel)
    last = versions.aggregate(last=Max("version"))["last"] or 0
    return RoutingRules.objects.create(
        channel=channel,
        version=last + 1,
        status_since=now,
        criteria=list(criteria),
        preferred=list(preferred),
        reroutes_rejected=reroutes_rejected,
        reassign_after_hours=reassign_after_hours,
        min_margin_rate=min_margin_rate,
        starts_at=starts_at,
        ends_at=ends_at,
        note=note[:300],
        created_by=actor[:100],
        created_at=now,
    )


@transaction.atomic
def activate(*, rules: RoutingRules, actor: str, now: datetime) -> None:
    """Activate a draft now, or from its start on.

    Raises: RulesEndedError, InvalidTransitionError, ConcurrentUpdateError
    """
    if rules.ends_at is not None and rules.ends_at <= now:
        raise RulesEndedError(str(rules))
    rules.move(Status.LIVE, at=now, actor=actor, reason="")


@transaction.atomic
def retire(*, rules: RoutingRules, actor: str, now: datetime) -> None:
    """Retire live rules; other live rules or the default apply.

    Raises: InvalidTransitionError, ConcurrentUpdateError
    """
    rules.move(Status.RETIRED, at=now, actor=actor, reason="")
