"""What has no language: pictures, rules for robots, the mailbox of development."""

from __future__ import annotations

from django.urls import path, re_path

from storefront.web import beam_pictures, mailbox, media, seo

urlpatterns = [
    path("robots.txt", seo.robots, name="robots"),
    path("sitemap.xml", seo.sitemap, name="sitemap"),
    # /beam/22500-1800.png: candela and lumens
    path(
        "beam/<int:intensity_cd>-<int:output_lm>.png",
        beam_pictures.beam_picture,
        name="beam_picture",
    ),
    re_path(r"^media/(?P<path>pictures/[\w-]+\.webp)$", media.media, name="media"),
    # /dev/mailbox/: what the shop mailed, while it is developed
    path("dev/mailbox/", mailbox.mailbox, name="mailbox"),
    path("dev/mailbox/<str:name>/", mailbox.letter, name="letter"),
    path("dev/mailbox/<str:name>/html/", mailbox.letter_html, name="letter_html"),
]
