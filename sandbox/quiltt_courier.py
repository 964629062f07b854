"""The courier of the simulated Quiltt: it brings payloads to their subscribers until they take."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from sandbox.loopback import UNREACHABLE

ATTEMPTS_MAX: Final = 20
TIMEOUT_S: Final = 20.0
BACKOFF_S_MAX: Final = 3600.0
RECEIPTS_MAX: Final = 10_000


@dataclass(slots=True, kw_only=True)
class Parcel:
    """One payload on its way to one subscriber, and how it is to be falsified."""

    subscription_id: str
    url: str
    body: bytes
    is_forged: bool = False
    age_s: float = 0.0
    due_s: float = field(default_factory=time.monotonic)
    attempts: int = 0


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The header of this name: version 1, the time in Unix seconds and the raw body, signed."""
    signed = b"1" + timestamp.encode() + body
    return base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()


class Courier:
    """Delivers from a thread of its own, which is there while anything is under way."""

    def __init__(self, *, secret: str, now: Callable[[], datetime], backoff_s: float = 1.0) -> None:
        self._secret = secret
        self._now = now
        self._backoff_s = backoff_s
        self._parcels: list[Parcel] = []
        self._receipts: deque[dict[str, Any]] = deque(maxlen=RECEIPTS_MAX)
        self._dropped: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def take(self, parcels: list[Parcel]) -> None:
        """These go out as soon as they are due, in this order."""
        with self._changed:
            self._parcels.extend(parcels)
            self._changed.notify_all()
            if self._parcels and self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def receipts(self) -> list[dict[str, Any]]:
        """Every attempt: to whom, what, and the status, or null where nobody answered."""
        with self._changed:
            return list(self._receipts)

    def wait(self, timeout_s: float = 10) -> None:
        """Until nothing is under way; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._thread is None, timeout_s):
                raise TimeoutError("payloads are still under way")

    def drop(self, subscription_id: str) -> None:
        """Nothing more goes to this subscription."""
        with self._changed:
            self._dropped.add(subscription_id)  # for the parcel that is being delivered now
            self._parcels = [p for p in self._parcels if p.subscription_id != subscription_id]
            self._changed.notify_all()

    def _run(self) -> None:
        # Plain HTTP on loopback: the trust store would take longer to load than all deliveries.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False, verify=nobody) as client:
            while parcel := self._next():
                self._attempt(client, parcel)

    def _next(self) -> Parcel | None:
        """The first parcel that is due; None, and an end of the thread, when there is none left."""
        with self._changed:
            while self._parcels:
                parcel = min(self._parcels, key=lambda each: each.due_s)
                wait_s = parcel.due_s - time.monotonic()
                if wait_s <= 0:
                    self._parcels.remove(parcel)
                    return parcel
                self._changed.wait(wait_s)
            self._thread = None
            self._changed.notify_all()
            return None

    def _attempt(self, client: httpx.Client, parcel: Parcel) -> None:
        parcel.attempts += 1
        try:
            status = client.post(
                parcel.url, content=parcel.body, headers=self._headers(parcel)
            ).status_code
        except UNREACHABLE:
            status = None
        receipt = {
            "subscriptionId": parcel.subscription_id,
            "attempt": parcel.attempts,
            "status": status,
            "body": parcel.body.decode(),
        }
        is_taken = status is not None and 200 <= status < 300
        with self._changed:
            self._receipts.append(receipt)
            is_over = is_taken or parcel.subscription_id in self._dropped
            if not is_over and parcel.attempts < ATTEMPTS_MAX:
                wait_s = min(self._backoff_s * 2 ** (parcel.attempts - 1), BACKOFF_S_MAX)
                parcel.due_s = time.monotonic() + wait_s
                self._parcels.append(parcel)

    def _headers(self, parcel: Parcel) -> dict[str, str]:
        """Signed anew at each attempt: an old signature would be refused for its age."""
        timestamp = str(int(self._now().timestamp() - parcel.age_s))
        secret = f"not {self._secret}" if parcel.is_forged else self._secret
        return {
            "content-type": "application/json",
            "quiltt-timestamp": timestamp,
            "quiltt-signature": signature(secret, timestamp, parcel.body),
        }
