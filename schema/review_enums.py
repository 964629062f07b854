"""Enumerations of matching and of questions to people."""

from __future__ import annotations

from core import links, reviews
from db.transaction_filter import Duplicates
from schema.described import register as _register

_register(
    links.LinkKind,
    "How two transactions belong together.",
    {
        links.LinkKind.DUPLICATE: "They are one booking that two sources deliver.",
        links.LinkKind.PENDING_POSTED: "One source has booked what another one shows as pending.",
        links.LinkKind.TRANSFER: "Money moved between two accounts of the tenant.",
        links.LinkKind.REFUND: "Money came back that was paid.",
    },
    name="TransactionLinkKind",
)
_register(
    links.LinkMethod,
    "Who says that two transactions belong together.",
    {
        links.LinkMethod.AUTO: "The rules, where nothing else could be meant.",
        links.LinkMethod.USER: "A member of the tenant: that is final.",
    },
    name="TransactionLinkMethod",
)
_register(
    links.LinkState,
    "Whether a link holds.",
    {
        links.LinkState.ACTIVE: "It holds.",
        links.LinkState.UNDONE: "It was undone.",
    },
    name="TransactionLinkState",
)
_register(
    links.UndoneReason,
    "Why the system undid a link of its own.",
    {
        links.UndoneReason.BETTER_PAIR: "What has come since belongs to one of the two.",
        links.UndoneReason.PRIMARY_SOURCE: "The rows of another source count since.",
    },
    name="TransactionLinkUndoneReason",
)
_register(
    Duplicates,
    "Whether to show transactions that do not count, as another one is the same booking.",
    {
        Duplicates.EXCLUDE: "Leave them out.",
        Duplicates.INCLUDE: "Show them beside the others.",
        Duplicates.ONLY: "Show them alone.",
    },
    name="TransactionDuplicates",
)
_register(
    reviews.ReviewKind,
    "What a question is about.",
    {
        reviews.ReviewKind.DUPLICATE: "Whether two transactions are one booking.",
        reviews.ReviewKind.PENDING_POSTED: "Whether a pending transaction is a booked one.",
        reviews.ReviewKind.TRANSFER: "Whether two transactions are one transfer.",
        reviews.ReviewKind.REFUND: "Whether a transaction gives another one back.",
        reviews.ReviewKind.RECONCILIATION: "Whether something agrees with what it is held against.",
        reviews.ReviewKind.CONFLICT: "Which of two contradicting versions is right.",
        reviews.ReviewKind.CATEGORY: "What a transaction was for.",
        reviews.ReviewKind.SPLIT: "What becomes of parts whose transaction is of another amount by "
        "now: yes fits them to it in proportion, no makes it whole.",
    },
    name="ReviewItemKind",
)
_register(
    reviews.ReviewState,
    "Where a question stands.",
    {
        reviews.ReviewState.OPEN: "Nobody has answered.",
        reviews.ReviewState.CONFIRMED: "Somebody has said yes.",
        reviews.ReviewState.REJECTED: "Somebody has said no.",
        reviews.ReviewState.SUPERSEDED: "What it asked about is gone, or was settled otherwise.",
    },
    name="ReviewItemState",
)
_register(
    reviews.SupersededReason,
    "Why a question about two transactions was closed without an answer.",
    {
        reviews.SupersededReason.LINKED_OTHERWISE: "One of the two is linked with another "
        "transaction since, which leaves no room for it; it is asked again if that is undone.",
        reviews.SupersededReason.COMPARED_ANEW: "They were compared anew, and nobody needs to be "
        "asked.",
    },
    name="ReviewItemSupersededReason",
)
