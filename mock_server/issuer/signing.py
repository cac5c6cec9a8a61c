"""Signing and verifying: the door of joserfc."""

import hashlib
import json
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey

from mock_server.errors import UsageError
from mock_server.json_values import JsonObject

ALGORITHM: Final = "RS256"  # which every OpenID Connect provider has to offer; Discovery 1.0, section 3
_OWN_ALGORITHM: Final = "HS256"
_BITS: Final = 2_048
_LONGEST: Final = 65_536  # characters of a token
_LARGEST_KEY: Final = 65_536  # bytes of a file


class TokenKind(StrEnum):
    """The `typ` of tokens, so that one of a kind does not pass for another. RFC 8725, section 3.11."""

    ACCESS = "at+jwt"  # RFC 9068, section 2.1
    ID = "JWT"
    CODE = "mock-code+jwt"  # this one and those below are read by the issuer alone
    REFRESH = "mock-refresh+jwt"
    DEVICE = "mock-device+jwt"
    SESSION = "mock-session+jwt"
    TICKET = "mock-ticket+jwt"


_PUBLIC: Final = frozenset((TokenKind.ACCESS, TokenKind.ID))


class WrongToken(Exception):
    """A token that was not given here, or not as what it is shown as."""


class Signer:
    """Signs with a key of its own: RSA for what others verify, a secret one for what only the issuer reads."""

    def __init__(self, key: RSAKey) -> None:
        """
        Sign with a key.

        Args:
            key: A private one, in memory only.
        """
        self._key = key
        # From the private key, so that codes and refresh tokens are good where its signatures are.
        self._secret = OctKey.import_key(hashlib.sha256(b"mock-server issuer\0" + key.as_pem(private=True)).digest())

    @classmethod
    def of(cls, path: Path | None) -> "Signer":
        """
        Read the key of a file, or make one that nobody else has and that ends with the process.

        Raises:
            UsageError: the file holds no private RSA key of at least 2,048 bits.
        """
        parameters: Any = {"use": "sig", "alg": ALGORITHM}
        if path is None:
            return cls(RSAKey.generate_key(_BITS, parameters, auto_kid=True))
        try:
            if path.stat().st_size > _LARGEST_KEY:
                raise UsageError(f"issuer.key: {path} is larger than {_LARGEST_KEY:,} bytes: no key is")
            data = path.read_bytes()
            key = RSAKey.import_key(_jwk(data) or data, parameters)
            key.ensure_kid()
            is_private = key.is_private and key.raw_value.key_size >= _BITS
        except (OSError, ValueError, TypeError, JoseError) as error:
            raise UsageError(f"issuer.key: {path} holds no RSA key (PEM or JWK): {error}") from error
        if not is_private:
            raise UsageError(f"issuer.key: {path} has to hold a private RSA key of at least {_BITS:,} bits")
        return cls(key)

    def key_set(self) -> JsonObject:
        """Return the public key as a JWK Set. RFC 7517, section 5."""
        public: dict[str, Any] = dict(self._key.as_dict(private=False))
        return {"keys": [public]}

    def sign(self, kind: TokenKind, claims: JsonObject) -> str:
        """Sign claims as a token of a kind."""
        if kind in _PUBLIC:
            header: dict[str, Any] = {"alg": ALGORITHM, "typ": kind.value, "kid": self._key.kid}
            return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
        return jwt.encode({"alg": _OWN_ALGORITHM, "typ": kind.value}, claims, self._secret, algorithms=[_OWN_ALGORITHM])

    def verify(self, kind: TokenKind, token: str) -> JsonObject:
        """
        Verify the signature and the kind of a token; when it ends is another question.

        Returns:
            Its claims.

        Raises:
            WrongToken: it is not signed here, by another algorithm, of another kind, or no token at all.
        """
        is_public = kind in _PUBLIC
        key, algorithm = (self._key, ALGORITHM) if is_public else (self._secret, _OWN_ALGORITHM)
        if len(token) > _LONGEST or not token.isascii():
            raise WrongToken("it is no token of this issuer")
        try:
            read = jwt.decode(token, key, algorithms=[algorithm])
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise WrongToken("it is not signed by this issuer") from error
        if read.header.get("typ") != kind.value:
            raise WrongToken("it is a token of another kind")
        claims: JsonObject = read.claims
        return claims


def _jwk(data: bytes) -> Any:  # noqa: ANN401 - what joserfc reads
    """Read a JWK; None where the data is something else."""
    if not data.lstrip().startswith(b"{"):
        return None
    return json.loads(data)
