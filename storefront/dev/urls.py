"""Development URLs: add the mailbox and the component page to the shop's URLs."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import path

from storefront import urls
from storefront.dev.pages import components, mailbox

urlpatterns = [
    *urls.urlpatterns,
    # The e-mails that the shop sent.
    path("dev/mailbox/", mailbox.mailbox, name="mailbox"),
    path("dev/mailbox/<str:name>/", mailbox.letter, name="letter"),
    path("dev/mailbox/<str:name>/html/", mailbox.letter_html, name="letter_html"),
    # Every page component in every state, at /en/design/.
    *i18n_patterns(path("design/", components.design, name="design")),
]

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
