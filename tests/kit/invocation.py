"""One invocation as it lies on disk, read here without any of the code under test (section 7 of the design)."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from kit.process import wait_until


class RecordFile:
    """One record: its fields are attributes, `job.exit_code`. Reads the file once, when made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fields: dict[str, Any] = json.loads(path.read_bytes())

    def __getattr__(self, name: str) -> Any:
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(f"no {name!r} in {self.path}: it has {', '.join(self.fields)}") from None

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __repr__(self) -> str:
        return json.dumps(self.fields)


class Invocation:
    """A directory of the store. Each question reads the disk anew, so the answers change while jobs run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def record(self) -> RecordFile:
        return RecordFile(self.path / "invocation.json")

    def jobs(self) -> list[RecordFile]:
        """The records of all jobs, in the order of the plan."""
        directories = sorted((self.path / "jobs").iterdir(), key=lambda one: int(one.name.partition("-")[0]))
        return [RecordFile(directory / "meta.json") for directory in directories]

    def job(self, name: str) -> RecordFile:
        for job in self.jobs():
            if job.name == name:
                return job
        raise AssertionError(f"no job {name!r} in {self.path}: there are {', '.join(self.statuses())}")

    def statuses(self) -> dict[str, str]:
        """The status of each job, in the order of the plan."""
        return {job.name: job.status for job in self.jobs()}

    def log(self, name: str) -> bytes:
        """What the job wrote; nothing if it never began, for the file is made then."""
        path = self.job(name).path.with_name("output.log")
        return path.read_bytes() if path.exists() else b""

    def is_locked(self, lock: str = "lock") -> bool:
        """Whether a process holds the lock: `lock` is the writer's, `alive` is the waves' (R18)."""
        descriptor = os.open(self.path / lock, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def has_ended(self) -> bool:
        """Whether the record says so and its writer has let go of it (R18)."""
        # In this order: no lock is touched while the invocation runs, so that no probe of ours is in a writer's way.
        return "finished_at" in self.record and self.record.finished_at is not None and not self.is_locked()

    def wait_for_status(self, name: str, *statuses: str) -> RecordFile:
        """Wait until the job has one of these statuses, and return its record."""
        return wait_until(
            lambda: job if (job := self.job(name)).status in statuses else None,
            what=f"{name} {' or '.join(statuses)} in {self.path}",
        )

    def story(self) -> str:
        """All there is to know, for the message of a test that failed."""
        lines = [f"{self.path}: {self.record!r}"]
        for job in self.jobs():
            lines.append(f"  {job!r}")
            lines += [f"    | {line!r}" for line in self.log(job.name).splitlines()[-10:]]
        return "\n".join(lines)
