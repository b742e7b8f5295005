"""Unlocalized URLs: route pictures, brand, the sitemap and robots.txt."""

from django.urls import path, re_path

from storefront.web.charts import beam_png
from storefront.web.content import sitemap
from storefront.web.core import media

urlpatterns = [
    path("robots.txt", sitemap.robots, name="robots"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    # /beam/22500-1800.png: candela and lumens
    path("beam/<int:intensity_cd>-<int:output_lm>.png", beam_png.beam_picture, name="beam_picture"),
    re_path(
        r"^guarantee/(?P<digest>[0-9a-f]{64})\.(?:svg|png)$",
        media.guarantee_artwork,
        name="guarantee_artwork",
    ),
    # /brand/: the logo, and the colors that the name holds
    re_path(r"^brand/(?P<digest>[0-9a-f]{64})\.(?:svg|png|webp)$", media.logo, name="logo"),
    re_path(
        r"^brand/(?P<accent>[0-9a-f]{6})-(?P<on_accent>[0-9a-f]{6})\.css$",
        media.brand_colors,
        name="brand_colors",
    ),
    re_path(r"^media/(?P<path>pictures/[\w-]+\.webp)$", media.media, name="media"),
]
