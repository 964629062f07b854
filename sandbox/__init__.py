"""Simulated outside world: one service a file, plain ASGI; imports nothing of ours."""
