"""Seals name every changed, missing or added byte of a sealed file, and every change to the seals themselves."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from archive.custody.seal import GENESIS, SealReport, merkle_root, seal, verify_seals
from archive.errors import ArchiveLocked
from archive.folder.store import LocalStore
from archive.warc.reader import iter_records
from tests.archive.warc_samples import NOON, closed_file, exchange, head


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """Three files, sealed on two days."""
    for number in range(2):
        closed_file(tmp_path, exchange(head() + b"page %d" % number))
    seal(LocalStore(tmp_path), NOON)
    closed_file(tmp_path, exchange(head() + b"page 2"))
    seal(LocalStore(tmp_path), NOON + timedelta(days=1))
    return LocalStore(tmp_path)


def codes(report: SealReport) -> list[str]:
    return [problem.code for problem in report.problems]


def manifest(store: LocalStore, day: int = 22) -> Path:
    return store.path(f"seals/2026-11-{day}.jsonl")


def test_what_was_sealed_and_not_touched_has_no_problem(store: LocalStore) -> None:
    report = verify_seals(store)
    assert (report.seals, report.records, report.unsealed, report.problems) == (3, 15, (), [])
    assert report.size_bytes == sum(store.path(name).stat().st_size for name in store.warc_files())
    assert seal(store, NOON) == ([], []) and verify_seals(store, report.head).problems == []
    assert verify_seals(store, "sha256:" + report.head.upper()).problems == []


def test_seals_form_one_chain_over_days(store: LocalStore) -> None:
    lines = [json.loads(line) for day in (22, 23) for line in manifest(store, day).read_text().splitlines()]
    assert [line["previous"] for line in lines] == [GENESIS, lines[0]["chain"], lines[1]["chain"]]
    assert sorted(line["file"] for line in lines) == store.warc_files()
    assert verify_seals(store, lines[1]["chain"]).problems == []  # an older head is in the chain too


def test_a_seal_can_be_recomputed_with_sha256_alone(store: LocalStore) -> None:
    line = json.loads(manifest(store).read_text().splitlines()[0])
    path = store.path(line["file"])
    data, hashed = path.read_bytes(), []
    for record, (length, digest) in zip(iter_records(path), line["leaves"], strict=True):
        assert record.length == length
        hashed.append(hashlib.sha256(b"\0" + data[record.offset : record.offset + length]).digest())
        assert hashed[-1].hex() == digest
    left = hashlib.sha256(b"\1" + hashed[0] + hashed[1]).digest()
    right = hashlib.sha256(b"\1" + hashed[2] + hashed[3]).digest()
    four = hashlib.sha256(b"\1" + left + right).digest()
    assert line["root"] == hashlib.sha256(b"\1" + four + hashed[4]).hexdigest()  # the odd one goes up as it is
    chain = line.pop("chain")
    assert chain == hashlib.sha256(json.dumps(line, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def test_the_tree_is_that_of_rfc_9162() -> None:
    """Test vectors of the Certificate Transparency tree over the first seven leaves."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    leaves = [hashlib.sha256(b"\0" + bytes.fromhex(one)).digest() for one in inputs]
    assert merkle_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle_root(leaves).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"


def test_every_changed_byte_is_named_with_its_record(store: LocalStore) -> None:
    name = store.warc_files()[1]
    path = store.path(name)
    data = path.read_bytes()
    offsets = [record.offset for record in iter_records(path)]
    for at in range(0, len(data), 13):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        (problem,) = verify_seals(store).problems
        assert (problem.file, problem.code) == (name, "changed-bytes")
        assert problem.offset == max(offset for offset in offsets if offset <= at)


def test_cut_and_lengthened_and_missing_files_are_named(store: LocalStore) -> None:
    name = store.warc_files()[0]
    path = store.path(name)
    data = path.read_bytes()
    last = list(iter_records(path))[-1]
    path.write_bytes(data[:-1])
    report = verify_seals(store)
    assert [(one.code, one.offset) for one in report.problems] == [
        ("size", len(data) - 1), ("changed-bytes", last.offset),
    ]  # fmt: skip
    path.write_bytes(data + b"x")
    assert [(one.code, one.offset) for one in verify_seals(store).problems] == [("size", len(data))]
    path.unlink()
    assert [(one.file, one.code) for one in verify_seals(store).problems] == [(name, "missing-file")]


def edit(change: Callable[[dict[str, object]], object]) -> Callable[[list[str]], list[str]]:
    def edited(lines: list[str]) -> list[str]:
        first = json.loads(lines[0])
        change(first)
        return [json.dumps(first), *lines[1:]]

    return edited


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda lines: lines[1:], {"seal-chain"}),
        (lambda lines: lines[:1], {"seal-chain"}),
        (lambda lines: lines[::-1], {"seal-chain"}),
        (lambda lines: ["{", *lines[1:]], {"seal-unreadable", "seal-chain"}),
        (edit(lambda one: one.update(sealed_at="2020-01-01T00:00:00Z")), {"seal-changed"}),
        (edit(lambda one: one.update(root="0" * 64)), {"seal-changed"}),
        (edit(lambda one: one.update(file="../outside")), {"seal-changed", "missing-file"}),
        (edit(lambda one: one.update(chain="0" * 64)), {"seal-changed", "seal-chain"}),
    ],
)
def test_every_change_to_the_seals_is_named(
    store: LocalStore, change: Callable[[list[str]], list[str]], expected: set[str]
) -> None:
    path = manifest(store)
    path.write_text("".join(line + "\n" for line in change(path.read_text().splitlines())))
    assert set(codes(verify_seals(store))) == expected


def test_a_chain_made_anew_is_found_by_whoever_knows_its_head(store: LocalStore) -> None:
    head = verify_seals(store).head
    shutil.rmtree(store.path("seals"))
    seal(store, NOON + timedelta(days=9))
    assert verify_seals(store).problems == [] and codes(verify_seals(store, head)) == ["head"]
    shutil.rmtree(store.path("seals"))
    assert codes(verify_seals(store, head)) == ["head"] and len(verify_seals(store).unsealed) == 3


def test_open_files_are_not_sealed_and_two_do_not_seal_at_once(store: LocalStore) -> None:
    closed = store.path(closed_file(store.root, exchange(head() + b"x")).relative_to(store.root).as_posix())
    closed.rename(closed.with_name(closed.name + ".open"))
    assert seal(store, NOON) == ([], [])
    with store.path("seals/.lock").open("rb+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ArchiveLocked):
            seal(store, NOON)
