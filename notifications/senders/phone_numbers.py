"""Phone numbers: convert a number as typed to E.164, if a mobile phone can have it. Pure."""

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# In some countries, such as the US, mobile and fixed numbers look the same.
MOBILE_TYPES = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def mobile_number(text: str, *, country: str) -> str:
    """Return a mobile number in E.164; empty if it is invalid or of a fixed line.

    ``country`` applies to a number without a country code.
    """
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    is_mobile = phonenumbers.number_type(number) in MOBILE_TYPES
    if not (is_mobile and phonenumbers.is_valid_number(number)):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
