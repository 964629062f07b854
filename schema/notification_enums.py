"""Enumerations of notifications and of how they are sent, every value described."""

from __future__ import annotations

from core import notifications
from schema.described import register as _register

_register(
    notifications.NotificationKind,
    "What happened.",
    {
        notifications.NotificationKind.INITIAL_SYNC_COMPLETE: "The newest transactions are there.",
        notifications.NotificationKind.HISTORICAL_SYNC_COMPLETE: "Earlier ones are there too.",
        notifications.NotificationKind.REAUTHENTICATION_REQUIRED: "Somebody must sign in again.",
        notifications.NotificationKind.FAILING_REPEATEDLY: "Syncs fail again and again.",
        notifications.NotificationKind.TOKEN_EXPIRING: "The access ends soon.",
        notifications.NotificationKind.WEBHOOK_DEAD: "An event of the source was given up.",
        notifications.NotificationKind.NEW_ACCOUNTS_AVAILABLE: "The source has more accounts.",
        notifications.NotificationKind.CONNECTION_REVOKED: "The access was taken back.",
        notifications.NotificationKind.CONNECTION_STOPPED: "Somebody must put something right.",
        notifications.NotificationKind.DATA_ANOMALY: "What arrived looks wrong.",
        notifications.NotificationKind.CHANNEL_DISABLED: "A channel was turned off by itself.",
        notifications.NotificationKind.TEST: "Somebody tests a channel.",
    },
)
_register(
    notifications.ChannelType,
    "How a channel delivers.",
    {
        notifications.ChannelType.WEBHOOK: "A request to a web server, signed.",
        notifications.ChannelType.SLACK: "A message in Slack, or in what takes Slack's webhooks.",
        notifications.ChannelType.EMAIL: "Mail.",
    },
    name="NotificationChannelType",
)
_register(
    notifications.DisabledReason,
    "Why a channel was turned off by itself.",
    {
        notifications.DisabledReason.GONE: "It said so: the answer was 410.",
        notifications.DisabledReason.FAILING: "Five deliveries in a row were given up.",
    },
    name="NotificationChannelDisabledReason",
)
_register(
    notifications.DeliveryState,
    "How far a delivery is.",
    {
        notifications.DeliveryState.PENDING: "On its way.",
        notifications.DeliveryState.DELIVERED: "It arrived.",
        notifications.DeliveryState.FAILED: "It was given up.",
    },
    name="NotificationDeliveryState",
)
