"""The beginning of a connector: its files from templates, and its lines in the registries."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import BadInput

TEMPLATES: Final = Path(__file__).parent / "templates"
LINE_MAX: Final = 100
CONNECTORS: Final = Path("providers/registry.py")
SANDBOXES: Final = Path("sandbox/registry.py")
FILES: Final[Mapping[str, str]] = {
    "connector": "providers/{slug}.py",
    "sandbox": "sandbox/{slug}.py",
    "contract": "tests/contracts/{slug}.py",
}

_SANDBOX: Final = """    Sandbox(
        slug="{{slug}}",
        name="{{name}}",
        make=lambda secret: {{slug}}.create_app(
            client_id="sandbox", client_secret=secret, now=_now
        ),
        settings=lambda url, secret: {"url": url, "client_id": "sandbox", "client_secret": secret},
    ),
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How a provider is called in each place."""

    slug: str
    name: str

    @staticmethod
    def of(name: str) -> Names:
        """From a name such as "Acme Bank". Raises BadInput where no module can be called so."""
        slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        if not re.fullmatch(r"[a-z][a-z0-9_]{1,29}", slug) or keyword.iskeyword(slug):
            raise BadInput(f"{name!r} gives no name of a module: use 2 to 30 letters and digits.")
        if not re.fullmatch(r"[\w .&-]+", name):
            raise BadInput(f"{name!r}: use letters, digits, spaces, and . & - alone.")
        return Names(slug=slug, name=name)

    def fill(self, template: str) -> str:
        """A template with the names in it."""
        parts = {
            "slug": self.slug,
            "name": self.name,
            "class": "".join(part.capitalize() for part in self.slug.split("_")),
            "const": self.slug.upper(),
            "host": self.slug.replace("_", "-"),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def scaffold(name: str, *, into: Path) -> list[Path]:
    """Writes a connector, its simulation and its contract; the paths that were touched.

    Nothing is written where something of that name is there. Raises BadInput.
    """
    names = Names.of(name)
    registry, sandboxes = into / CONNECTORS, into / SANDBOXES
    for path in (registry, sandboxes, into / "tests/contracts"):
        if not path.exists():
            raise BadInput(f"{path} is not there: run this in a checkout, or name one by --into.")
    texts = {
        into / path.format(slug=names.slug): rendered(names, kind) for kind, path in FILES.items()
    }
    for path in (*texts, *(path.with_suffix("") for path in texts)):
        if path.exists():
            raise BadInput(f"{path} is there already.")
    texts[registry] = _registered(registry.read_text(encoding="utf-8"), names)
    texts[sandboxes] = _simulated(sandboxes.read_text(encoding="utf-8"), names)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def rendered(names: Names, kind: str) -> str:
    """One of the files, its imports sorted under the provider's name."""
    text = names.fill((TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8"))
    return re.sub(
        r"(?:^from \S+ import [^(\n]+\n)+",
        lambda found: "".join(sorted(found[0].splitlines(keepends=True), key=_module)),
        text,
        flags=re.M,
    )


def _module(line: str) -> str:
    return line.split()[1]


def _registered(text: str, names: Names) -> str:
    """The registry of connectors with one more."""
    lines = text.splitlines()
    ours = [at for at, line in enumerate(lines) if line.startswith("from providers.")]
    lines.insert(ours[-1] + 1, names.fill("from providers.{{slug}} import {{const}}"))
    lines[ours[0] : ours[-1] + 2] = sorted(lines[ours[0] : ours[-1] + 2], key=_module)
    return _once(
        r"(CONNECTORS: Final\[[^=]*\] = )\(([^)]*)\)",
        lambda found: found[1] + _tuple([*_words(found[2]), names.slug.upper()]),
        "\n".join(lines) + "\n",
    )


def _simulated(text: str, names: Names) -> str:
    """The registry of simulations with one more."""
    imported = _once(
        r"^from sandbox import (.*)$",
        lambda found: "from sandbox import " + ", ".join(sorted([*_words(found[1]), names.slug])),
        text,
    )
    return _once(
        r"(SANDBOXES: Final = \(\n(?:.*\n)*?)\)\n",
        lambda found: f"{found[1]}{names.fill(_SANDBOX)})\n",
        imported,
    )


def _once(pattern: str, replacement: Callable[[re.Match[str]], str], text: str) -> str:
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.M)
    if count != 1:
        raise BadInput(f"A registry has changed its form: {pattern} is not in it.")
    return changed


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def _tuple(names: list[str]) -> str:
    flat = f"({', '.join(names)})" if len(names) > 1 else f"({names[0]},)"
    if len(flat) + len("CONNECTORS: Final[tuple[Connector, ...]] = ") <= LINE_MAX:
        return flat
    return "(\n" + "".join(f"    {name},\n" for name in names) + ")"
