"""Numbers: parse a number with its thousands and decimal marks, narrow full-width text. Pure."""

import re
from decimal import Decimal

MAX_NUMBER_LENGTH = 60
_SPACES = re.compile(r"(?<=\d)[\s'’](?=\d)")
_NUMBERS = {
    mark: re.compile(rf"[+-]?(?:\d{{1,3}}(?:\{group}\d{{3}})+|\d+)(?:\{mark}\d*)?|[+-]?\{mark}\d+")
    for mark, group in ((".", ","), (",", "."))
}
# Numbers whose form alone shows which decimal mark they have.
_UNAMBIGUOUS = {
    mark: re.compile(
        rf"[+-]?\d{{1,3}}(?:\{group}\d{{3}})+\{mark}\d+|[+-]?\d{{1,3}}(?:\{group}\d{{3}}){{2,}}"
    )
    for mark, group in ((".", ","), (",", "."))
}
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d{1,15})?[eE][+-]?\d{1,2}")
_BELOW_ONE = re.compile(r"[+-]?0[.,]\d+")  # no thousands group begins with a zero
# Full-width letters, digits and marks of Chinese text, and its space and list comma.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3001: ","}
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3}\.\d{3}")
_COMMA_DECIMALS = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})")


class UnreadableError(ValueError):
    """The text has no value of the expected kind, or is ambiguous; the message says why."""


class OutOfRangeError(UnreadableError):
    """The text states a value that the attribute does not allow."""


def narrow(text: str) -> str:
    """Replace the full-width digits, letters and marks of Chinese text with ASCII ones."""
    return text.translate(_FULL_WIDTH)


def parse_decimal(text: str, *, mark: str) -> Decimal:
    """Parse a number.

    With a decimal point, ``12,34`` raises an error: it may mean 12.34 or 1234. A number
    whose form shows its decimal mark, such as ``1.234,56``, is accepted with either mark.
    Shape:  ``mark`` is the decimal mark, a point or a comma; empty if unknown. If it is unknown,
            ``1,234`` is 1234, as in English, and ``1.234`` is ambiguous
    Raises: UnreadableError
    """
    written = _SPACES.sub("", text.strip())
    if len(written) > MAX_NUMBER_LENGTH:
        raise UnreadableError("the number is too long")
    if _SCIENTIFIC.fullmatch(written):
        return Decimal(written)
    if _BELOW_ONE.fullmatch(written):
        return Decimal(written.replace(",", "."))
    if not mark:
        if _AMBIGUOUS.fullmatch(written):
            raise UnreadableError(f"{written} is ambiguous: thousands or decimal separator")
        mark = "," if _COMMA_DECIMALS.fullmatch(written) else "."
    other = "." if mark == "," else ","
    if _NUMBERS[mark].fullmatch(written):
        return Decimal(written.replace(other, "").replace(mark, "."))
    if _UNAMBIGUOUS[other].fullmatch(written):
        return Decimal(written.replace(mark, "").replace(other, "."))
    raise UnreadableError(
        f"{text[:MAX_NUMBER_LENGTH]!r} is not a number with {mark!r} as decimal separator"
    )
