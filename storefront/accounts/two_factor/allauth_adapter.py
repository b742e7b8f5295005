"""Two-factor adapter for allauth: encrypt and decrypt the secrets of second factors."""

from allauth.mfa.adapter import DefaultMFAAdapter

from storefront.lib.security.encryption import decrypt, encrypt

ISSUER = "Fara"


class EncryptedFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """allauth adapter that encrypts the secrets of second factors."""

    def encrypt(self, text: str) -> str:
        return encrypt({"secret": text})

    def decrypt(self, encrypted_text: str) -> str:
        secret: str = decrypt(encrypted_text)["secret"]
        return secret

    def get_totp_issuer(self) -> str:
        return ISSUER

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": ISSUER}
