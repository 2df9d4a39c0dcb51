"""One invocation on disk, read without any of the code under test (section 7 of the design)."""

import fcntl
import json
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
    """A directory of the store. Each call reads the disk anew, so the results change while jobs run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def record(self) -> RecordFile:
        return RecordFile(self.path / "invocation.json")

    def jobs(self) -> list[RecordFile]:
        """Return the records of all jobs, in the order of the plan."""
        directories = sorted((self.path / "jobs").iterdir(), key=lambda one: int(one.name.partition("-")[0]))
        return [RecordFile(directory / "meta.json") for directory in directories]

    def job(self, name: str) -> RecordFile:
        for job in self.jobs():
            if job.name == name:
                return job
        raise AssertionError(f"no job {name!r} in {self.path}: there are {', '.join(self.statuses())}")

    def statuses(self) -> dict[str, str]:
        """Return the status of each job, in the order of the plan."""
        return {job.name: job.status for job in self.jobs()}

    def outcomes(self) -> dict[str, tuple[str, str | None]]:
        """Return the status and the cause of each job."""
        return {job.name: (job.status, job.cause) for job in self.jobs()}

    def log(self, name: str) -> bytes:
        """Return the output of the job; nothing if it never began, because its log is made at the start."""
        path = self.job(name).path.with_name("output.log")
        return path.read_bytes() if path.exists() else b""

    def is_locked(self) -> bool:
        """Return whether a process holds the writer's lock (R18)."""
        return self._refuses("lock", fcntl.LOCK_SH)

    def may_have_jobs(self) -> bool:
        """Return whether a wave holds its share of `alive` (R18): only an exclusive lock is refused because of that."""
        return self._refuses("alive", fcntl.LOCK_EX)

    def _refuses(self, lock: str, how: int) -> bool:
        with (self.path / lock).open("rb") as file:
            try:
                fcntl.flock(file, how | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def has_ended(self) -> bool:
        """Return whether the record has an end and its writer has released the lock (R18)."""
        # In this order: no lock is touched while the invocation runs, so that no probe of ours is in a writer's way.
        return "finished_at" in self.record and self.record.finished_at is not None and not self.is_locked()

    def wait_for_status(self, name: str, *statuses: str) -> RecordFile:
        """Wait until the job has one of these statuses, and return its record."""
        return wait_until(
            lambda: job if (job := self.job(name)).status in statuses else None,
            what=f"{name} {' or '.join(statuses)} in {self.path}",
        )

    def story(self) -> str:
        """Return all records and logs, for the message of a test that failed."""
        lines = [f"{self.path}: {self.record!r}"]
        for job in self.jobs():
            lines.append(f"  {job!r}")
            lines += [f"    | {line!r}" for line in self.log(job.name).splitlines()[-10:]]
        return "\n".join(lines)
