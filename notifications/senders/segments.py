"""Segments of a text message: count them as networks bill them (GSM 03.38, 3GPP TS 23.038). Pure."""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # take two septets
# A message in parts has a header of 48 bits in each part.
GSM_SINGLE, GSM_PART = 160, 153  # septets
UCS2_SINGLE, UCS2_PART = 70, 67  # UTF-16 units


def is_gsm(text: str) -> bool:
    return all(letter in BASIC or letter in EXTENSION for letter in text)


def count_segments(text: str) -> int:
    """Return the number of parts that the text is sent and billed as; one for an empty text."""
    if is_gsm(text):
        sizes = [2 if letter in EXTENSION else 1 for letter in text]
        single, part = GSM_SINGLE, GSM_PART
    else:
        sizes = [len(letter.encode("utf-16-be")) // 2 for letter in text]
        single, part = UCS2_SINGLE, UCS2_PART
    if sum(sizes) <= single:
        return 1
    segments, used = 1, 0
    for size in sizes:  # a letter of two units is not divided
        if used + size > part:
            segments, used = segments + 1, 0
        used += size
    return segments
