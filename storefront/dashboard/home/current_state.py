"""Current state: count what is sold out, late, silent or failed at this moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from catalog.listings import stock_cover
from catalog.models import Channel, Listing
from notifications.models import Message
from shipping.models import SilenceCase
from storefront.dashboard.home.feed_freshness import job_freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFigure:
    """A count of rows that are in a state now, with the list that shows them."""

    label: str
    count: int
    of: int | None = None
    explained: str
    link: str

    @property
    def rate(self) -> Decimal | None:
        return Decimal(self.count) / self.of if self.of else None


def load(
    user: AbstractBaseUser | AnonymousUser, *, channel: Channel | None, now: datetime
) -> Iterator[StateFigure]:
    """Yield the figures whose tables the user may view."""
    may_see = getattr(user, "has_perm", lambda _right: False)
    if may_see("catalog.view_listing"):
        yield from _stock(channel, now)
    if may_see("suppliers.view_syncrun"):
        jobs = job_freshness(now=now)
        explained = _("Sync jobs without a success for twice their interval.")
        if successes := [job.applied.started_at for job in jobs if job.applied]:
            oldest = _("The oldest last success is %(age)s old.")
            explained += f" {oldest % {'age': timesince(min(successes), now)}}"
        yield StateFigure(
            label=_("Late supplier syncs"),
            count=sum(job.is_late for job in jobs),
            of=len(jobs),
            explained=explained,
            link=reverse("admin:index") + "#freshness-title",
        )
    if may_see("shipping.view_silencecase"):
        yield StateFigure(
            label=_("Silent parcels"),
            count=SilenceCase.objects.filter(ended_at=None).count(),
            explained=_("Parcels without a tracking update for longer than their limit."),
            link=reverse("admin:shipping_silencecase_changelist") + "?open=yes",
        )
    if may_see("notifications.view_message"):
        failed = Message.Status.FAILED
        yield StateFigure(
            label=_("Failed messages"),
            count=Message.objects.filter(status=failed).count(),
            explained=_("Messages to customers that could not be sent."),
            link=reverse("admin:notifications_message_changelist") + f"?status__exact={failed}",
        )


def _stock(channel: Channel | None, now: datetime) -> Iterator[StateFigure]:
    """Yield the share of sold-out listings, and of those whose stock ends soon."""
    listings = Listing.objects.filter(is_published=True)
    link = reverse("admin:catalog_listing_changelist") + "?is_published__exact=1"
    if channel is not None:
        listings = listings.filter(channel=channel)
        link += f"&channel__id__exact={channel.pk}"
    counts = listings.aggregate(all=Count("pk"), out=Count("pk", filter=Q(available=0)))
    yield StateFigure(
        label=_("Sold out"),
        count=counts["out"],
        of=counts["all"],
        explained=_("Published listings without stock."),
        link=f"{link}&available__exact=0",
    )
    for days, count in stock_cover.count_by_band(channel, now=now).items():
        yield StateFigure(
            label=str(stock_cover.BANDS[days]),
            count=count,
            of=counts["all"],
            explained=_("Published listings, at the sales of four weeks."),
            link=f"{link}&cover={days}",
        )
