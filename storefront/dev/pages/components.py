"""Component page: show every page component in all its states, in development only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from storefront.dev.pages import samples
from storefront.web.charts import beam, runtime
from storefront.web.core.visit import visit
from storefront.web.orders.lookup import LookupForm

BEAMS = ((250_000, 1000), (22_500, 1800), (2_500, 400), (700, 300), (230, 450), (40, 450))


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    if settings.ENVIRONMENT != "local":
        raise Http404
    now = timezone.now()
    runs = [
        runtime.Run(name=name, output_lm=lumens, runtime_min=minutes)
        for name, lumens, minutes in (("Turbo", 1800, 132), ("Medium", 350, 420), ("Low", 15, 6000))
    ]
    wrong = LookupForm({"number": "", "email": "invalid"})
    wrong.full_clean()
    context = {
        "cards": samples.cards(now),
        "answer": (answer := samples.answer(now.date())),
        "promise": answer.promise,
        "beams": BEAMS,
        "charts": [beam.chart(cd, float(lm)) for cd, lm in BEAMS[1:5:3]],
        "runs": runtime.run_chart(runs),
        "right": LookupForm(auto_id="right_%s"),
        "wrong": wrong,
        "currency": visit(request).channel.currency,
    }
    return render(request, "dev/design.html", context)
