"""What tests and the demo do to the simulated Plaid, as methods that any thread may call.

The same over HTTP, with keyword arguments as a JSON object, is in plaid_remote.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox.plaid_activity import Done, Step, advance, change_account_ids
from sandbox.plaid_arrival import release_historical, release_initial, settle
from sandbox.plaid_bank import Bank, Pace, Refusal
from sandbox.plaid_calls import fire
from sandbox.plaid_errors import PlaidError
from sandbox.plaid_history import History
from sandbox.plaid_investments import trade
from sandbox.plaid_item import Item
from sandbox.plaid_limits import Exceeded, Limit
from sandbox.plaid_outbox import Letter, Manner
from sandbox.plaid_truth import Truth, truth_of


class Control:
    """The levers of one sandbox."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    # About all Items

    def items(self) -> list[str]:
        """The ids of all Items, the oldest first."""
        with self._bank.lock:
            return list(self._bank.items)

    def set_history(self, *, days: int = 730, per_day: int = 2) -> None:
        """Items that are linked from now on have so much history."""
        with self._bank.lock:
            self._bank.settings.history = History(days=days, per_day=per_day)

    def set_pace(self, *, initial_s: float | None = 0, historical_s: float | None = 2) -> None:
        """History arrives so long after linking; null: when `release` is called."""
        with self._bank.lock:
            self._bank.settings.pace = Pace(initial_s=initial_s, historical_s=historical_s)

    def set_behaviour(
        self,
        *,
        drop_pending_links: bool | None = None,
        items_expire: bool | None = None,
        refresh_added: int | None = None,
    ) -> None:
        """Change what is named: whether posted transactions name their pending one, whether Items
        need a new login after 30 days, and how many transactions a refresh finds."""
        with self._bank.lock:
            settings = self._bank.settings
            if drop_pending_links is not None:
                settings.drop_pending_links = drop_pending_links
            if items_expire is not None:
                settings.items_expire = items_expire
            if refresh_added is not None:
                settings.refresh_added = refresh_added

    def move_time(self, *, by_s: float) -> None:
        """Plaid's clock goes on, and what is due by then happens. Webhooks keep being signed at
        the client's time, by which they are judged."""
        with self._bank.lock:
            self._bank.clock.moved += timedelta(seconds=by_s)
        self.settle()

    def settle(self) -> None:
        """Let happen what is due at all Items."""
        with self._bank.lock:
            for item in self._bank.items.values():
                settle(self._bank, item)

    def enforce_limits(self, *, enforced: bool = True) -> None:
        """Refuse requests above the limits; they are counted in any case."""
        with self._bank.lock:
            self._bank.limits.enforced = enforced

    def set_limit(
        self, path: str, *, per_item: int | None = None, per_client: int | None = None
    ) -> None:
        """An endpoint's limits a minute; null is none."""
        with self._bank.lock:
            limits = self._bank.limits.limits
            known = limits.get(path) or Limit(code="RATE_LIMIT")
            limits[path] = replace(known, per_item=per_item, per_client=per_client)

    def exceeded(self) -> list[Exceeded]:
        """The requests that were above a limit."""
        with self._bank.lock:
            return list(self._bank.limits.exceeded)

    def refuse(
        self, code: str, *, path: str = "/", item_id: str | None = None, times: int = 1
    ) -> None:
        """The next requests are answered with this code: of all, or under a path or of an Item."""
        refusal = Refusal(error=PlaidError(code), path=path, item_id=item_id, times=times)
        with self._bank.lock:
            self._bank.refusals.append(refusal)

    # About one Item

    def truth(self, item_id: str) -> Truth:
        """What a client must have."""
        with self._bank.lock:
            return truth_of(self._item(item_id))

    def release(self, item_id: str, *, historical: bool = True) -> None:
        """The initial update is there now, and the historical one too unless it is not wanted."""
        with self._bank.lock:
            release_initial(self._bank, self._item(item_id))
            if historical:
                release_historical(self._bank, self._item(item_id))

    def move(self) -> None:
        """New transactions at every Item that gives any."""
        with self._bank.lock:
            for item in self._bank.items.values():
                if item.error is None and not item.removed and item.of_product("transactions"):
                    advance(self._bank, item, Step())

    def advance(self, item_id: str, **step: Any) -> Done:
        """Let a `Step` happen: pendings post, others come, change and vanish."""
        with self._bank.lock:
            return advance(self._bank, self._item(item_id), Step(**step))

    def trade(self, item_id: str, *, count: int = 1) -> list[str]:
        """So many investment transactions happen."""
        with self._bank.lock:
            return trade(self._bank, self._item(item_id), count)

    def fail(self, item_id: str, code: str, *, reason: str | None = None) -> None:
        """The Item gives no data until it is healed or repaired, with this code of an Item's."""
        error = PlaidError(code, reason=reason)
        if error.type != "ITEM_ERROR":
            raise ValueError(f"{code} is no state of an Item: use refuse")
        with self._bank.lock:
            self._bank.fail(self._item(item_id), error)

    def heal(self, item_id: str, *, webhook: bool = True) -> None:
        """The Item gives data again, as if its user had repaired it elsewhere."""
        with self._bank.lock:
            item = self._item(item_id)
            item.error, item.logged_in_at = None, self._bank.clock.now()
            if webhook:
                fire(self._bank, item, None, "LOGIN_REPAIRED")

    def expire_consent(self, item_id: str) -> None:
        """The user's consent has ended."""
        with self._bank.lock:
            item = self._item(item_id)
            item.consent_expires_at = self._bank.clock.now()
            settle(self._bank, item)

    def change_account_ids(self, item_id: str) -> dict[str, str]:
        """Accounts and transactions get other ids; answers new by old account id."""
        with self._bank.lock:
            return change_account_ids(self._bank, self._item(item_id))

    def mutate_during_pagination(self, item_id: str, *, times: int = 1) -> None:
        """The ledger changes after the next pages that are not the last."""
        with self._bank.lock:
            self._item(item_id).mutations = times

    def get_cursors_stuck(self, item_id: str) -> None:
        """Loops from any cursor of today fail in their second page; without a cursor none does."""
        with self._bank.lock:
            item = self._item(item_id)
            item.stuck_until = item.ledger.head

    # About webhooks

    def fire(self, item_id: str, code: str, *, kind: str | None = None) -> None:
        """Send a webhook, also PENDING_EXPIRATION, which Plaid's own endpoint cannot."""
        with self._bank.lock:
            fire(self._bank, self._item(item_id), kind, code)

    def send_webhooks(self, **manner: Any) -> None:
        """Send webhooks in this `Manner` from now on; without arguments, as usual."""
        self._bank.outbox.manner = Manner(**manner)

    def retry_webhooks(self, *, first_delay_s: float) -> None:
        """Try again after so long, and then after four times as long each time."""
        self._bank.outbox.retry_s = first_delay_s

    def release_webhooks(self) -> int:
        """Send what is held, the newest first."""
        return self._bank.outbox.release()

    def resend_webhook(self, number: int) -> None:
        """Deliver a recorded webhook again, byte for byte."""
        self._bank.outbox.resend(number)

    def webhooks(self) -> list[Letter]:
        """Everything that was sent or held, the oldest first."""
        return list(self._bank.outbox.sent)

    def webhooks_idle(self) -> bool:
        """Whether no delivery is under way."""
        return self._bank.outbox.idle

    def rotate_keys(self, *, expire: bool = False) -> str:
        """Another key signs; answers its id. The one before it expires where that is wanted."""
        with self._bank.lock:
            now = self._bank.clock.client()
            return self._bank.keys.rotate(now, expire=expire).kid

    def _item(self, item_id: str) -> Item:
        item = self._bank.items.get(item_id)
        if item is None:
            raise LookupError(f"no Item is called {item_id}")
        return item
