"""What a reader of statements has to report: gathered while reading, handed over in order."""

from __future__ import annotations

from core.records import Finding, Severity


class Findings:
    """Findings that wait to be handed over, and the codes that are said once a document."""

    __slots__ = ("_said", "pending")

    def __init__(self) -> None:
        self.pending: list[Finding] = []
        self._said: set[str] = set()

    def info(self, code: str, message: str, line: int, raw: str | None = None) -> None:
        """A note."""
        self.pending.append(Finding(Severity.INFO, code, message, line, None, raw))

    def warn(
        self, code: str, message: str, line: int, field: str | None = None, raw: str | None = None
    ) -> None:
        """Something was read, but not as the specification has it."""
        self.pending.append(Finding(Severity.WARNING, code, message, line, field, raw))

    def reject(
        self, code: str, message: str, line: int, field: str | None = None, raw: str | None = None
    ) -> None:
        """A row was left out."""
        self.pending.append(Finding(Severity.ERROR, code, message, line, field, raw, rejected=True))

    def control(
        self, severity: Severity, code: str, message: str, line: int, raw: str | None = None
    ) -> None:
        """A control total, a count or a trailer is wrong or missing."""
        self.pending.append(Finding(severity, code, message, line, None, raw, control=True))

    def first(self, key: str) -> bool:
        """Whether this is the first time in the document that `key` is asked for."""
        if key in self._said:
            return False
        self._said.add(key)
        return True

    def drain(self) -> list[Finding]:
        """All that waits, in order; afterwards nothing waits."""
        drained, self.pending = self.pending, []
        return drained
