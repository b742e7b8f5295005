"""Dashboard models: store inbox assignments, broken invariants, check runs and default groups."""

from django.contrib.auth.models import Group
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique


class InboxAssignment(models.Model):
    """The assignee of an inbox row; ``cause`` is the code of its rule, ``row`` its id."""

    cause = models.SlugField(_("Issue"), max_length=40, db_index=False)
    row = models.BigIntegerField(_("Record number"))
    by = models.CharField(_("By"), max_length=100)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = [unique("inbox_assignment_once", ["cause", "row"])]

    def __str__(self) -> str:
        return f"{self.cause} {self.row}"


class InvariantViolation(models.Model):
    """An invariant violated since ``since``; ``rows`` are the first of ``count`` violations."""

    code = models.CharField(_("Code"), max_length=60, unique=True)
    sentence = models.CharField(_("Rule"), max_length=300)
    count = models.PositiveIntegerField(_("Quantity"))
    rows = models.JSONField(_("First violations"), encoder=DjangoJSONEncoder)
    since = models.DateTimeField(_("Since"))
    seen_at = models.DateTimeField(_("Last seen"))

    class Meta:
        verbose_name = _("failed integrity check")
        verbose_name_plural = _("failed integrity checks")

    def __str__(self) -> str:
        return self.code


class InvariantCheckRun(models.Model):
    """A check of all invariants.

    ``newest_unpublished_supply`` is the newest id in ``PendingPublication``, whose rows have no
    timestamps: it shows how old they are.
    """

    at = models.DateTimeField(_("When"))
    newest_unpublished_supply = models.BigIntegerField(
        _("Newest supply change to publish"), default=0
    )

    class Meta:
        verbose_name = _("integrity check run")
        verbose_name_plural = _("integrity check runs")
        indexes = [models.Index(fields=["at"], name="checkup_by_time")]

    def __str__(self) -> str:
        return str(self.at)


class DefaultGroup(models.Model):
    """A staff group that the shop came with; ``name`` is its key in ``login.groups.GROUPS``.

    ``permissions`` are those that releases have given it, as ``app.codename``. A release adds each
    permission once, so that it does not give back what staff took away. A row without a group
    remembers that staff deleted it, or had groups of their own before.
    """

    group = models.OneToOneField(
        Group, models.SET_NULL, null=True, related_name="+", verbose_name=_("Group")
    )
    name = models.CharField(_("Name"), max_length=40, unique=True)
    permissions = models.JSONField(_("Permissions"), default=list)

    class Meta:
        verbose_name = _("default group")
        verbose_name_plural = _("default groups")

    def __str__(self) -> str:
        return self.name
