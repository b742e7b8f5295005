"""Status actions: change the status of a product, or of a selection, by buttons."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalog.models import Product
from catalog.readiness import lifecycle
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, confirmed_action

Status = Product.Status
_SUBMIT = (_("Submit for review"), _("Staff check the product before it is published."))
_APPROVE = (_("Approve"), _("The product is checked. It can be published now."))
_PUBLISH = (_("Publish"), _("The product is shown and sold on each channel where it is complete."))
_RETURN = (_("Back to draft"), _("A live product is hidden until it is published again."))
_ARCHIVE = (_("Archive"), _("Its page says that it is no longer sold. Open orders are kept."))


def _detail(texts: tuple[Promise, Promise], *, icon: str, to: str) -> Callable[..., HttpResponse]:
    """Return an action of the product page that asks for confirmation."""
    description, explain = texts

    def move(_admin: Any, request: HttpRequest, product: Product, _data: Any) -> None:
        with transaction.atomic():
            lifecycle.move_product(product=product, to=to, **acting(request))

    move.__name__ = f"to_{to}"
    return confirmed_action(
        description=description, explain=explain, icon=icon, done=_("Status of %s changed.")
    )(move)


def _selected(texts: tuple[Promise, Promise], *, to: str) -> Callable[..., None]:
    """Return an action of the product list."""

    def move(admin: Any, request: HttpRequest, rows: "QuerySet[Product]") -> None:
        ids = list(rows.values_list("pk", flat=True))
        with transaction.atomic():
            moved = lifecycle.change_status(product_ids=ids, to=to, **acting(request))
        if left := len(ids) - len(moved):
            text = ngettext(
                "%(count)d product left as it is: its status or missing values do not allow this.",
                "%(count)d products left as they are: their status or missing values do not"
                " allow this.",
                left,
            )
            admin.message_user(request, text % {"count": left}, messages.WARNING)
        if moved:
            text = ngettext("%(count)d done.", "%(count)d done.", len(moved))
            admin.message_user(request, text % {"count": len(moved)}, messages.SUCCESS)

    move.__name__ = f"selected_to_{to}"
    return action(description=texts[0])(move)


STATUS = columns.status(
    "status", _("Status"), waiting={"draft", "in_review", "ready"}, final={"archived"}
)


_PAGE: Any = ("supply:sale_obstacles", _("Sale"), _("Why is it not for sale?"))
SALE_OBSTACLES = columns.page(*_PAGE, right="suppliers.view_supplieroffer")
SALE_OBSTACLES_OF_VARIANT = columns.page(
    *_PAGE, right="suppliers.view_supplieroffer", of="product_id"
)


class StatusActions(StaffAdmin):
    status_actions: ClassVar = ["submit", "approve", "publish", "return_to_draft", "archive"]
    selection_actions: ClassVar = [f"{name}_selected" for name in status_actions]
    available_if: ClassVar = {
        name: partial(lifecycle.can_move, to=to)
        for name, to in {
            "submit": Status.IN_REVIEW,
            "approve": Status.READY,
            "publish": Status.LIVE,
            "return_to_draft": Status.DRAFT,
            "archive": Status.ARCHIVED,
        }.items()
    }
    submit = _detail(_SUBMIT, icon="rate_review", to=Status.IN_REVIEW)
    approve = _detail(_APPROVE, icon="check", to=Status.READY)
    publish = _detail(_PUBLISH, icon="publish", to=Status.LIVE)
    return_to_draft = _detail(_RETURN, icon="undo", to=Status.DRAFT)
    archive = _detail(_ARCHIVE, icon="archive", to=Status.ARCHIVED)
    submit_selected = _selected(_SUBMIT, to=Status.IN_REVIEW)
    approve_selected = _selected(_APPROVE, to=Status.READY)
    publish_selected = _selected(_PUBLISH, to=Status.LIVE)
    return_to_draft_selected = _selected(_RETURN, to=Status.DRAFT)
    archive_selected = _selected(_ARCHIVE, to=Status.ARCHIVED)
