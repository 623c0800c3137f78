"""Write scores into a folder that others write to and read at the same time."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from filelock import BaseFileLock

from videophy_lab.store.locks import hold_lock, make_lock, release_lock, try_lock
from videophy_lab.store.parts import (
    DRAFT,
    KEY,
    Key,
    Signature,
    give_way,
    list_parts,
    make_batch,
    make_keys,
    make_signature,
    raise_twice,
    read_part,
    replace_file,
)
from videophy_lab.store.reading import SPECS, find_same, read_scores, read_specs

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Part(NamedTuple):
    """What a writer knows of a part: which state of the file it read, and the names of its rows."""

    signature: Signature
    keys: pa.Table


class ScoreStore:
    """Write scores into a folder; safe with many threads, processes and machines.

    Parameters
    ----------
    folder : path
        Made where it is not there.
    max_rows : int
        Rows of a part. A part is written anew with each append to it, so more rows are slower to add to and
        fewer give more files.

    Raises
    ------
    ValueError
        The folder cannot be written to, or a file in it is no part.
    TimeoutError
        Another writer holds the folder.

    Notes
    -----
    A row is named by `KEY`. A stored row gives way, in its place, to a new one of its name when its status is
    not ``ok``, or when the new one is about other bytes (``sha256``) or another ``question``; a blank is
    another than any name. Otherwise it stays: of two writers that scored the same, the first is kept.

    A writer has one part of its own and holds a lock beside it while it lives. It begins with a part that is
    not full and whose lock is free, because its writer has closed or is dead: so the folder never holds more
    parts that are not full than it had writers at once. Everything is written under one lock of the folder.
    Where the file system has no ``flock``, filelock warns and keeps files whose being there is the lock; one
    that a dead machine left must be deleted by hand.
    """

    def __init__(self, folder: str | Path, *, max_rows: int = 10_000) -> None:
        if max_rows < 1:
            raise ValueError(f"max_rows is {max_rows}; allowed: 1 or more")
        self.folder = Path(folder)
        self.max_rows = max_rows
        self._parts: dict[str, Part] = {}
        self._own: tuple[str, BaseFileLock] | None = None
        self._closed = False
        self._mutex = threading.Lock()
        self._lock = make_lock(self.folder / ".lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._hold_folder():
                self._sweep()
                self._refresh()
        except TimeoutError:
            raise
        except OSError as error:
            raise ValueError(
                f"{self.folder}: scores cannot be written there ({error}). Remedy: name a folder that you "
                "may write to; read_scores reads one that you may not."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, rows: Sequence[Mapping[str, object]]) -> int:
        """Store rows; when it returns they are on the disk.

        Parameters
        ----------
        rows : sequence of mappings
            Columns of the table of scores, and ``question``: 12 hex digits that name the question's text.
            What is left out is blank. Of several rows with one name the last counts.

        Returns
        -------
        int
            How many rows were written; fewer than given where a stored row stays.

        Raises
        ------
        ValueError
            A row that the table of scores does not allow, and nothing was written; or a damaged part.
        OSError
            The disk is full or fails; the part that was being written is as it was before.
        TimeoutError
            Another writer holds the folder; nothing was written.
        """
        if not rows:
            return 0
        batch = make_batch(rows)
        places = {key: place for place, key in enumerate(make_keys(batch))}
        with self._hold_folder():
            self._refresh()
            stored = self._find_keys(batch, places)
            written = sum(self._supersede(name, found, batch, places) for name, found in stored.items())
            known = {key for found in stored.values() for key in found}
            return written + self._extend(batch.filter([key not in known for key in places]))

    def describe_spec(self, spec: str, description: Mapping[str, Any]) -> None:
        """Write down what a spec stands for, in ``_specs.json``."""
        with self._hold_folder():
            specs = read_specs(self.folder)
            if specs.get(spec) != description:
                specs[spec] = dict(description)
                text = json.dumps(specs, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
                replace_file(self.folder / SPECS, text.encode("utf-8"))

    def read(self) -> pd.DataFrame:
        """Read all scores, as `read_scores`."""
        return read_scores(self.folder)

    def find_same(self, wanted: pd.DataFrame) -> pd.DataFrame:
        """Find scores of the same bytes, as `find_same`."""
        return find_same(self.folder, wanted)

    def close(self) -> None:
        """Give the own part up, so that the next writer goes on with it; a second call does nothing."""
        if not self._closed:
            with self._hold_folder():
                self._release_part()
                self._closed = True

    @contextmanager
    def _hold_folder(self) -> Iterator[None]:
        with self._mutex:
            if self._closed:
                raise ValueError(f"{self.folder}: this store is closed. Remedy: open it again.")
            with hold_lock(self._lock):
                yield

    def _sweep(self) -> None:
        """Remove what dead writers left: drafts, which live under the folder's lock only, and free locks."""
        for path in self.folder.glob(f".*{DRAFT}"):
            path.unlink(missing_ok=True)
        for path in self.folder.glob(".part-*.lock"):
            lock = try_lock(path)
            if lock is not None:
                release_lock(lock)

    def _refresh(self) -> None:
        """Read the names of the rows of parts that are new or have changed."""
        # a machine on NFS may list a folder as it was seconds ago; making a file has it ask the server again
        probe = self.folder / f".probe{DRAFT}"
        probe.touch()
        probe.unlink()
        parts: dict[str, Part] = {}
        for path in list_parts(self.folder):
            part, signature = self._parts.get(path.name), make_signature(path)
            if part is None or part.signature != signature:
                part = Part(signature, read_part(path, KEY).combine_chunks())
            parts[path.name] = part
        self._parts = parts

    def _find_keys(self, batch: pa.Table, places: dict[Key, int]) -> dict[str, dict[Key, int]]:
        """Find which rows of a batch are stored: by part, their names and their places in it."""
        import pyarrow.compute as pc

        videos = batch["video_id"].combine_chunks()
        homes: dict[Key, str] = {}
        found: dict[str, dict[Key, int]] = {}
        for name, part in self._parts.items():
            near = pc.indices_nonzero(pc.is_in(part.keys["video_id"], value_set=videos))
            for key, place in zip(make_keys(part.keys.take(near)), near.to_pylist(), strict=True):
                if key in homes:
                    raise_twice(self.folder, key, (homes[key], name))
                if key in places:
                    homes[key] = name
                    found.setdefault(name, {})[key] = place
        return found

    def _supersede(self, name: str, found: dict[Key, int], batch: pa.Table, places: dict[Key, int]) -> int:
        """Put new rows in the places of those stored rows of a part that give way."""
        import pyarrow as pa

        stored = read_part(self.folder / name)
        old = stored.take(list(found.values())).to_pylist()
        new = batch.take([places[key] for key in found]).to_pylist()
        order = list(range(stored.num_rows))
        giving = [key for key, *pair in zip(found, old, new, strict=True) if give_way(*pair)]
        for key in giving:
            order[found[key]] = stored.num_rows + places[key]
        if giving:
            self._write_part(name, pa.concat_tables([stored, batch]).take(order))
        return len(giving)

    def _extend(self, fresh: pa.Table) -> int:
        """Add rows to the own part, and to as many more as they fill."""
        import pyarrow as pa

        done = 0
        while done < fresh.num_rows:
            name = self._own[0] if self._own is not None else self._take_part()
            stored = read_part(self.folder / name) if name in self._parts else fresh.slice(length=0)
            chunk = fresh.slice(done, max(0, self.max_rows - stored.num_rows))
            if chunk.num_rows:
                self._write_part(name, pa.concat_tables([stored, chunk]))
                done += chunk.num_rows
            if stored.num_rows + chunk.num_rows >= self.max_rows:
                self._release_part()
        return done

    def _take_part(self) -> str:
        """Take over a part that is not full and has no writer, or name a new one."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
        new = f"part-{stamp}-{host}-{os.getpid()}-{secrets.token_hex(4)}.parquet"
        begun = sorted(name for name, part in self._parts.items() if part.keys.num_rows < self.max_rows)
        for name in [*begun, new]:
            lock = try_lock(self.folder / f".{name}.lock")
            if lock is not None:
                self._own = name, lock
                break
        return name

    def _release_part(self) -> None:
        if self._own is not None:
            release_lock(self._own[1])
            self._own = None

    def _write_part(self, name: str, table: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, write_page_checksum=True)
        replace_file(self.folder / name, sink.getvalue())
        self._parts[name] = Part(make_signature(self.folder / name), table.select(KEY).combine_chunks())
