"""Go-live pages: show the checklist, switch on the background work of a restored database."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from storefront.accounts import security_log
from storefront.dashboard import staff_page
from storefront.dashboard.go_live import checklist
from storefront.identity import live_database

SWITCH_ON = "identity.change_livedatabase"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    staff_page.require(request, "identity.view_shopidentity")
    steps = checklist.steps(now=timezone.now())
    return staff_page.render(
        request,
        "dashboard/go_live/checklist.html",
        title=_("Go-live checklist"),
        steps=steps,
        missing_count=sum(step.state is checklist.State.MISSING for step in steps),
        warning_count=sum(step.state is checklist.State.WARNING for step in steps),
        is_paused=any(step.code == "database" and step.is_open for step in steps),
        may_switch_on=request.user.has_perm(SWITCH_ON),
    )


@require_POST
def switch_on(request: HttpRequest) -> HttpResponse:
    """Let workers send and order from this database. Repeated or late, it changes nothing."""
    staff_page.require(request, SWITCH_ON)
    actor = str(request.user.get_username())
    if live_database.switch_on(actor=actor, now=timezone.now()):
        security_log.record(
            security_log.Event.BACKGROUND_WORK, actor=request.user, change="switched on"
        )
        messages.success(
            request,
            _(
                "Background work is switched on. Orders from before are looked up at their"
                " suppliers before anything is sent."
            ),
        )
    else:
        messages.info(request, _("Background work was switched on already."))
    return HttpResponseRedirect(reverse("supply:go_live"))
