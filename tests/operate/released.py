"""What the last release had: its commit and its migrations, in ``released.json``.

``python -m tests.operate.released COMMIT`` writes it anew, when COMMIT is released.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = Path(__file__).with_name("released.json")


def manifest() -> dict:
    """``release``: a commit; ``migrations``: app.name → the file's SHA-256, or None where the file
    is another package's, which the lock file holds."""
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


def release() -> str:
    return manifest()["release"]


def migrations() -> dict[str, str | None]:
    """Those that there are now, as ``manifest`` has those of the release."""
    from django.db.migrations.loader import MigrationLoader

    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return {f"{app}.{name}": _digest(found[app, name]) for app, name in sorted(found)}


def _digest(migration) -> str | None:
    file = Path(sys.modules[type(migration).__module__].__file__ or "")
    parts = file.relative_to(ROOT).parts if file.is_relative_to(ROOT) else ()
    if len(parts) != 3:  # ours are APP/migrations/NAME.py; .venv may lie in the same folder
        return None
    text = file.read_text(encoding="utf-8")  # whatever ends a line on this machine
    return hashlib.sha256(text.encode()).hexdigest()


def differences(then: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[str]:
    """What became of migrations that were released; they must stay as they are."""
    gone = [f"{name} is gone" for name in then if name not in now]
    edited = [f"{name} was edited" for name in then if name in now and now[name] != then[name]]
    return gone + edited


def write(commit: str) -> None:
    told = {"release": commit, "migrations": migrations()}
    MANIFEST.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    write(sys.argv[1])
