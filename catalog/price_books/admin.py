"""Price book admin: edit a draft, dry-run it, take it live, restore an earlier version."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.listings import tasks as listing_tasks
from catalog.models import PriceBook, PriceRule
from catalog.price_books import dry_run, versions
from catalog.price_books import tasks as price_book_tasks
from catalog.price_books.forms import PriceRuleForm
from catalog.price_books.labels import BOOK_FIELDSETS, NO_BOOKS, NO_RULES, RULE_FIELDSETS
from catalog.pricing import labels
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, confirmed_action
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.list_actions import csv_response

Status = PriceBook.Status


scope_column = admin.display(description=_("Applies to"))(labels.rule_scope)
method_column = admin.display(description=_("Method"))(labels.rule_method)


def _describe_dry_run(book: PriceBook) -> str:
    counts = (book.dry_run_result or {}).get("counts", {})
    return gettext(
        "From now on, all prices of %(channel)s use this price book. The dry run "
        "changed %(moved)d of %(all)d prices and held %(stopped)d for review."
    ) % {
        "channel": book.channel,
        "moved": sum(counts.get(kind, 0) for kind in ("up", "down", "new", "lost")),
        "all": counts.get("variants", 0),
        "stopped": counts.get("stopped", 0),
    }


@admin.register(PriceBook)
class PriceBookAdmin(StaffAdmin):
    empty_text: ClassVar = NO_BOOKS
    editable = ("note", "floor_margin_rate", "max_change_per_run", "max_change_per_day")
    groups = BOOK_FIELDSETS
    list_display: ClassVar = [
        "__str__",
        columns.text("channel__name", _("Channel")),
        columns.status("status", _("Status"), waiting=["draft"], final=["retired"]),
        columns.percent("floor_margin_rate", _("Minimum margin")),
        columns.percent("max_change_per_run", _("Maximum change at once")),
        columns.percent("max_change_per_day", _("Maximum change per day")),
        "created_by",
        columns.age("created_at", _("Created")),
        columns.age("live_at", _("Live since")),
        "note",
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["channel", "status"]
    ordering: ClassVar = ["channel", "-version"]
    exclude: ClassVar = ["dry_run_result", "revision"]
    readonly_fields: ClassVar = [columns.status_history]
    inlines: ClassVar = [
        inline(
            PriceRule,
            "number",
            scope_column,
            method_column,
            "ending",
            "step",
            "starts_at",
            "ends_at",
            "is_promotion",
            related=("category", "brand", "product", "variant"),
            ordering=["number"],
        )
    ]
    actions_detail: ClassVar = ["add_rule", "dry_run", "go_live", "roll_back", "draft_like"]
    available_if: ClassVar = {
        "add_rule": lambda row: row.status == Status.DRAFT,
        "dry_run": lambda row: row.status == Status.DRAFT,
        "go_live": lambda row: row.status == Status.DRAFT,
        "roll_back": lambda row: row.status == Status.RETIRED,
    }
    user_errors: ClassVar = (versions.NotReadyError,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.status == Status.DRAFT
        return is_open and bool(super().has_change_permission(request, obj))

    def save_model(
        self, request: HttpRequest, obj: PriceBook, form: "forms.ModelForm[PriceBook]", change: bool
    ) -> None:
        obj.save(update_fields=list(self.editable))
        versions.clear_dry_run(book=obj)

    @action(description=_("Add rule"), icon="add")
    def add_rule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        book = self.row(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:catalog_pricerule_add')}?book={book.pk}")

    @action(description=_("Dry run"), icon="experiment")
    def dry_run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        book = self.row(request, object_id)
        if request.GET.get("csv"):
            rows = dry_run.export_rows(book=book, now=timezone.now())
            return csv_response(rows, f"{book.channel.code}-v{book.version}-dry-run.csv")
        if request.method == "POST":
            self.wake(request, price_book_tasks.run_dry_run, book_id=book.pk)
            return HttpResponseRedirect(f"{request.path}?requested=1")
        result = book.dry_run_result or {}
        return self.render_page(
            request,
            "catalog/price_books/dry_run.html",
            book,
            title=gettext("Dry run"),
            go_live=reverse("admin:catalog_pricebook_go_live", args=[book.pk]),
            is_requested="requested" in request.GET and not result,
            currency=book.channel.currency,
            result=result,
            moments=[_format_result(part) for part in (result, *result.get("later", ())) if part],
        )

    @confirmed_action(
        description=_("Go live"),
        icon="rocket_launch",
        explain=_describe_dry_run,
        done=_("%s is live. The prices update within a minute."),
    )
    def go_live(self, request: HttpRequest, book: PriceBook, _cleaned_data: object) -> None:
        versions.publish(book=book, **acting(request))
        self.wake(request, listing_tasks.reprice_due_channels)

    @confirmed_action(
        description=_("Restore"),
        icon="history",
        explain=_(
            "The rules and limits of this book become a new version and go live immediately. "
            "Prices that this book set earlier come back without a check of the limits."
        ),
        done=_("The rules of %s are live again as a new version."),
    )
    def roll_back(self, request: HttpRequest, book: PriceBook, _cleaned_data: object) -> None:
        versions.restore(book=book, **acting(request))
        self.wake(request, listing_tasks.reprice_due_channels)

    @action(description=_("Duplicate as draft"), icon="edit_note")
    def draft_like(self, request: HttpRequest, object_id: str) -> HttpResponse:
        book = self.row(request, object_id)
        drafts: list[PriceBook] = []
        answer = self.ask(
            request,
            book,
            title=gettext("Duplicate as draft"),
            explain=gettext("The draft starts with the rules and limits of this book."),
            act=lambda _values: drafts.append(
                versions.create_draft(channel=book.channel, template=book, **acting(request))
            ),
            done=gettext("Draft created. It has no effect until it goes live."),
        )
        return HttpResponseRedirect(self.page_of(drafts[0])) if drafts else answer


@admin.register(PriceRule)
class PriceRuleAdmin(StaffAdmin):
    """Rules can be edited only while their book is a draft."""

    empty_text: ClassVar = NO_RULES
    form = PriceRuleForm
    may_add = True
    may_delete = True
    editable = tuple(PriceRuleForm.Meta.fields)
    groups = RULE_FIELDSETS
    list_display: ClassVar = [
        "__str__",
        columns.text("book__channel__name", _("Channel")),
        columns.link("book", _("Price book")),
        columns.status("book__status", _("Status"), waiting=["draft"], final=["retired"]),
        scope_column,
        method_column,
        "ending",
    ]
    list_select_related: ClassVar = ["book__channel", "category", "brand", "product", "variant"]
    list_filter: ClassVar = ["book__channel", "book__status"]
    search_fields: ClassVar = ["supplier_code", "brand__name", "variant__sku", "product__title"]
    ordering: ClassVar = ["-book", "number"]
    autocomplete_fields: ClassVar = ["product", "variant", "brand"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        book_id = request.GET.get("book", "")
        drafts = PriceBook.objects.filter(status=Status.DRAFT).order_by("-pk")
        book = drafts.filter(pk=book_id).first() if book_id.isdigit() else drafts.first()
        if book is None:
            return {"number": 1}
        last = book.rules.aggregate(last=Max("number"))["last"] or 0
        return {"book": book.pk, "number": last + 1, "ending": "0.99"}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.book.status == Status.DRAFT
        return is_open and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is not None and obj.book.status == Status.DRAFT
        return is_open and bool(super().has_delete_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["book"] if obj is not None else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceRule]:
        rows: QuerySet[PriceRule] = super().get_queryset(request)
        return rows.select_related("book__channel")

    def save_model(
        self, request: HttpRequest, obj: PriceRule, form: "forms.ModelForm[PriceRule]", change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        versions.clear_dry_run(book=obj.book)

    def delete_model(self, request: HttpRequest, obj: PriceRule) -> None:
        super().delete_model(request, obj)
        versions.clear_dry_run(book=obj.book)


def _format_result(result: Mapping[str, Any]) -> dict[str, Any]:
    rows = [dict(zip(dry_run.HEADINGS, row, strict=True)) for row in result["largest"]]
    return {
        "at": parse_datetime(result["at"]) if "at" in result else None,
        "counts": result["counts"],
        "margins": [
            labels.format_percent(result[f"margin_{when}"]) for when in ("before", "after")
        ],
        "outcomes": [(labels.step_label(code), many) for code, many in result["outcomes"].items()],
        "largest": [{**row, "outcome": labels.step_label(row["outcome"])} for row in rows],
    }
