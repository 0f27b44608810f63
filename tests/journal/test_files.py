from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sweep.errors import explain
from sweep.journal.files import remove_temporaries, write_atomic


@pytest.mark.parametrize("content", ["Löwenzahn\n", b"\x00\xff"])
def test_the_content_replaces_the_old_one(content: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("a much longer old content")
    write_atomic(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert os.listdir(tmp_path) == ["config.yaml"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as failure:
            write_atomic(path, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert failure.value.filename == str(path), "not the temporary one, which is gone"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["checkpoint.pt"]


def test_an_interruption_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["checkpoint.pt"]


def test_content_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "study.yaml"
    happened: list[str] = []
    replace = os.replace

    def note_replace(source: Path, target: Path) -> None:
        happened.append("renamed")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", lambda handle: happened.append("folder" if path.exists() else "content"))
    monkeypatch.setattr(os, "replace", note_replace)
    write_atomic(path, "new")
    assert happened == ["content", "renamed", "folder"]


def test_the_old_file_can_be_kept_under_another_name(tmp_path: Path) -> None:
    newest, previous = tmp_path / "newest", tmp_path / "previous"
    for content in ("1", "2", "3"):
        write_atomic(newest, content, previous)
    assert (newest.read_text(), previous.read_text()) == ("3", "2")
    assert sorted(os.listdir(tmp_path)) == ["newest", "previous"]


def run_python(code: str, *words: str | Path, umask: int = 0o22) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-c",
        f"import os, signal, sys; from sweep.journal.files import *; from pathlib import Path\n{code}",
    ]
    return subprocess.Popen([*command, *map(str, words)], umask=umask, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


WRITE = "write_atomic(Path(sys.argv[1]), 'new')"
DIE_BEFORE = "os.{} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n" + WRITE


@pytest.mark.parametrize(("umask", "mode"), [(0o22, 0o644), (0o77, 0o600), (0o27, 0o640)])
def test_the_file_has_the_mode_that_the_user_wants_for_files(tmp_path: Path, umask: int, mode: int) -> None:
    with run_python(WRITE, tmp_path / "config.yaml", umask=umask) as child:
        child.communicate()
    assert (tmp_path / "config.yaml").stat().st_mode & 0o777 == mode


def test_what_is_not_finished_is_nobody_elses_to_read_and_removed_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "trials" / "0000" / "best.safetensors"
    path.parent.mkdir(parents=True)
    path.write_text("old")
    keep = [path, tmp_path / ".hidden", tmp_path / ".notes.tmp", tmp_path / "best.1.tmp"]
    for bystander in keep[1:]:
        bystander.touch()
    for moment in ("fsync", "replace"):
        with run_python(DIE_BEFORE.format(moment), path) as child:
            child.communicate()
        assert child.returncode == -signal.SIGKILL
    leftovers = list(path.parent.glob(".*"))
    assert [leftover.stat().st_mode & 0o777 for leftover in leftovers] == [0o600, 0o600]
    remove_temporaries(tmp_path)
    assert {found for found in tmp_path.rglob("*") if found.is_file()} == set(keep)
    assert path.read_text() == "old"


def test_what_another_process_is_writing_just_now_is_no_leftover(tmp_path: Path) -> None:
    wait = "os.fsync = lambda _: (print('writing', flush=True), sys.stdin.read())\n" + WRITE
    with run_python(wait, tmp_path / "file") as child:
        assert child.stdout is not None
        child.stdout.readline()
        remove_temporaries(tmp_path)
        assert len(os.listdir(tmp_path)) == 1
        child.communicate()
    assert child.returncode == 0
    assert os.listdir(tmp_path) == ["file"]


def test_threads_and_processes_that_write_the_same_file_at_once_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    contents = [str(writer) * 50_000 for writer in range(8)]
    path.write_text(contents[0])
    rounds = "for _ in range(50): write_atomic(Path(sys.argv[1]), sys.argv[2] * 50_000)"
    with run_python(rounds, path, "0") as child, ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            list(pool.map(lambda content: write_atomic(path, content), contents))
            assert path.read_text() in contents
        child.communicate()
    assert child.returncode == 0
    assert os.listdir(tmp_path) == ["index.json"]


def test_an_error_is_explained_with_its_file_and_where_room_is_lacking_with_how_much_there_is(tmp_path: Path) -> None:
    path = tmp_path / "no" / "such" / "folder" / "file"
    for number in (errno.ENOSPC, errno.EDQUOT):
        said = explain(OSError(number, os.strerror(number)), path)
        assert said.startswith(f"{path}: {os.strerror(number)} (") and said.endswith(" MB free)")
    with pytest.raises(FileNotFoundError) as failure:
        write_atomic(path, "new")
    assert explain(failure.value, path) == f"{path}: No such file or directory"
    assert explain(OSError("odd"), path) == f"{path}: odd"
