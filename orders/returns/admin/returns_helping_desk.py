"""What staff do for a shopper who telephones about a return that is open already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import ReturnAuthorization
from orders.returns import authorizations, forms
from storefront.lib.staff.admin import StaffAdmin, action

Status = ReturnAuthorization.Status


class HelpingActions(StaffAdmin):
    """What he could do himself on the page of his order."""

    help_fits: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "note_answer": lambda row: row.status == Status.NEEDS_EVIDENCE,
        "note_sent": lambda row: (
            not row.is_kept and row.status in authorizations.SENDABLE | {Status.IN_TRANSIT}
        ),
        "call_off": lambda row: row.status in authorizations.BEFORE_IT_LEFT,
    }

    @action(description=_("The shopper answered"), icon="chat")
    def note_answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self.ask(
            request,
            row,
            title=gettext("The shopper answered"),
            explain=gettext("What he says stands with what he wrote, and you look at it again."),
            form_class=forms.SaidForm,
            act=lambda given: authorizations.add_words(
                authorization=row,
                words=given["words"],
                actor=str(request.user),
                now=timezone.now(),
            ),
            done=gettext("It is written down."),
        )

    @action(description=_("The shopper has sent it"), icon="outbox")
    def note_sent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self.ask(
            request,
            row,
            title=gettext("The shopper has sent it"),
            explain=gettext("With the number of its parcel, which proves it, it can be paid."),
            form_class=forms.SentForm,
            initial={"carrier": row.carrier, "tracking_number": row.tracking_number},
            act=lambda given: authorizations.sent(
                authorization=row, actor=str(request.user), now=timezone.now(), **given
            ),
            done=gettext("It is written down."),
        )

    @action(description=_("The shopper keeps it after all"), icon="cancel")
    def call_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)
        return self.ask(
            request,
            row,
            title=gettext("The shopper keeps it after all"),
            explain=gettext("The return is canceled: nothing goes back, and nothing is paid back."),
            act=lambda _given: authorizations.cancel(
                authorization=row, actor=str(request.user), now=timezone.now()
            ),
            done=gettext("%s is canceled.") % row,
        )
