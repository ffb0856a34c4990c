"""Passkeys (WebAuthn level 3): what a browser is asked, and what it answers with. The library checks signatures.

A passkey must verify its user (a finger, a face, a PIN): it is both factors in one. It is made discoverable, so that
nobody types a name and a stranger cannot ask which names there are. Attestation is not asked for: which make of device
somebody uses is not this program's business.
"""

import json
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bailiwick.model.person import Passkey

CHALLENGE_BYTES = 32
NAME = "Bailiwick"


class NotBelievedError(Exception):
    """What a browser sent does not show what it should."""


class Made(msgspec.Struct, frozen=True):
    """A passkey that a browser has just made."""

    id: bytes
    public_key: bytes
    sign_count: int


def new_challenge() -> bytes:
    """What the passkey is to sign: used once."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def asked_to_make(challenge: bytes, site: str, name: str, known: Sequence[Passkey]) -> dict[str, Any]:
    """What a browser is asked when a passkey is to be made, as ``parseCreationOptionsFromJSON`` takes it."""
    options = webauthn.generate_registration_options(
        rp_id=site,
        rp_name=NAME,
        user_name=name,
        user_id=name.encode(),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(known, site),
    )
    return _plain(options)


def asked_to_sign(challenge: bytes, site: str, known: Sequence[Passkey] = ()) -> dict[str, Any]:
    """What a browser is asked when a passkey is to be used, of whoever has one or of these."""
    options = webauthn.generate_authentication_options(
        rp_id=site,
        challenge=challenge,
        allow_credentials=_described(known, site) or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def made(credential: dict[str, Any], challenge: bytes, site: str, origin: str) -> Made:
    """The passkey that was made.

    Raises:
        NotBelievedError: if it was made for something else, or is of a kind that is not taken.
    """
    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotBelievedError(type(error).__name__) from None
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def credential_id(credential: dict[str, Any]) -> bytes:
    """Which passkey an answer says that it is of.

    Raises:
        NotBelievedError: if it says none.
    """
    try:
        return base64url_to_bytes(str(credential["id"]))
    except (KeyError, ValueError) as error:
        raise NotBelievedError(type(error).__name__) from None


def signed(credential: dict[str, Any], challenge: bytes, passkey: Passkey, origin: str) -> int:
    """Check that this passkey signed this challenge on this page; its counter.

    Raises:
        NotBelievedError: if it did not, or its counter went back, as a copied passkey's does.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=passkey.site,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise NotBelievedError(type(error).__name__) from None
    return found.new_sign_count


def _described(known: Sequence[Passkey], site: str) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.id) for each in known if each.site == site]


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return plain
