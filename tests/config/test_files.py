"""Files that are this user's alone, and whole after a crash."""

import os
from pathlib import Path

import pytest

from bailiwick.files import UnfitFile, new_file, read_private, replace_durably


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    """A new file whose writing is broken off is not there afterwards, and one that is there is never touched."""
    with pytest.raises(RuntimeError), new_file(tmp_path / "half") as file:
        file.write(b"half of it")
        raise RuntimeError
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(FileExistsError), new_file(tmp_path / "old"):
        pass
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"old"}


def test_a_replacement_is_private_and_whole(tmp_path: Path) -> None:
    """What is replaced is this user's alone whatever the umask, and a draft left by a crash is in nobody's way."""
    path = tmp_path / "state"
    (tmp_path / "state.new").symlink_to(tmp_path / "elsewhere")
    before = os.umask(0)
    try:
        replace_durably(path, b"first")
        replace_durably(path, b"second")
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"second", 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["state"]


def test_a_file_has_a_length(tmp_path: Path) -> None:
    """What is longer than a secret can be is refused rather than cut."""
    with new_file(tmp_path / "key") as file:
        file.write(b"12345")
    assert read_private(tmp_path / "key", 5) == b"12345"
    with pytest.raises(UnfitFile, match="more than 4 bytes"):
        read_private(tmp_path / "key", 4)
