"""The actions by which staff write down what a supplier says to our wish that he stops it."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.cancellation import supplier_answers
from orders.payments import tasks
from storefront.lib.staff.admin import StaffAdmin, action


class StoppingActions(StaffAdmin):
    """What staff do on the page of a purchase order that its supplier is asked to stop."""

    stopping_fits: ClassVar = {
        "he_stopped": supplier_answers.can_stop,
        "he_did_not": supplier_answers.is_asked,
    }
    stopping_refusals: ClassVar = (supplier_answers.NotAskedError,)

    @action(description=_("He stopped it"), icon="block")
    def he_stopped(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)

        def act(_given: object) -> None:
            supplier_answers.stopped(
                purchase_order=purchase_order, actor=str(request.user), now=timezone.now()
            )
            self.wake(request, tasks.settle_payments)

        return self.ask(
            request,
            purchase_order,
            title=gettext("He stopped it"),
            explain=gettext(
                "Only what he told you. Its money goes back, or, where another is to send it, it"
                " is looked for elsewhere: what he ships all the same would come twice."
            ),
            act=act,
            done=gettext("%s is stopped.") % purchase_order,
        )

    @action(description=_("He cannot stop it"), icon="local_shipping")
    def he_did_not(self, request: HttpRequest, object_id: str) -> HttpResponse:
        purchase_order = self.row(request, object_id)
        return self.ask(
            request,
            purchase_order,
            title=gettext("He cannot stop it"),
            explain=gettext(
                "Only what he told you. It comes, and the shopper sees it on the page of the order."
            ),
            act=lambda _given: supplier_answers.not_stopped(
                purchase_order=purchase_order, actor=str(request.user), now=timezone.now()
            ),
            done=gettext("%s goes on.") % purchase_order,
        )
