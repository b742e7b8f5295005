"""Product identifiers: derive ids, SKUs and GTINs from seed and product number. Pure.

An id can be converted back to the number, so that a product is generated without those before it.
"""

from .randomness import permute, unpermute

MAX_VARIANTS = 16
FIRST_BAD_SUBJECT = 10**9  # the numbers of bad records start here
_ROOM = 10**12
_SEEDS = 10**5
_PID, _VID = 16 * 10**17, 17 * 10**17
_GTIN_ROOM = 10**11
_SKU_FROM = 1_000_000


def pid_of(seed: int, subject: int) -> str:
    return str(_PID + seed % _SEEDS * _ROOM + permute(subject, modulus=_ROOM))


def vid_of(seed: int, subject: int, place: int) -> str:
    number = subject * MAX_VARIANTS + place
    return str(_VID + seed % _SEEDS * _ROOM + permute(number, modulus=_ROOM))


def subject_of_pid(seed: int, pid: str) -> int | None:
    return _back(seed, pid, _PID)


def subject_of_vid(seed: int, vid: str) -> int | None:
    number = _back(seed, vid, _VID)
    return None if number is None else number // MAX_VARIANTS


def _back(seed: int, text: str, base: int) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) == len(str(base))):
        return None
    number = int(text) - base - seed % _SEEDS * _ROOM
    return unpermute(number, modulus=_ROOM) if 0 <= number < _ROOM else None


def spu_of(subject: int) -> str:
    return f"CJLT{_SKU_FROM + subject}"


def sku_of(subject: int, place: int) -> str:
    return f"{spu_of(subject)}{place + 1:02d}{chr(65 + place)}{chr(65 + subject % 26)}"


def subject_of_sku(sku: str) -> int | None:
    """Return the product number of an SPU, or of the SKU of a variant."""
    digits = sku.removeprefix("CJLT")
    if digits[-2:].isalpha():
        digits = digits[:-4]
    if digits == sku or not (digits.isascii() and digits.isdecimal()):
        return None
    subject = int(digits) - _SKU_FROM
    return subject if subject >= 0 else None


def gtin_of(subject: int, place: int) -> str:
    """Return a GTIN-13 of the range 20-29, which GS1 reserves for internal use."""
    body = f"2{permute(subject * MAX_VARIANTS + place, modulus=_GTIN_ROOM):011d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return str(-weighted % 10)
