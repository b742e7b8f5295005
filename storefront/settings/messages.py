"""Message settings: read the account of the SMS provider from the environment."""

from storefront.lib.env import env_str

# Without account, token and sender, text messages are offered nowhere.
TWILIO_API_URL = env_str("TWILIO_API_URL", "https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env_str("TWILIO_ACCOUNT_SID")
TWILIO_AUTH_TOKEN = env_str("TWILIO_AUTH_TOKEN")
TWILIO_FROM = env_str("TWILIO_FROM")  # a number (E.164), a name, or a messaging service (MG…)
