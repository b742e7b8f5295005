"""Tracking settings: read the address, key and limits of the tracking provider."""

from storefront.lib.env import env_int, env_str

URL = env_str("SEVENTEEN_TRACK_URL", "https://api.17track.net").rstrip("/")
KEY = env_str("SEVENTEEN_TRACK_KEY")  # during a rotation two, separated by a space
CALLS_PER_DAY = env_int("TRACKING_CALLS_PER_DAY", 1000)
# How long the shop waits for the events of the supplier before it registers a parcel.
GRACE_MIN = env_int("TRACKING_GRACE_MIN", 360)
