"""Change request admin: show what suppliers change in live products, accept or reject it."""

from collections.abc import Callable
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from catalog.change_requests import decisions
from catalog.change_requests.differences import (
    Difference,
    find_differences,
    label_of_field,
    text_of,
)
from catalog.models import ChangeRequest
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action
from storefront.lib.state_machine import ConcurrentUpdateError

SEEN = "seen-"  # prefix of the inputs of the list that hold the shown version of each request
_DECISIONS: dict[str, Callable[..., list[str]]] = {
    "accept": decisions.accept,
    "reject": decisions.reject,
}


@admin.display(description=cast("str", gettext_lazy("Changes")))
def differences(request: ChangeRequest) -> SafeString:
    """Show the changes of one request as "label: old → new", for the list.

    The version that is shown is part of the form, so that no later change is accepted unseen.
    """
    return format_html(
        '<ul class="change-details">{}</ul><input type="hidden" name="{}{}" value="{}">',
        format_html_join("", "<li><b>{}</b> {} → {}</li>", map(_line, find_differences(request))),
        SEEN,
        request.pk,
        decisions.version_of(request),
    )


def _line(one: Difference) -> tuple[str, SafeString, SafeString]:
    return one.label, one.old, one.new


@admin.display(description=cast("str", gettext_lazy("Changes")))
def decision_table(request: ChangeRequest) -> SafeString:
    """Show each change with its buttons, which belong to ``change_request_form.html``."""
    rows = format_html_join(
        "",
        "<tr><th scope=row>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (one.label, one.old, one.new, _buttons(one, may_decide=request.may_decide))  # type: ignore[attr-defined]  # set by get_object
            for one in find_differences(request)
        ),
    )
    return format_html(
        '<div class="today-scroll" tabindex="0" role="group" aria-label="{}">'
        '<table class="staff-pairs change-table"><thead><tr><td></td><th scope=col>{}</th>'
        "<th scope=col>{}</th><td></td></tr></thead>{}</table></div>",
        _("Changes"),
        _("In the catalog"),
        _("Stated by the supplier"),
        rows,
    )


def _buttons(one: Difference, *, may_decide: bool) -> SafeString:
    if one.is_locked:
        return format_html("{}", _("Locked: edited by staff"))
    if not may_decide:
        return SafeString("")
    texts = {"accept": _("Accept"), "reject": _("Reject")}
    return format_html_join(
        " ",
        '<button type="submit" form="change-request-form" name="{}" value="{}"'
        ' aria-label="{}" class="cursor-pointer underline">{}</button>',
        ((step, one.field, f"{text}: {one.label}", text) for step, text in texts.items()),
    )


@admin.display(description=cast("str", gettext_lazy("Rejected values")))
def rejected_values(request: ChangeRequest) -> SafeString | None:
    if not request.rejected:
        return None
    return format_html(
        "<ul>{}</ul>",
        format_html_join(
            "",
            "<li>{}: {} ({})</li>",
            (
                (label_of_field(name), text_of(name, entry["value"])[:200], entry["actor"])
                for name, entry in request.rejected.items()
            ),
        ),
    )


@admin.register(ChangeRequest)
class ChangeRequestAdmin(StaffAdmin):
    change_form_outer_after_template = "catalog/change_requests/change_request_form.html"
    empty_text = gettext_lazy(
        "No open change requests. Suppliers' changes of live products appear here."
    )
    list_display: ClassVar = [
        columns.text("product__title", gettext_lazy("Product")),
        "supplier_code",
        differences,
        columns.age("opened_at", gettext_lazy("Since")),
    ]
    list_select_related: ClassVar = ["product__brand", "product__category", "product__spec"]
    list_filter: ClassVar = ["supplier_code"]
    search_fields: ClassVar = ["product__title"]
    ordering: ClassVar = ["opened_at", "id"]
    list_per_page = 25
    exclude: ClassVar = ["changes", "rejected"]
    fieldsets: ClassVar = [
        (None, {"fields": ["product", "supplier_code", decision_table, rejected_values]}),
        (gettext_lazy("System information"), {"fields": ["opened_at", "updated_at"]}),
    ]
    actions: ClassVar = ["accept_selected", "reject_selected"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ChangeRequest]":
        rows: QuerySet[ChangeRequest] = super().get_queryset(request)
        return rows.exclude(changes={}).prefetch_related(
            *("product__modes", "product__images", "product__variants")
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a request that knows whether the user may decide about it."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            row.may_decide = self.has_act_permission(request)
        return row

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.decide_view))
        name = "catalog_changerequest_decide"
        return [path("<int:object_id>/decide/", view, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None and self.has_view_permission(request):
            return self._answer_decided(request)
        shown = {"seen": decisions.version_of(row), "may_decide": row.may_decide} if row else {}
        page: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **shown}
        )
        return page

    def decide_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Accept or reject one field, or all; then show what is left, or the list."""
        if not self.has_act_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(object_id))
        if row is None:
            return self._answer_decided(request)
        step = next((name for name in _DECISIONS if name in request.POST), "")
        name = request.POST.get(step, "")
        if not step or (name and name not in row.changes):
            raise Http404
        chosen = {name} if name else None
        seen = request.POST.get("seen", "")
        try:
            with transaction.atomic():
                decided = _DECISIONS[step](request=row, fields=chosen, seen=seen, **acting(request))
        except ConcurrentUpdateError as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        else:
            if decided:
                self.message_user(request, _DONE[step], messages.SUCCESS)
            row.product.refresh_from_db(fields=["overridden_fields"])
            kept = ({name} if name else {*row.changes}) & {*row.product.overridden_fields}
            if names := ", ".join(label_of_field(each) for each in sorted(kept - {*decided})):
                message = _(
                    "Not changed, because the fields are locked: %(names)s. Return a field to the"
                    " suppliers to accept their value."
                )
                self.message_user(request, message % {"names": names}, messages.WARNING)
        is_open = self.get_queryset(request).filter(pk=row.pk).exists()
        to = self.page_of(row) if is_open else reverse("admin:catalog_changerequest_changelist")
        return HttpResponseRedirect(to)

    def _answer_decided(self, request: HttpRequest) -> HttpResponse:
        text = _("This change request is not open anymore: its changes are decided or withdrawn.")
        self.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:catalog_changerequest_changelist"))

    @action(description=gettext_lazy("Accept all changes"))
    def accept_selected(self, request: HttpRequest, rows: "QuerySet[ChangeRequest]") -> None:
        self._decide_each(request, rows, step="accept")

    @action(description=gettext_lazy("Reject all changes"))
    def reject_selected(self, request: HttpRequest, rows: "QuerySet[ChangeRequest]") -> None:
        self._decide_each(request, rows, step="reject")

    def _decide_each(
        self, request: HttpRequest, rows: "QuerySet[ChangeRequest]", *, step: str
    ) -> None:
        requests = list(rows)
        left = 0
        for row in requests:
            # A request of another page of the list was not shown.
            seen = request.POST.get(f"{SEEN}{row.pk}", "")
            try:
                with transaction.atomic():
                    _DECISIONS[step](request=row, fields=None, seen=seen, **acting(request))
            except ConcurrentUpdateError:
                left += 1
        if left:
            text = ngettext(
                "%(count)d request not decided: it has changed since, or this page did not show it."
                " Look at it first.",
                "%(count)d requests not decided: they have changed since, or this page did not show"
                " them. Look at them first.",
                left,
            )
            self.message_user(request, text % {"count": left}, messages.WARNING)
        if count := len(requests) - left:
            text = ngettext("%(count)d request decided.", "%(count)d requests decided.", count)
            self.message_user(request, text % {"count": count}, messages.SUCCESS)


_DONE: dict[str, Any] = {
    "accept": gettext_lazy("Accepted. The product shows the new value."),
    "reject": gettext_lazy("Rejected. If the supplier states another value, a new request opens."),
}
