"""Routing admin: draft a channel's routing rules, simulate them, activate, retire."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from catalog.models import Channel
from orders.enums import Criterion
from orders.models import RoutingRules
from orders.models.routing import CRITERIA
from orders.routing import labels, simulation
from orders.routing import rules as routing_rules
from orders.routing.ranking import DEFAULT_CRITERIA, Rules
from storefront.lib.clock import midnight
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, confirmed_action
from storefront.lib.text import row_id
from suppliers.models import Supplier

CRITERION_FIELDS = ("step_1", "step_2", "step_3", "step_4", "step_5", "step_6")
DEFAULT_STEPS = dict(zip(CRITERION_FIELDS, DEFAULT_CRITERIA, strict=False))


def _criterion_field(name: str) -> forms.ChoiceField:
    index = CRITERION_FIELDS.index(name)
    return forms.ChoiceField(
        label=labels.PLACES[index],
        help_text=labels.NEXT_CRITERION if index else labels.FIRST_CRITERION,
        choices=[("", _("Nothing")), *((value, capfirst(label)) for value, label in CRITERIA)],
        required=name == CRITERION_FIELDS[0],
        initial=DEFAULT_STEPS.get(name, ""),
        widget=UnfoldAdminSelectWidget,
    )


class RoutingRulesForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A new draft of routing rules."""

    step_1 = _criterion_field("step_1")
    step_2 = _criterion_field("step_2")
    step_3 = _criterion_field("step_3")
    step_4 = _criterion_field("step_4")
    step_5 = _criterion_field("step_5")
    step_6 = _criterion_field("step_6")
    preferred = forms.CharField(required=False, max_length=1_000, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = RoutingRules
        fields = (
            "channel",
            "reroutes_rejected",
            "reassign_after_hours",
            "min_margin_rate",
            "starts_at",
            "ends_at",
            "note",
        )

    field_order = ("channel", *CRITERION_FIELDS, "preferred", *Meta.fields[1:])

    def clean_preferred(self) -> list[str]:
        codes = [code.strip() for code in self.cleaned_data["preferred"].split(",")]
        codes = list(dict.fromkeys(filter(None, codes)))
        known = set(Supplier.objects.filter(code__in=codes).values_list("code", flat=True))
        if unknown := [code for code in codes if code not in known]:
            template = gettext("No supplier with this code: %(codes)s.")
            raise forms.ValidationError(template % {"codes": ", ".join(unknown)}, code="unknown")
        return codes

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        used: set[str] = set()
        for name in CRITERION_FIELDS:
            criterion = values.get(name)
            if criterion and criterion in used:
                self.add_error(
                    name,
                    gettext(
                        "This criterion is already used above. Choose another or leave it empty."
                    ),
                )
            used.add(criterion or "")
        least = values.get("min_margin_rate")
        if least is not None and not 0 <= least < 1:
            self.add_error(
                "min_margin_rate", gettext("Enter a fraction from 0 to below 1. 0.1 is 10 %.")
            )
        starts, ends = values.get("starts_at"), values.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", gettext("The end must be after the start."))
        return values

    @property
    def criteria(self) -> list[Criterion]:
        return [
            Criterion(self.cleaned_data[name])
            for name in CRITERION_FIELDS
            if self.cleaned_data[name]
        ]


Status = RoutingRules.Status
MAX_SHOWN = 100
MAX_PERIOD = timedelta(days=92)
DATE_WIDGET = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PeriodForm(forms.Form):
    """Selects the orders to simulate."""

    since = forms.DateField(label=_("First day"), widget=DATE_WIDGET)
    until = forms.DateField(label=_("Last day"), widget=DATE_WIDGET)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and not timedelta(0) <= until - since <= MAX_PERIOD:
            self.add_error(
                "until", gettext("The last day must be within three months of the first day.")
            )
        return values


@admin.register(RoutingRules)
class RoutingRulesAdmin(StaffAdmin):
    empty_text: ClassVar = labels.NO_RULES
    may_add = True
    add_form = RoutingRulesForm
    groups = labels.RULES_FIELDS
    list_display: ClassVar = [
        "__str__",
        columns.text("channel__name", _("Channel")),
        columns.status("status", _("Status"), waiting=["draft"], final=["retired"]),
        "ranking_criteria",
        "is_in_force",
        columns.age("starts_at", _("Starts")),
        columns.age("ends_at", _("Ends")),
        "created_by",
        "note",
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["channel", "status"]
    ordering: ClassVar = ["channel", "-version"]
    exclude: ClassVar = ["criteria"]
    readonly_fields: ClassVar = [
        "ranking_criteria",
        "minimum_margin",
        "is_in_force",
        columns.status_history,
    ]
    actions_detail: ClassVar = [
        "simulate",
        "preview_with_cart",
        "activate",
        "retire",
        "copy_as_draft",
    ]
    available_if: ClassVar = {
        "activate": lambda row: row.status == Status.DRAFT,
        "retire": lambda row: row.status == Status.LIVE,
    }
    user_errors: ClassVar = (routing_rules.RulesEndedError,)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        like = RoutingRules.objects.filter(pk=row_id(request.GET.get("like", ""))).first()
        if like is None:
            channels = Channel.objects.values_list("pk", flat=True)[:2]
            return {"channel": channels[0], **initial} if len(channels) == 1 else initial
        steps = dict(
            zip(
                CRITERION_FIELDS,
                [*like.criteria, *("" for _step in CRITERION_FIELDS)],
                strict=False,
            )
        )
        return {
            **steps,
            "channel": like.channel_id,
            "preferred": ", ".join(like.preferred),
            "reroutes_rejected": like.reroutes_rejected,
            "reassign_after_hours": like.reassign_after_hours,
            "min_margin_rate": like.min_margin_rate,
            "note": like.note,
        }

    def save_model(
        self, request: HttpRequest, obj: RoutingRules, form: RoutingRulesForm, change: bool
    ) -> None:
        values = form.cleaned_data
        draft = routing_rules.create_draft(
            channel=values["channel"],
            criteria=form.criteria,
            preferred=values["preferred"],
            reroutes_rejected=values["reroutes_rejected"],
            reassign_after_hours=values["reassign_after_hours"],
            min_margin_rate=values["min_margin_rate"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            note=values["note"],
            actor=str(request.user),
            now=timezone.now(),
        )
        obj.pk = draft.pk
        obj.refresh_from_db()

    @admin.display(description=_("Ranking criteria"))
    def ranking_criteria(self, rules: RoutingRules) -> str:
        return labels.summary(routing_rules.to_rules(rules))

    @admin.display(description=_("Minimum margin"))
    def minimum_margin(self, rules: RoutingRules) -> str:
        return labels.min_margin_text(rules.min_margin_rate)

    @admin.display(description=_("Active now"), boolean=True)
    def is_in_force(self, rules: RoutingRules) -> bool:
        current = routing_rules.current_rules(channel=rules.channel, now=timezone.now())
        return current.version == rules.version

    @action(description=_("Simulate"), icon="experiment")
    def simulate(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        rules = self.row(request, object_id)
        yesterday = timezone.now().date() - timedelta(days=1)
        period = request.GET if "since" in request.GET else {"since": yesterday, "until": yesterday}
        form = PeriodForm(period)
        result = None
        if form.is_valid():
            orders = simulation.orders_of_period(
                channel_id=rules.channel_id,
                since=midnight(form.cleaned_data["since"]),
                until=midnight(form.cleaned_data["until"] + timedelta(days=1)),
            )
            result = simulation.simulate(
                rules=routing_rules.to_rules(rules), orders=orders, currency=rules.channel.currency
            )
        return self.render_page(
            request,
            "orders/routing_simulation.html",
            rules,
            title=gettext("Simulate"),
            ranking_criteria=labels.summary(routing_rules.to_rules(rules)),
            form=form,
            found=result,
            sums=_totals(result) if result and result.count else (),
            changed=[
                _as_row(changed_order, result.currency, routing_rules.to_rules(rules))
                for changed_order in result.changed[:MAX_SHOWN]
            ]
            if result
            else (),
        )

    @action(description=_("Open routing simulator"), icon="route", may="view")
    def preview_with_cart(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rules = self.row(request, object_id)
        return HttpResponseRedirect(f"{reverse('supply:routing')}?rules={rules.pk}")

    @confirmed_action(
        description=_("Go live"),
        icon="rocket_launch",
        explain=lambda rules: (
            gettext(
                "From the start time, carts and orders of %(channel)s are routed by: "
                "%(counts)s. Pages update within a minute. Existing orders do not change."
            )
            % {"channel": rules.channel, "counts": labels.summary(routing_rules.to_rules(rules))}
        ),
        done=_("%s is live."),
    )
    def activate(self, request: HttpRequest, rules: RoutingRules, _data: object) -> str | None:
        routing_rules.activate(rules=rules, **acting(request))
        first = routing_rules.current_rules(channel=rules.channel, now=timezone.now())
        if first.version == rules.version:
            return None
        template = gettext("%(rules)s is live. For now, %(first)s takes precedence.")
        return template % {"rules": rules, "first": labels.rules_name(first)}

    @confirmed_action(
        description=_("Retire"),
        icon="do_not_disturb_on",
        explain=_(
            "From now on, orders are routed by the other live rules, or "
            "by the default order if there are none."
        ),
        done=_("%s is retired."),
    )
    def retire(self, request: HttpRequest, rules: RoutingRules, _data: object) -> None:
        routing_rules.retire(rules=rules, **acting(request))

    @action(description=_("Duplicate as draft"), icon="edit_note")
    def copy_as_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rules = self.row(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:orders_routingrules_add')}?like={rules.pk}")


def _totals(result: simulation.SimulationResult) -> list[tuple[str, str, str, str]]:
    """Return the totals before and after, and their differences."""
    before, after = result.before, result.after

    def money(totals: simulation.RoutingTotals, name: str) -> str:
        return columns.as_money(simulation.per_order(getattr(totals, name), result))

    def days(total: int) -> str:
        return columns.as_number(round(Decimal(total) / result.count, 1))

    return [
        (
            gettext("Parcels"),
            str(before.parcels),
            str(after.parcels),
            str(after.parcels - before.parcels),
        ),
        (
            gettext("Landed cost per order"),
            money(before, "cost"),
            money(after, "cost"),
            columns.as_money(simulation.per_order(after.cost - before.cost, result)),
        ),
        (
            gettext("Days until the last parcel arrives"),
            days(before.days),
            days(after.days),
            days(after.days - before.days),
        ),
        (
            gettext("Margin per order"),
            money(before, "margin"),
            money(after, "margin"),
            columns.as_money(simulation.per_order(after.margin - before.margin, result)),
        ),
    ]


def _as_row(change: simulation.ChangedOrder, currency: str, rules: Rules) -> dict[str, Any]:
    cost_difference = change.after.cost - change.before.cost
    least = rules.min_margin_rate
    return {
        "order": change.order,
        "before": ", ".join(change.before_from),
        "after": ", ".join(change.after_from),
        "parcels": change.after.parcels - change.before.parcels,
        "days": change.after.days - change.before.days,
        "cost": columns.as_money(simulation.money(cost_difference, currency)),
        "margin_before": columns.as_money(simulation.money(change.before.margin, currency)),
        "margin_after": columns.as_money(simulation.money(change.after.margin, currency)),
        "excluded": [
            f"{source.location}: {labels.verdict(source.verdict, contribution=source.contribution, least=least)}"
            for source in change.excluded
        ],
    }
