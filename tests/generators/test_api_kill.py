"""A process that is killed again and again while it orders videos: every video is made, and paid for once.

This file is also the process: it imports all that is slow, and forks a run whenever it is told to.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from select import select
from types import SimpleNamespace

import pytest

from tests.generators.api_cases import FAST, KEY, build, order
from tests.generators.video_replies import LUMA, OPENAI, VEO
from tests.generators.video_server import VideoServer

VIDEOS = 6
# two videos of each text: what one of them paid for must not be taken for the other's
ORDERS = [order(number // 2, f"A ball of kind {number // 2} rolls.", number % 2) for number in range(VIDEOS)]
MOST_LIVES = 150
KILL = b"kill\n"


def run_once(protocol, address, folder, resubmit):
    """Make what is not there yet, as the runner of the package does."""
    out = Path(folder) / "videos"
    out.mkdir(exist_ok=True)
    left = [each for each in ORDERS if not (out / name_file(each)).exists()]
    options = FAST | {"concurrency": 3, "list_delay": 0.6, "resubmit": resubmit}
    server = SimpleNamespace(find_base=lambda _: address)
    failed = {}
    for each, made in build(server, protocol, **options).make(left, folder=Path(folder) / "jobs"):
        if made.error:
            failed[each.video_id] = made.error
            continue
        draft = out / f"{os.getpid()}.draft"
        draft.write_bytes(made.data)
        draft.replace(out / name_file(each))
        (out / name_file(each)).with_suffix(".json").write_text(json.dumps(dict(made.settings)))
    (Path(folder) / "failed.json").write_text(json.dumps(failed))


def name_file(each):
    return each.video_id.replace("/", "_") + ".mp4"


def serve_runs():
    """Fork a run for each line, kill it when the next line says so, and tell how it ended."""
    for line in iter(sys.stdin.buffer.raw.readline, b""):
        if line == KILL:
            # the run had come to its end in the same moment
            continue
        child = os.fork()
        if not child:
            code = 1
            try:
                run_once(*json.loads(line))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        ended, status = 0, 0
        while not ended:
            if select([0], [], [], 0.005)[0]:
                sys.stdin.buffer.raw.readline()
                os.kill(child, signal.SIGKILL)
                ended, status = os.waitpid(child, 0)
            else:
                ended, status = os.waitpid(child, os.WNOHANG)
        print(os.waitstatus_to_exitcode(status), flush=True)


class Nursery:
    """The process that forks runs."""

    def __init__(self, folder):
        self.log = (folder / "stderr.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.generators.test_api_kill"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            bufsize=0,
            cwd=Path(__file__).resolve().parents[2],
            env=os.environ | {"MY_VIDEO_KEY": KEY},
        )

    def run(self, protocol, server, folder, *, calls=math.inf, pause=0.0, resubmit=False):
        """Run, kill some seconds after so many calls to the server, and give the exit code."""
        before = len(server.calls)
        told = [protocol, server.find_base(protocol), str(folder), resubmit]
        self.process.stdin.write(json.dumps(told).encode() + b"\n")
        while not select([self.process.stdout], [], [], 0.002)[0]:
            if len(server.calls) - before >= calls:
                time.sleep(pause)
                self.process.stdin.write(KILL)
                break
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(120)
        self.log.seek(0)
        said = self.process.stdout.read().decode() + self.log.read()
        self.process.stdout.close()
        self.log.close()
        return said


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    assert nursery.close() == ""


def kill_until_done(nursery, server, protocol, folder, rng):
    """Run and kill until a run comes to its end; give the number of lives that were cut short."""
    for lives in range(MOST_LIVES):
        # the later ones live longer, so that the test comes to an end
        calls, pause = rng.randrange(10) + lives // 5, rng.uniform(0, 0.1)
        code = nursery.run(protocol, server, folder, calls=calls, pause=pause)
        assert code in (0, -signal.SIGKILL)
        if code == 0:
            return lives
    raise AssertionError(f"not done after {MOST_LIVES} lives")


def read_everything(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("protocol", [LUMA, OPENAI])
def test_however_often_it_is_killed_every_video_is_made_and_paid_for_once(tmp_path, nursery, protocol):
    # an order takes a while before it counts and again before it is answered: that is where kills hurt
    with VideoServer(key=KEY, making=0.1, before=0.02, after=0.06) as server:
        killed = kill_until_done(nursery, server, protocol, tmp_path, random.Random(protocol))
    assert killed > 2
    assert json.loads((tmp_path / "failed.json").read_text()) == {}
    made = list((tmp_path / "videos").glob("*.mp4"))
    assert len(made) == VIDEOS
    assert len(server.sold) == VIDEOS
    records = [json.loads(path.read_text()) for path in (tmp_path / "jobs").glob("*.json")]
    assert sorted(job for record in records for job in record["jobs"]) == sorted(
        sold.name for sold in server.sold
    )
    assert KEY.encode() not in read_everything(tmp_path)


def test_without_a_list_what_may_be_paid_for_is_said_and_never_paid_again_unasked(tmp_path, nursery):
    with VideoServer(key=KEY, making=0.1, before=0.02, after=0.06) as server:
        killed = kill_until_done(nursery, server, VEO, tmp_path, random.Random(1))
        lost = json.loads((tmp_path / "failed.json").read_text())
        made = len(list((tmp_path / "videos").glob("*.mp4")))
        assert killed > 1
        assert made + len(lost) == VIDEOS
        assert all("may have been made and paid for" in reason for reason in lost.values())
        assert all("resubmit=true" in reason for reason in lost.values())
        # the orders in doubt are the only ones that can have been paid for without a video
        assert made <= len(server.sold) <= VIDEOS
        before = len(server.sold)
        assert nursery.run(VEO, server, tmp_path, resubmit=True) == 0
    assert json.loads((tmp_path / "failed.json").read_text()) == {}
    assert len(list((tmp_path / "videos").glob("*.mp4"))) == VIDEOS
    assert len(server.sold) == before + len(lost)
    assert KEY.encode() not in read_everything(tmp_path)


if __name__ == "__main__":
    # what is slow is imported before the forks
    for module in ("lumaai", "openai", "google.genai", "httpx", "av"):
        import_module(module)
    serve_runs()
