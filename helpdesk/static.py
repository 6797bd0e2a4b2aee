"""Static files: few and small on the wire, since a whole class loads its first page at once.

In production ``collectstatic`` compresses them. Elsewhere one command must do, so copies with a
compressed form beside them are kept in ``var``.
"""

import filecmp
import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder, get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from classrooms import icons

#: What is text; pictures are compressed by nature.
TEXT = (".css", ".js", ".svg", ".txt", ".webmanifest")
#: Of a stylesheet: comments, and the white space around what ends a selector or a value.
COMMENTS, SPACE = re.compile(r"/\*.*?\*/", re.DOTALL), re.compile(r"\s*([{};,])\s*")
#: Of a script: a line that speaks to us, or the end of one. What a quote follows may be a text.
SAID = re.compile(r"^\s*//.*|\s+// [^\"'`]*$")
#: The address of a file whose content it names.
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
#: The stylesheets in one; the first names the layers, which alone decide what wins.
ALL_STYLES, FIRST, APART = "css/all.css", "tokens.css", ("no-script.css",)
#: The scripts in one, but for that of pages that say that the server is away.
ALL_SCRIPTS, SCRIPTS_APART = "js/all.js", ("not-saved.js",)


class Collected(CompressedManifestStaticFilesStorage):
    """Where ``collectstatic`` puts what production serves."""

    def get_modified_time(self, name: str):
        """Not told, so that each file is copied: those of a new version may be older by date."""
        raise NotImplementedError


class Made(BaseFinder):
    """Finds what is made of other files, and makes it whenever somebody looks for it: all
    stylesheets, all scripts and all icons in one each, since every file costs a request and 0.9 kB
    of headers."""

    def __init__(self, app_names=None, *args, **kwargs) -> None:
        self.storage = FileSystemStorage(location=settings.VAR_DIR / "made")
        super().__init__()

    def check(self, **kwargs) -> list:
        return []

    def list(self, ignore_patterns):
        for path in MADE:
            self.make(path)
            yield path, self.storage

    def find(self, path: str, find_all: bool = False, **kwargs):
        if path not in MADE:
            return []
        self.make(path)
        found = self.storage.path(path)
        return [found] if find_all else found

    def make(self, path: str) -> None:
        text = MADE[path]()
        made = Path(self.storage.path(path))
        if not made.exists() or made.read_text(encoding="utf-8") != text:
            put(made, text.encode())


def styles() -> str:
    folder = Path(settings.BASE_DIR, "static", "css")
    rest = sorted(set(folder.glob("*.css")) - {folder / name for name in (FIRST, *APART)})
    whole = "".join(each.read_text(encoding="utf-8") for each in (folder / FIRST, *rest))
    return SPACE.sub(r"\1", COMMENTS.sub("", whole)).strip()


def scripts() -> str:
    """Each in a block of its own, as they were modules: none sees another's names."""
    folder = Path(settings.BASE_DIR, "static", "js")
    files = [*sorted(folder.glob("*.js")), *sorted(folder.glob("elements/*.js"))]
    ours = (each for each in files if each.name not in SCRIPTS_APART)
    return "".join(f"{{\n{_lean(each.read_text(encoding='utf-8'))}\n}}\n" for each in ours)


def _lean(script: str) -> str:
    """Without what only speaks to us, and without indentation."""
    lines = (SAID.sub("", line).strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line)


#: What is made of other files → how.
MADE: Mapping[str, Callable[[], str]] = {
    ALL_STYLES: styles,
    ALL_SCRIPTS: scripts,
    icons.SPRITE: icons.sprite,
}


class Found(dict):
    """Files by their addresses. Whoever misses one is asked ``look``, which may find it."""

    def __init__(self, known: dict, look: Callable[[str], StaticFile | None]) -> None:
        super().__init__(known)
        self.look = look

    def get(self, url, default=None):
        return super().get(url) or self.look(url) or default


class StaticFiles(WhiteNoiseMiddleware):
    """Serves files from where they lie by a copy that has its compressed form beside it."""

    files: dict
    #: The newest one's: those that were found when it began, by the path that they are asked for.
    known: Mapping[str, StaticFile] = {}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.files = Found(self.files, self.collected_since)
        type(self).known = {} if self.autorefresh else self.files

    def add_files(self, root: str | Path, prefix: str | None = None) -> None:
        if Path(root).is_dir():  # only production needs the collected ones, and has asked for them
            super().add_files(root, prefix)

    def collected_since(self, url: str) -> StaticFile | None:
        """A file of a newer version: while it is put in, its pages ask the old workers too."""
        if self.use_finders or not HASHED.search(url) or not url.startswith(self.static_prefix):
            return None
        path = os.path.join(self.static_root, url.removeprefix(self.static_prefix))
        if not self.url_is_canonical(url) or not os.path.isfile(path):
            return None
        self.add_file_to_dictionary(url, path)
        return dict.get(self.files, url)

    def get_static_file(self, path: str, url: str, stat_cache=None) -> StaticFile:
        if self.use_finders and path.endswith(TEXT):
            copy = settings.VAR_DIR / "compressed" / url.lstrip("/")
            with suppress(OSError):  # a folder that cannot be written: it goes uncompressed
                keep_copy(Path(path), copy)
                return super().get_static_file(str(copy), url)
        return super().get_static_file(path, url, stat_cache)


def refuse_uncollected() -> None:
    """Raise in production where the collected files are not those of this version.

    Pages name files by what is in them: without the right list each page would be a 500.
    """
    if settings.PRODUCTION and not are_collected():
        raise ImproperlyConfigured(
            f"The static files of this version are not in {settings.STATIC_ROOT}: "
            "collect them with ./run manage collectstatic --noinput, and start again."
        )


def are_collected() -> bool:
    """Whether each file that can be found was collected as it is now."""
    try:
        names = getattr(staticfiles_storage, "hashed_files", {})
    except ValueError:  # a list that was not written to its end
        return False
    found: dict[str, str] = {}
    for finder in get_finders():
        for path, storage in finder.list([]):
            found.setdefault(path.replace(os.sep, "/"), storage.path(path))
    return all(
        is_same(Path(source), Path(settings.STATIC_ROOT, path))
        and Path(settings.STATIC_ROOT, names.get(path, "?")).is_file()
        for path, source in found.items()
    )


def is_same(one: Path, other: Path) -> bool:
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def is_known(path: str) -> bool:
    """Whether the middleware answers this path by itself, without looking for the file."""
    return path in StaticFiles.known


def keep_copy(path: Path, copy: Path) -> None:
    """Make ``copy`` and ``copy.gz`` unless they are of the same moment as ``path``."""
    small = copy.with_name(copy.name + ".gz")
    moment = path.stat().st_mtime_ns
    if all(each.exists() and each.stat().st_mtime_ns == moment for each in (copy, small)):
        return
    content = path.read_bytes()
    put(copy, content, like=path)
    put(small, Compressor.compress_gzip(content), like=path)


def put(target: Path, content: bytes, *, like: Path | None = None) -> None:
    """Whole or not at all: others may be about to read it. ``like``: whose times it has."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.{os.getpid()}")
    new.write_bytes(content)
    if like is not None:
        shutil.copystat(like, new)
    new.replace(target)
