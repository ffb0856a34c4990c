"""The check for names that nothing uses."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "unused_names.py"


def test_a_name_that_nothing_uses_is_reported(tmp_path: Path) -> None:
    """A public name that stands nowhere but at its definition is found; used, private and registered ones are not."""
    spec = importlib.util.spec_from_file_location("unused_names", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    (tmp_path / "a.py").write_text(
        "ALONE = 1\n_PRIVATE = 2\nUSED = 3\n\n\ndef idle() -> int:\n    return USED\n\n\n"
        "@registered\ndef command() -> None: ...\n\n\nclass Named: ...\n"
    )
    (tmp_path / "b.py").write_text('PLACE = "a:Named"\nprint(PLACE)\n')
    assert [line.split(": ")[1].split()[0] for line in script.unused(tmp_path)] == ["ALONE", "idle"]
