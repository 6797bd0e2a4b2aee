"""Libraries that stand between one process and its machine, built where they are needed."""

import shutil
import subprocess
from pathlib import Path

import pytest


def built(name: str, folder: Path) -> str:
    """The path of ``name``, made from ``name.c`` beside this file."""
    if not shutil.which("gcc"):
        pytest.skip(f"NO gcc: nothing that {name}.c does was done.")
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return str(library)
