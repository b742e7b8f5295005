"""Carrier settings: read the addresses, key and limits of the tracking and label providers."""

from storefront.lib.env import env_int, env_str

URL = env_str("SEVENTEEN_TRACK_URL", "https://api.17track.net").rstrip("/")
KEY = env_str("SEVENTEEN_TRACK_KEY")  # during a rotation two, separated by a space
CALLS_PER_DAY = env_int("TRACKING_CALLS_PER_DAY", 1000)
SENDCLOUD_URL = env_str("SENDCLOUD_URL", "https://panel.sendcloud.sc/api/v3").rstrip("/") + "/"
# How long the shop waits for the events of the supplier before it registers a parcel.
GRACE_MIN = env_int("TRACKING_GRACE_MIN", 360)
# Days after the promised day until the customer can report that a parcel never arrived; days after
# the delivery until which other problems can be reported.
NEVER_ARRIVED_AFTER_DAYS = env_int("PROBLEM_NEVER_ARRIVED_AFTER_DAYS", 3)
PROBLEM_DAYS = env_int("PROBLEM_REPORT_DAYS", 30)
