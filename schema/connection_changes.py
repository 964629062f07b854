"""What admins do with connections."""

from __future__ import annotations

from typing import Annotated, TypeVar

import strawberry

from core import models, syncs
from resolvers import connection_access, connections
from resolvers.connections import ConnectionSettings
from resolvers.refusal import Refused
from schema.connections import Connection
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of, optional_key_of
from schema.payload import Payload, user_errors
from schema.pickups import MailboxInput, ProcessingInput, SftpInput, pickup_of
from schema.scalars import CurrencyCode

Value = TypeVar("Value")
Id = Annotated[strawberry.ID, strawberry.argument(description="The connection.")]


@strawberry.input(description="Implied decimals of a currency.")
class CurrencyDecimalsInput:
    currency: CurrencyCode = strawberry.field(description="The currency.")
    decimals: int = strawberry.field(description="The implied decimals, 0 to 8.")


@strawberry.input(description="A new connection.")
class ConnectionCreateInput:
    name: str = strawberry.field(description="What users will call it, 1 to 200 characters.")
    provider: str = strawberry.field(
        default="file", description="The slug of the provider it is made of."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency of rows that name none."
    )
    delivery: models.Delivery = strawberry.field(
        default=models.Delivery.CUMULATIVE, description="What an equal row in a later file is."
    )
    mapping_policy: models.MappingPolicy = strawberry.field(
        default=models.MappingPolicy.CREATE,
        description="What happens to an external account that nobody mapped yet.",
    )
    control_policy: models.ControlPolicy = strawberry.field(
        default=models.ControlPolicy.WARN,
        description="What a control total that does not fit means.",
    )
    profile_id: strawberry.ID | None = strawberry.field(
        default=None, description="How its CSV files are read; null: as each file shows itself."
    )
    decimals: list[CurrencyDecimalsInput] | None = strawberry.field(
        default=None, description="Implied decimals where the bank departs from ISO 4217."
    )
    institution_name: str | None = strawberry.field(
        default=None, description="The bank's name, 1 to 200 characters."
    )
    sftp: SftpInput | None = strawberry.field(
        default=None, description="The server, of the provider sftp."
    )
    mailbox: MailboxInput | None = strawberry.field(
        default=None, description="The mailbox, of the provider mailbox."
    )
    processing: ProcessingInput | None = strawberry.field(
        default=None, description="How what it brings is processed."
    )

    def settings(self) -> ConnectionSettings:
        """What the caller gave."""
        profile_id = optional_key_of("StatementProfile", self.profile_id)
        processing = self.processing or ProcessingInput()
        return ConnectionSettings(
            name=self.name,
            delivery=self.delivery,
            mapping_policy=self.mapping_policy,
            control_policy=self.control_policy,
            decimals=_decimals(self.decimals),
            currency=_currency(None if self.currency is None else (self.currency,), processing),
            profile_id=None if profile_id is None else (profile_id,),
            institution_name=None if self.institution_name is None else (self.institution_name,),
            auto_import=processing.auto_import,
            auto_reconcile=processing.auto_reconcile,
            import_pending=processing.import_pending,
            pickup=pickup_of(self.sftp, self.mailbox),
        )


@strawberry.input(
    description="Other settings: what is left out stays; null clears what can be cleared."
)
class ConnectionUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What users will call it, 1 to 200 characters."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=strawberry.UNSET, description="The currency of rows that name none; null clears."
    )
    delivery: models.Delivery | None = strawberry.field(
        default=None, description="What an equal row in a later file is."
    )
    mapping_policy: models.MappingPolicy | None = strawberry.field(
        default=None, description="What happens to an external account that nobody mapped yet."
    )
    control_policy: models.ControlPolicy | None = strawberry.field(
        default=None, description="What a control total that does not fit means."
    )
    profile_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="How its CSV files are read; null clears."
    )
    decimals: list[CurrencyDecimalsInput] | None = strawberry.field(
        default=None, description="All implied decimals; an empty list clears them."
    )
    institution_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The bank's name; null clears."
    )
    sync_frequency: syncs.SyncFrequency | None = strawberry.field(
        default=None, description="How often it is asked for news."
    )
    sync_accounts: bool | None = strawberry.field(
        default=None, description="Whether accounts are fetched."
    )
    sync_transactions: bool | None = strawberry.field(
        default=None, description="Whether transactions are fetched."
    )
    sync_investments: bool | None = strawberry.field(
        default=None, description="Whether holdings and trades are fetched."
    )
    lookback_days: int | None = strawberry.field(
        default=None, description="How many days of history are wanted, 1 to 3650."
    )
    sftp: SftpInput | None = strawberry.field(
        default=None, description="The server, of the provider sftp."
    )
    mailbox: MailboxInput | None = strawberry.field(
        default=None, description="The mailbox, of the provider mailbox."
    )
    processing: ProcessingInput | None = strawberry.field(
        default=None, description="How what it brings is processed."
    )

    def settings(self) -> ConnectionSettings:
        """What the caller gave."""
        profile_id = given(self.profile_id)
        processing = self.processing or ProcessingInput()
        return ConnectionSettings(
            name=self.name,
            delivery=self.delivery,
            mapping_policy=self.mapping_policy,
            control_policy=self.control_policy,
            decimals=_decimals(self.decimals),
            currency=_currency(given(self.currency), processing),
            profile_id=None
            if profile_id is None
            else (optional_key_of("StatementProfile", profile_id[0]),),
            institution_name=given(self.institution_name),
            sync_frequency=self.sync_frequency,
            sync_accounts=self.sync_accounts,
            sync_transactions=self.sync_transactions,
            sync_investments=self.sync_investments,
            lookback_days=self.lookback_days,
            auto_import=processing.auto_import,
            auto_reconcile=processing.auto_reconcile,
            import_pending=processing.import_pending,
            pickup=pickup_of(self.sftp, self.mailbox),
        )


@strawberry.type(description="What a change of a connection answers.")
class ConnectionPayload(Payload):
    connection: Connection | None = strawberry.field(
        description="The connection as it is now; null where it was refused."
    )


@strawberry.type(description="What connectionCreate answers.")
class ConnectionCreatePayload(ConnectionPayload):
    pass


@strawberry.type(description="What connectionUpdate answers.")
class ConnectionUpdatePayload(ConnectionPayload):
    pass


@strawberry.type(description="What connectionTest answers.")
class ConnectionTestPayload(ConnectionPayload):
    works: bool | None = strawberry.field(
        description="Whether the provider accepts its credentials; null where it was refused."
    )
    problem: str | None = strawberry.field(
        description="What the provider said and what to do; null where it works."
    )
    files_matching: int | None = strawberry.field(
        description="How many files there match the pattern; null of providers, and where it does "
        "not work."
    )
    host_key: str | None = strawberry.field(
        description="The fingerprint that an SFTP server shows where it is not confirmed; else "
        "null."
    )


@strawberry.type(description="What connectionPause answers.")
class ConnectionPausePayload(ConnectionPayload):
    pass


@strawberry.type(description="What connectionResume answers.")
class ConnectionResumePayload(ConnectionPayload):
    pass


@strawberry.type(description="What connectionDisconnect answers.")
class ConnectionDisconnectPayload(ConnectionPayload):
    pass


Kind = TypeVar("Kind", bound=ConnectionPayload)


@strawberry.type(description="What admins do with connections.")
class ConnectionMutations:
    @mutation(description="Makes a connection; for admins.")
    async def connection_create(
        self,
        info: Info,
        input: Annotated[ConnectionCreateInput, strawberry.argument(description="What to make.")],
    ) -> ConnectionCreatePayload | None:
        """Makes a connection."""
        answer = await connections.create(
            info.context, provider=input.provider, settings=input.settings()
        )
        return _payload(ConnectionCreatePayload, answer)

    @mutation(description="Changes settings of a connection; for admins.")
    async def connection_update(
        self,
        info: Info,
        id: Id,
        input: Annotated[ConnectionUpdateInput, strawberry.argument(description="What to change.")],
    ) -> ConnectionUpdatePayload | None:
        """Changes settings of a connection."""
        answer = await connections.update(
            info.context, connection_id=key_of("Connection", id), settings=input.settings()
        )
        return _payload(ConnectionUpdatePayload, answer)

    @mutation(description="Asks the provider whether a connection works; for admins.")
    async def connection_test(self, info: Info, id: Id) -> ConnectionTestPayload | None:
        """Asks the provider whether a connection works."""
        answer = await connection_access.test(info.context, connection_id=key_of("Connection", id))
        if isinstance(answer, Refused):
            return ConnectionTestPayload(
                connection=None,
                works=None,
                problem=None,
                files_matching=None,
                host_key=None,
                user_errors=user_errors(answer),
            )
        return ConnectionTestPayload(
            connection=Connection.of(answer.connection),
            works=answer.problem is None,
            problem=answer.problem,
            files_matching=answer.files_matching,
            host_key=answer.host_key,
            user_errors=[],
        )

    @mutation(description="Pauses a connection: it takes no new imports; for admins.")
    async def connection_pause(self, info: Info, id: Id) -> ConnectionPausePayload | None:
        """Pauses a connection."""
        answer = await connections.pause(info.context, connection_id=key_of("Connection", id))
        return _payload(ConnectionPausePayload, answer)

    @mutation(description="Lets a paused connection go on; for admins.")
    async def connection_resume(self, info: Info, id: Id) -> ConnectionResumePayload | None:
        """Lets a paused connection go on."""
        answer = await connections.resume(info.context, connection_id=key_of("Connection", id))
        return _payload(ConnectionResumePayload, answer)

    @mutation(description="Closes a connection for good; what it brought stays; for admins.")
    async def connection_disconnect(self, info: Info, id: Id) -> ConnectionDisconnectPayload | None:
        """Closes a connection for good."""
        answer = await connection_access.disconnect(
            info.context, connection_id=key_of("Connection", id)
        )
        return _payload(ConnectionDisconnectPayload, answer)


def given(value: Value | None) -> tuple[Value | None] | None:
    """None for what was left out; else what was given, which may be null."""
    return None if value is strawberry.UNSET else (value,)


def _currency(
    named: tuple[str | None] | None, processing: ProcessingInput
) -> tuple[str | None] | None:
    """The currency, under either of its names."""
    if processing.default_currency is strawberry.UNSET:
        return named
    return (processing.default_currency,)


def _decimals(values: list[CurrencyDecimalsInput] | None) -> list[tuple[str, int]] | None:
    return None if values is None else [(one.currency, one.decimals) for one in values]


def _payload(kind: type[Kind], answer: models.Connection | Refused) -> Kind:
    return kind(
        connection=None if isinstance(answer, Refused) else Connection.of(answer),
        user_errors=user_errors(answer),
    )
