"""What the vault refuses. No message carries key material, plaintext or an envelope's bytes."""


class VaultError(Exception):
    """The vault refused; the message names the field and the remedy."""


class UnsealError(VaultError):
    """A sealed record does not open: altered, moved, sealed for something else or under a key that is not here."""


class CustodyError(VaultError):
    """The vault key cannot be had, or is not kept as it must be."""
