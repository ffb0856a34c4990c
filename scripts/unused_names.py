"""Report public names of modules that nothing in src uses: what is used by tests alone is not used.

    python scripts/unused_names.py [SOURCE]

A name counts as used where it stands as a word anywhere in the source but at its own definition, in a string too:
commands and modules are named by strings. What a decorator registers is used by it.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ENTRANCES = frozenset(
    {"main", "run_migrations", "upgrade", "downgrade", "revision", "down_revision", "branch_labels", "depends_on"}
)
"""Called by others than our own source: the interpreter, Alembic."""


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The public names that a module defines at its top, each with its line."""
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not node.decorator_list or isinstance(
                node, ast.ClassDef
            ):
                yield node.name, node.lineno
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, node.lineno
            case _:
                pass


def unused(source: Path) -> list[str]:
    """Each as ``file:line: name``."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(source.rglob("*.py"))}
    words = Counter(word for text in texts.values() for word in WORD.findall(text))
    found = []
    for path, text in texts.items():
        for name, line in defined(ast.parse(text)):
            if not name.startswith("_") and name not in ENTRANCES and words[name] == 1:
                found.append(f"{path}:{line}: {name} is used nowhere in {source}")
    return found


def main() -> int:
    """Print what is found; 1 if anything is."""
    found = unused(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("src"))
    sys.stdout.write("".join(f"{each}\n" for each in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
