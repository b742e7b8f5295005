"""The payment gateways we can speak to."""
