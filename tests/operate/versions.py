"""Two versions in one folder, one after the other, as ``git pull`` puts them there."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.operate import released
from tests.servers import ROOT

#: One more migration, so that there is something to migrate whatever the next release has.
ONE_MORE = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("requests_app", "{after}")]
    operations = [
        migrations.RunSQL("ALTER TABLE requests_app_helprequest ADD COLUMN one_more integer NULL")
    ]
"""


def put_released(folder: Path) -> None:
    """The last release's code. Skips the test where this clone does not have its history."""
    command = ["git", "archive", released.release()]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if told.returncode:
        pytest.skip(f"NOT SHOWN: {released.release()} is not in this clone: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(told.stdout)) as archive:
        archive.extractall(folder, filter="data")


def put_present(folder: Path) -> None:
    """This code, over what is there; what it does not have any more goes."""
    new, old = files_of(ROOT), {each for each in folder.rglob("*.py") if each.is_file()}
    for name in new:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    for each in old - {folder / name for name in new}:
        each.unlink()


def put_one_more_migration(folder: Path) -> None:
    migrations = folder / "requests_app/migrations"
    after = max(each.stem for each in migrations.glob("0*.py"))
    (migrations / "0999_one_more.py").write_text(ONE_MORE.format(after=after))


def files_of(clone: Path) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True).stdout
    return [name for name in told.split("\0") if name and (clone / name).is_file()]
