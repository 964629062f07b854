"""The edge: HTTP, WebSocket and who is calling."""
