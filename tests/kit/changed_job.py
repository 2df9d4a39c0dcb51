"""A job of a plan with other values, in whichever part of it they are."""

from dodo_hooks.core.plan import Job

PARTS = ("execution", "order", "selection", "changes", "results", "report")


def changed_job(job: Job, **fields: object) -> Job:
    """Return the job with these fields of its own or of its parts; a name that is in none raises TypeError."""
    parts = {}
    for name in PARTS:
        part = getattr(job, name)
        parts[name] = part._replace(**{field: fields.pop(field) for field in part._fields if field in fields})
    return job._replace(**{**parts, **fields})
