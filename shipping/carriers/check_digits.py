"""Check digits: verify the last character of tracking numbers by the carriers' rules. Pure.

Each rule gets the checked characters and the check digit that follows them.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import cycle
from types import MappingProxyType

from stdnum import luhn
from stdnum.iso7064 import mod_37_36

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_S10_SPECIAL = {10: 0, 11: 5}
_CORREOS_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


def is_valid(rule: str, checked: str, digit: str) -> bool:
    """Return whether the check digit fits. ``rule`` is a key of ``RULES``."""
    return RULES[rule](checked) == digit


def _sum(values: Iterable[int], weights: Iterable[int]) -> int:
    return sum(value * weight for value, weight in zip(values, weights, strict=False))


def _digits(text: str) -> list[int]:
    return [int(char) for char in text]


def _ups_values(text: str) -> list[int]:
    """Map letters to 2 … 9, 0, 1, … as UPS does; A is 2."""
    return [int(char) if char.isdigit() else (ord(char) - 3) % 10 for char in text]


def _complement(total: int) -> str:
    return str(-total % 10)


def _gs1(text: str) -> str:
    """GS1 and USPS IMpb: weights 3, 1 from the right."""
    return _complement(_sum(_digits(text[::-1]), cycle((3, 1))))


def _gls(text: str) -> str:
    """GLS: as GS1, the sum starts at 1."""
    return _complement(_sum(_digits(text[::-1]), cycle((3, 1))) + 1)


def _s10(text: str) -> str:
    """UPU S10: weights 8, 6, 4, 2, 3, 5, 9, 7, modulo 11."""
    rest = 11 - _sum(_digits(text), _S10_WEIGHTS) % 11
    return str(_S10_SPECIAL.get(rest, rest))


def _ups(text: str) -> str:
    """UPS: weights 1, 2 from the left."""
    return _complement(_sum(_ups_values(text), cycle((1, 2))))


def _fedex(text: str) -> str:
    """FedEx Express: weights 1, 3, 7 from the right, modulo 11, then modulo 10."""
    return str(_sum(_digits(text[::-1]), cycle((1, 3, 7))) % 11 % 10)


def _identcode(text: str) -> str:
    """Identcode of Deutsche Post: weights 4, 9 from the left."""
    return _complement(_sum(_digits(text), cycle((4, 9))))


def _evri(text: str) -> str:
    """Evri: weights 2, 1 from the left; the check digit is the last digit of the sum."""
    return str(_sum(_ups_values(text), cycle((2, 1))) % 10)


def _correos(text: str) -> str:
    """Correos: the sum of the character codes, modulo 23, selects a letter."""
    return _CORREOS_LETTERS[sum(map(ord, text)) % len(_CORREOS_LETTERS)]


def _ontrac(lead: str) -> Callable[[str], str]:
    """OnTrac: as UPS, with the letter's digit in front."""
    return lambda text: _ups(text if text.startswith(lead) else lead + text)


def _dpd(text: str) -> str:
    """DPD: ISO 7064, modulo 37, 36."""
    return str(mod_37_36.calc_check_digit(text))


RULES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "correos": _correos,
        "dpd": _dpd,
        "evri": _evri,
        "fedex": _fedex,
        "gls": _gls,
        "gs1": _gs1,
        "identcode": _identcode,
        "luhn": lambda text: str(luhn.calc_check_digit(text)),
        "mod7": lambda text: str(int(text) % 7),
        "ontrac-c": _ontrac("4"),
        "ontrac-d": _ontrac("5"),
        "s10": _s10,
        "ups": _ups,
        # USPS numbers without the application identifier 91 are checked as if it were there.
        "usps91": lambda text: _gs1("91" + text),
    }
)
