"""Scorecard models: store observations, latencies, and the daily measures made of them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import cascading_key, protected_key
from suppliers.models.supplier import Supplier


class ScorecardFact(models.Model):
    """One observation of a supplier's performance. Append-only.

    ``subject`` names what was observed, such as ``purchase_order:FL-…``: a fact recorded twice
    about a subject is one row.
    """

    class Kind(models.TextChoices):
        # seconds from our order to its acknowledgement
        ACKNOWLEDGED = "acknowledged", _("Time to order confirmation (s)")
        # seconds from the acknowledgement to the first carrier scan
        SCANNED = "scanned", _("Time to first carrier scan (s)")
        # 1: had the stock that its feed showed; 0: rejected as out of stock
        PROMISED = "promised", _("Stock was available as reported")
        # 1: the line shipped; 0: rejected as out of stock
        FILLED = "filled", _("Line shipped")
        # 1: shipped; 0: canceled or rejected, for any reason
        FINISHED = "finished", _("Order completed")
        ARRIVED = "arrived", _("Parcel delivered")  # 1: arrived; 0: returned to sender
        # units that the feed showed when the line was rejected
        SHORT = "short", _("Units reported but not available")
        # number of known costs on that day
        COSTS_KNOWN = "costs_known", _("Known costs")

    supplier = protected_key(Supplier, "facts", _("Supplier"), db_index=False)
    kind = models.CharField(_("Type"), max_length=12, choices=Kind)
    subject = models.CharField(_("Subject"), max_length=60)
    value = models.DecimalField(_("Value"), max_digits=14, decimal_places=3)
    happened_at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("scorecard event")
        verbose_name_plural = _("scorecard events")
        constraints = [
            models.UniqueConstraint(fields=["supplier", "kind", "subject"], name="fact_seen_once")
        ]
        indexes = [models.Index(fields=["supplier", "happened_at"], name="fact_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.value}"


class LatencyBucket(models.Model):
    """A latency histogram bucket: calls of one day answered within ``le_ms``.

    ``le_ms`` is one of ``scorecards.statistics.BUCKETS_MS``; 0 counts calls without answer.
    """

    supplier = cascading_key(Supplier, "latency_buckets", _("Supplier"), db_index=False)
    on = models.DateField(_("Date"))
    le_ms = models.PositiveIntegerField(_("At most (ms)"))
    count = models.PositiveIntegerField(_("Calls"))

    class Meta:
        verbose_name = _("response time histogram")
        verbose_name_plural = _("response time histograms")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "on", "le_ms"], name="response_times_once_per_bucket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} within {self.le_ms} ms on {self.on}"


class Scorecard(models.Model):
    """One measure of one supplier over the 30 days that end with ``on``.

    Computed from facts alone, so it can be recomputed. A rate is ``good`` of ``sample`` with
    Wilson bounds; a time is the median in the measure's unit, with ``tail`` as 90th percentile.
    A bound is empty if the sample is too small.
    """

    class Measure(models.TextChoices):
        FILL_RATE = "fill_rate", _("Fill rate")
        STOCK_ACCURACY = "stock_accuracy", _("Stock accuracy")
        CANCELLATION_RATE = "cancellation_rate", _("Canceled by supplier")
        RETURN_RATE = "return_rate", _("Returned parcels")
        ACKNOWLEDGE_TIME = "acknowledge_time", _("Time to order confirmation")
        FIRST_SCAN_TIME = "first_scan_time", _("Time to first carrier scan")
        STOCK_AGE = "stock_age", _("Age of stock data")
        FEED_SUCCESS = "feed_success", _("Successful sync runs")
        COST_STABILITY = "cost_stability", _("Cost stability")
        ANSWER_TIME = "answer_time", _("API response time")
        ANSWERED = "answered", _("Answered API calls")

    supplier = protected_key(Supplier, "scorecards", _("Supplier"), db_index=False)
    measure = models.CharField(_("Metric"), max_length=20, choices=Measure)
    on = models.DateField(_("Date"))
    sample = models.PositiveIntegerField(_("Sample size"))
    good = models.PositiveIntegerField(_("Good"), null=True)
    value = models.DecimalField(_("Value"), max_digits=16, decimal_places=4)
    low = models.DecimalField(_("Lower bound"), max_digits=16, decimal_places=4, null=True)
    high = models.DecimalField(_("Upper bound"), max_digits=16, decimal_places=4, null=True)
    tail = models.DecimalField(_("90th percentile"), max_digits=16, decimal_places=4, null=True)

    class Meta:
        verbose_name = _("scorecard metric")
        verbose_name_plural = _("scorecard metrics")
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "measure", "on"], name="scorecard_once_per_day"
            ),
            models.CheckConstraint(condition=Q(sample__gte=1), name="scorecard_has_a_sample"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} of {self.supplier} on {self.on}"


LESS_IS_BETTER = frozenset(
    {
        Scorecard.Measure.CANCELLATION_RATE,
        Scorecard.Measure.RETURN_RATE,
        Scorecard.Measure.ACKNOWLEDGE_TIME,
        Scorecard.Measure.FIRST_SCAN_TIME,
        Scorecard.Measure.STOCK_AGE,
        Scorecard.Measure.ANSWER_TIME,
    }
)
