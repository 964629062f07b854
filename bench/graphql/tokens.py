"""A service that signs tokens as Supabase Auth does: its key set over HTTP, a token a user."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from joserfc.jwk import ECKey

from api.dev_keys import DevelopmentKey, sign_token
from bench.graphql.cluster import key

ISSUER: Final = "https://auth.bench.invalid/auth/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs with ES256 what the key set at `jwks_url` verifies."""

    jwks_url: str
    signing_key: DevelopmentKey

    def token(self, tenant: int) -> str:
        """A token of the tenant's one user, good for a day."""
        return sign_token(
            self.signing_key,
            user_id=key("user", tenant),
            email=f"owner-{tenant}@example.com",
            tenant_id=key("tenant", tenant),
            lifetime=timedelta(days=1),
            now=datetime.now(UTC),
            issuer=ISSUER,
        )


@contextmanager
def signer() -> Iterator[Signer]:
    """The service, until the end of the block."""
    private = ECKey.generate_key("P-256", private=True)
    kid = private.thumbprint()
    jwk = {**private.as_dict(private=False), "kid": kid, "use": "sig", "alg": "ES256"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(json.dumps({"keys": [jwk]}).encode()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Signer(
            jwks_url=f"http://127.0.0.1:{server.server_port}/jwks.json",
            signing_key=DevelopmentKey(kid=kid, private=private),
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(document: bytes) -> type[BaseHTTPRequestHandler]:
    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: object) -> None:
            return

    return KeySet
