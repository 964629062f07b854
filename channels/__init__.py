"""Notification channels: how a message leaves for a webhook, for Slack, by email."""
