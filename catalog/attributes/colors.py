"""Colors: map the color names of suppliers to the colors of the color filter. Pure."""

from collections.abc import Mapping, Sequence

OTHER = "other"
# Color -> the folded words that suppliers use for it. A name may hold several: "black / red".
COLOR_WORDS: Mapping[str, str] = {
    "black": "black schwarz noir negro qara",
    "gray": "gray grey graphite graphit gunmetal anthracite titanium grau gris boz",
    "silver": "silver steel stainless aluminum aluminium chrome silber gumusu",
    "white": "white weiss blanc blanco ag",
    "red": "red burgundy crimson rot rouge rojo qirmizi",
    "orange": "orange narinci",
    "yellow": "yellow gelb jaune amarillo sari",
    "green": "green lime mint emerald grun vert verde yasil",
    "olive": "olive oliv army khaki zeytuni",
    "blue": "blue navy teal petrol turquoise cyan azure blau bleu azul goy mavi",
    "purple": "purple violet lilac lila benovseyi",
    "pink": "pink rose rosa cehrayi",
    "brown": "brown bronze copper coffee braun marron qehveyi",
    "gold": "gold golden brass qizili",
    "sand": "sand tan beige cream coyote desert",
}
COLORS = (*COLOR_WORDS, OTHER)
MAX_COLOR = 40  # characters


def color_of(option_names: Sequence[str], option_values: Sequence[str]) -> str:
    """Return the value of the color option; empty if there is none."""
    options = zip(option_names, option_values, strict=False)
    colors = (value for name, value in options if name.casefold() in {"color", "colour"})
    return next(colors, "")[:MAX_COLOR]
