"""Admin theme: define colors and font, link the stylesheet, script and icon."""

from django.http import HttpRequest
from django.templatetags.static import static

AMBER = {
    "50": "#fff8e6",
    "100": "#ffefc7",
    "200": "#ffe09a",
    "300": "#ffd06b",
    "400": "#ffc23d",
    "500": "#d99a12",
    "600": "#8f5f00",
    "700": "#754d00",
    "800": "#5c3d00",
    "900": "#432c00",
    "950": "#2a1b00",
}
NIGHT = {
    "50": "#f7f6f2",
    "100": "#f0eee8",
    "200": "#e2dfd6",
    "300": "#cbc7bb",
    "400": "#a9aebb",
    "500": "#666b78",
    "600": "#474c58",
    "700": "#343945",
    "800": "#232833",
    "900": "#12151d",
    "950": "#0a0c11",
}
FONT = {
    "subtle-light": "var(--color-base-500)",
    "subtle-dark": "var(--color-base-400)",
    "default-light": "var(--color-base-600)",
    "default-dark": "var(--color-base-300)",
    "important-light": "var(--color-base-900)",
    "important-dark": "var(--color-base-100)",
}


def colors(_request: HttpRequest | None = None) -> dict[str, dict[str, str]]:
    return {"base": dict(NIGHT), "primary": dict(AMBER), "font": dict(FONT)}


def stylesheet(_request: HttpRequest) -> str:
    return static("dashboard/staff.css")


def script(_request: HttpRequest) -> str:
    return static("dashboard/staff.js")


def favicon(_request: HttpRequest) -> str:
    return static("web/favicon.svg")
