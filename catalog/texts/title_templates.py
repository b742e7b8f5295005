"""Title templates: check the title template of a family, make a title from it. Pure.

A template is a text with fields in braces: ``{brand} {model}, {kind}, {output_lm} lm, {charging}``.
Its parts are separated by commas. A part that names an unknown or missing attribute is left out.
"""

import re
from collections.abc import Collection, Mapping

from catalog.attributes.families import FamilyKind

# Fields made of the stored title and the brand. If one is empty, the rest of its part stays.
TITLE_FIELDS = ("brand", "model", "kind", "figures", "pack")
# Kind of a family -> templates of a new shop.
DEFAULT_TEMPLATES: Mapping[str, Mapping[str, str]] = {
    **{
        kind: {
            "en": "{brand} {model} {kind}, {figures}",
            "az": "{brand} {model}, {kind}, {figures}",
        }
        for kind in FamilyKind
    },
    FamilyKind.LIGHT: {
        "en": "{brand} {model} {kind}, {output_lm} lm, {charging}",
        "az": "{brand} {model}, {kind}, {output_lm} lm, {charging}",
    },
}
_PACK = "{pack}"
MAX_TEMPLATE = 200
MAX_TITLE = 150
_FIELD = re.compile(r"\{([^{}]*)\}")


class TemplateError(ValueError):
    """A template that cannot be used. ``code`` says why, ``text`` is the part that is wrong."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


def check_template(template: str, *, attributes: Collection[str]) -> None:
    """Check a template. ``attributes`` are the codes that it may name beside ``TITLE_FIELDS``.

    Raises: TemplateError  with the code ``braces``, ``unknown_field`` or ``no_name``
    """
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        raise TemplateError("braces")
    names = _FIELD.findall(template)
    for name in names:
        if name not in {*TITLE_FIELDS, *attributes}:
            raise TemplateError("unknown_field", name)
    if not {"model", "kind"} & {*names}:
        raise TemplateError("no_name")


def make_title(template: str, values: Mapping[str, str]) -> str:
    """Return the title of a product; ``values`` maps fields to texts, without unknown values.

    A part that repeats words of an earlier one is left out: model names may end in ``USB-C``. A pack
    size is always named.
    """
    if _PACK not in template:
        template = f"{template}, {_PACK}"
    shown: list[str] = []
    for part in template.split(","):
        text = _fill(part, values)
        if text and not any(f" {text} " in f" {earlier} " for earlier in shown):
            shown.append(text)
    return ", ".join(shown)[:MAX_TITLE].strip(" ,")


def _fill(part: str, values: Mapping[str, str]) -> str:
    names = _FIELD.findall(part)
    if any(name not in TITLE_FIELDS and not values.get(name) for name in names):
        return ""
    if names and not any(values.get(name) for name in names):
        return ""
    filled = _FIELD.sub(lambda match: values.get(match[1], ""), part)
    return " ".join(filled.split())
