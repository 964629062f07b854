"""Statement profiles: saved column mappings, and proposals for files that have none yet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from core.errors import Conflict, Forbidden, Unreadable
from core.models import Role, StatementProfile, Upload, UploadState
from core.page import Page
from core.vault import Aad
from db import audit, tenants, uploads
from db import profiles as stored
from db.profiles import ProfileFilter
from db.session import Tx
from db.tenant_keys import data_key
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import Refusal, conflict, invalid, missing, refusable, require
from statements.base import HEAD_BYTES
from statements.profiles import Profile, read_profile
from statements.proposal import Proposal
from statements.proposing import propose

PROBLEMS_MAX: Final = 5


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, StatementProfile]:
    """Profiles by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: ProfileFilter, first: int, after: str | None
) -> Page[StatementProfile]:
    """Profiles, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def proposal(context: Context, *, upload_id: UUID) -> Proposal | Unreadable | None:
    """A profile for an uploaded file, or why there is none; None without such an upload.

    Raises Forbidden for viewers: the examples in a proposal are rows of the file.
    """
    async with context.read() as tx:
        role = await tenants.role(tx, tenant_id=context.tenant, user_id=context.user_id)
        if role is None or not role.covers(Role.MEMBER):
            raise Forbidden("a proposal needs the role MEMBER or a higher one")
        upload = await uploads.find(tx, tenant_id=context.tenant, upload_id=upload_id)
    if upload is None:
        return None
    head = await _head(context, upload)
    if head is None:
        return Unreadable("upload-pending", "The bytes have not arrived yet, or have expired.")
    try:
        return await asyncio.to_thread(propose, head)
    except Unreadable as error:
        return error


@refusable
async def create(context: Context, *, name: str, definition: object) -> StatementProfile:
    """A saved profile."""
    name = text.name(name, "name")
    checked = _definition(definition)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        try:
            profile = await stored.create(
                tx,
                tenant_id=context.tenant,
                name=name,
                format=checked.format,
                definition=_saved(checked),
                created_by=context.user_id,
            )
        except Conflict as error:
            raise _taken() from error
        await audit.record(tx, "profile.created", data={"profileId": str(profile.id)})
    return profile


@refusable
async def update(
    context: Context, *, profile_id: UUID, name: str | None, definition: object | None
) -> StatementProfile:
    """The changed profile; documents that were read with it before stay as they were read."""
    name = text.optional_name(name, "name")
    checked = None if definition is None else _definition(definition)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if checked is not None:
            await _same_format(tx, context, profile_id, checked)
        try:
            profile = await stored.update(
                tx,
                tenant_id=context.tenant,
                profile_id=profile_id,
                name=name,
                definition=None if checked is None else _saved(checked),
            )
        except Conflict as error:
            raise _taken() from error
        if profile is None:
            raise missing("statement profile", "id")
        given = {"name": name, "definition": checked}
        fields = [field for field, value in given.items() if value is not None]
        data = {"profileId": str(profile_id), "fields": fields}
        await audit.record(tx, "profile.updated", data=data)
    return profile


@refusable
async def delete(context: Context, *, profile_id: UUID) -> UUID:
    """Deletes a profile that no connection and no job uses."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        try:
            there = await stored.delete(tx, tenant_id=context.tenant, profile_id=profile_id)
        except Forbidden as error:
            raise conflict("A connection or an import uses the profile.", "id") from error
        if not there:
            raise missing("statement profile", "id")
        await audit.record(tx, "profile.deleted", data={"profileId": str(profile_id)})
    return profile_id


async def _head(context: Context, upload: Upload) -> bytes | None:
    """The first bytes of an upload; None where they are not there."""
    blobs = context.services.blobs
    if upload.state in (UploadState.IMPORTED, UploadState.EXPIRED):
        return None
    if not await blobs.exists(upload.blob_path):
        return None
    async with blobs.open(upload.blob_path) as file:
        if not upload.sealed:
            return await asyncio.to_thread(file.read, HEAD_BYTES)
        key = await data_key(context.as_worker, context.services.vault)
        aad = Aad(tenant_id=context.tenant, purpose="raw", record_id=upload.id)
        return await asyncio.to_thread(key.open_file(file, aad=aad).read, HEAD_BYTES)


async def _same_format(tx: Tx, context: Context, profile_id: UUID, given: Profile) -> None:
    """Refuses another format: connections and jobs rely on the one that the profile is for."""
    found = (await stored.by_ids(tx, tenant_id=context.tenant, ids=[profile_id])).get(profile_id)
    if found is not None and found.format != given.format:
        raise invalid(
            f"format: the profile is for {found.format}; save another one for {given.format}.",
            "definition",
        )


def _definition(given: object) -> Profile:
    try:
        return read_profile(given)
    except ValidationError as error:
        raise invalid(_problems(error), "definition") from error


def _saved(profile: Profile) -> dict[str, Any]:
    return profile.model_dump(mode="json", exclude_defaults=True)


def _problems(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    texts = []
    for problem in found[:PROBLEMS_MAX]:
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        texts.append(f"{place}: {message}" if place else message)
    return "; ".join(texts) + "."


def _taken() -> Refusal:
    return conflict("There is a profile of this name already.", "name")
