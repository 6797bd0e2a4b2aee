"""Static files, small on the wire also where nobody has compressed them beforehand.

In production ``collectstatic`` does that. Elsewhere one command must do, and a class on the
school's wireless network loads its first page in the same minute.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

#: What is text; pictures are compressed by nature.
TEXT = (".css", ".js", ".svg", ".txt", ".webmanifest")


class StaticFiles(WhiteNoiseMiddleware):
    """Serves files from where they lie by a copy that has its compressed form beside it."""

    def get_static_file(self, path: str, url: str, stat_cache=None) -> StaticFile:
        if self.use_finders and path.endswith(TEXT):
            copy = settings.VAR_DIR / "compressed" / url.lstrip("/")
            with suppress(OSError):  # a folder that cannot be written: it goes uncompressed
                keep_copy(Path(path), copy)
                return super().get_static_file(str(copy), url)
        return super().get_static_file(path, url, stat_cache)


def keep_copy(path: Path, copy: Path) -> None:
    """Make ``copy`` and ``copy.gz`` unless they are of the same moment; a second in all, once.

    Each is put in its place at once: other processes may be about to serve it.
    """
    small = copy.with_name(copy.name + ".gz")
    moment = path.stat().st_mtime_ns
    if all(each.exists() and each.stat().st_mtime_ns == moment for each in (copy, small)):
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes()
    for target, data in ((copy, content), (small, Compressor.compress_gzip(content))):
        new = target.with_name(f"{target.name}.{os.getpid()}")
        new.write_bytes(data)
        shutil.copystat(path, new)
        new.replace(target)
