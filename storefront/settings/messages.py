"""Message settings: read the account of the SMS provider from the environment."""

from storefront.lib.env import env_str

# Twilio's dialect. Without an account, token and sender, text messages are offered nowhere.
TWILIO_URL = env_str("TWILIO_API_URL", "https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT = env_str("TWILIO_ACCOUNT_SID")
TWILIO_TOKEN = env_str("TWILIO_AUTH_TOKEN")
TWILIO_SENDER = env_str("TWILIO_FROM")  # a number (E.164), a name, or a messaging service (MG…)
