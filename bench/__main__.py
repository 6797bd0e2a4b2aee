"""``./run bench NAME [ARGS]``; without a name: what there is."""

import importlib
import pkgutil
import sys

import bench


def names() -> list[str]:
    return [each.name for each in pkgutil.iter_modules(bench.__path__) if each.name[0] != "_"]


def main(args: list[str]) -> None:
    runnable = [
        name for name in names() if hasattr(importlib.import_module(f"bench.{name}"), "main")
    ]
    if not args or args[0] not in runnable:
        sys.exit("Usage: ./run bench NAME [ARGS], where NAME is one of: " + ", ".join(runnable))
    importlib.import_module(f"bench.{args[0]}").main(args[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
