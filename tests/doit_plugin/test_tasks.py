"""The plan as doit's tasks: names, edges, groups."""

from collections.abc import Callable

from doit.control import TaskControl  # type: ignore[import-untyped]
from doit.exceptions import TaskFailed  # type: ignore[import-untyped]
from doit.task import Stream, Task  # type: ignore[import-untyped]

from dodo_hooks.core.plan import BACKGROUND, Hook, Job, Plan
from dodo_hooks.loader.tasks import jobs_below, tasks_of
from doit_plugin.plans import make_hook, make_job, make_plan


def test_every_job_is_a_task_whose_edges_mirror_its_needs() -> None:
    plan = make_plan(make_hook("pre-commit", make_job(0, "format"), make_job(1, "lint", needs=(0,))))
    tasks = _by_name(plan)
    assert tasks["pre-commit:lint"].task_dep == ["pre-commit:format"]
    assert tasks["pre-commit:lint"].subtask_of == "pre-commit"
    assert tasks["pre-commit"].task_dep == ["pre-commit:format", "pre-commit:lint"]
    assert tasks["pre-commit"].has_subtask and not tasks["pre-commit"].actions


def test_the_tasks_come_in_the_order_of_the_file() -> None:
    plan = make_plan(
        make_hook("pre-push", make_job(0, "z"), make_job(1, "a")),
        make_hook("pre-commit", make_job(0, "m", phase=BACKGROUND)),
    )
    names = [task.name for task in tasks_of(plan, _no_action)]
    assert names == ["pre-push", "pre-push:z", "pre-push:a", "pre-commit", "pre-commit:m", "fg", "bg", "bg:pre-commit"]


def test_fg_and_bg_gather_the_jobs_of_their_phase_over_all_hooks() -> None:
    plan = make_plan(
        make_hook("pre-commit", make_job(0, "lint"), make_job(1, "docs", phase=BACKGROUND)),
        make_hook("post-merge", make_job(0, "deps", phase=BACKGROUND), make_job(1, "say")),
        make_hook("post-commit", make_job(0, "shown")),
    )
    tasks = _by_name(plan)
    assert tasks["fg"].task_dep == ["pre-commit:lint", "post-merge:say", "post-commit:shown"]
    assert tasks["bg"].task_dep == ["bg:pre-commit", "bg:post-merge"]
    assert tasks["bg:post-merge"].task_dep == ["post-merge:deps"]
    assert tasks["bg:post-merge"].subtask_of == "bg"
    assert "bg:post-commit" not in tasks


def test_r9_a_promoted_job_is_in_fg_and_not_in_bg() -> None:
    promoted = make_job(0, "deps", declared_background=True)
    tasks = _by_name(make_plan(make_hook("pre-commit", promoted)))
    assert tasks["fg"].task_dep == ["pre-commit:deps"]
    assert tasks["bg"].task_dep == []


def test_a_hook_that_needs_an_event_has_its_group_and_is_no_member_of_bg() -> None:
    plan = make_plan(
        make_hook("pre-push", make_job(0, "scan", phase=BACKGROUND)),
        make_hook("post-commit", make_job(0, "test", phase=BACKGROUND)),
    )
    tasks = _by_name(plan)
    assert tasks["bg"].task_dep == ["bg:post-commit"]
    assert tasks["bg:pre-push"].task_dep == ["pre-push:scan"]


def test_a_task_of_the_file_is_there_but_no_member_of_fg_and_bg() -> None:
    release = make_hook("release", make_job(0, "tag"), make_job(1, "announce", phase=BACKGROUND, needs=(0,)))
    tasks = _by_name(make_plan(make_hook("post-commit", make_job(0, "say")), release._replace(is_task=True)))
    assert tasks["release"].task_dep == ["release:tag", "release:announce"]
    assert tasks["release:announce"].task_dep == ["release:tag"]
    assert tasks["fg"].task_dep == ["post-commit:say"]
    assert tasks["bg"].task_dep == []
    assert tasks["bg:release"].task_dep == ["release:announce"]


def test_c4_a_need_with_a_star_is_that_job_and_no_pattern() -> None:
    names = ["lint *", "lint ?", "lint a", "a:b/c", "größe 名"]
    jobs = [make_job(number, name, needs=(0, 1) if number > 1 else ()) for number, name in enumerate(names)]
    plan = make_plan(make_hook("pre-commit", *jobs))
    control = TaskControl(tasks_of(plan, _no_action))  # where doit expands patterns
    for name in names[2:]:
        assert control.tasks[f"pre-commit:{name}"].task_dep == ["pre-commit:lint *", "pre-commit:lint ?"]


def test_a_task_is_described_by_its_description_or_else_by_the_first_line_of_its_command() -> None:
    plan = make_plan(
        make_hook(
            "pre-commit",
            make_job(0, "lint", description="Looks for {mistakes}", command="ruff check"),
            make_job(1, "test", command="pytest -x\necho done"),
        )
    )
    tasks = _by_name(plan)
    assert tasks["pre-commit:lint"].doc == "Looks for {mistakes}"
    assert tasks["pre-commit:test"].doc == "pytest -x"
    assert all(task.doc for task in tasks.values())


def test_the_action_of_a_task_is_the_one_handed_in_for_its_job() -> None:
    calls: list[str] = []

    def action(hook: Hook, job: Job) -> Callable[[], bool]:
        def run() -> bool:
            calls.append(f"{hook.name} {job.name}")
            return job.name == "format"

        return run

    plan = make_plan(make_hook("pre-commit", make_job(0, "format"), make_job(1, "lint")))
    failures = [task.execute(Stream(0)) for task in tasks_of(plan, action)]
    assert [isinstance(failure, TaskFailed) for failure in failures] == [False, False, True, False, False]
    assert calls == ["pre-commit format", "pre-commit lint"]


def test_a_hook_without_jobs_and_a_plan_without_hooks_have_empty_groups() -> None:
    assert _by_name(make_plan(make_hook("pre-commit")))["pre-commit"].task_dep == []
    assert [task.name for task in tasks_of(make_plan(), _no_action)] == ["fg", "bg"]


def test_jobs_below_a_group_are_found_through_all_its_levels() -> None:
    plan = make_plan(
        make_hook("pre-commit", make_job(0, "docs", phase=BACKGROUND)),
        make_hook("post-merge", make_job(0, "deps", phase=BACKGROUND), make_job(1, "say")),
    )
    tasks = tasks_of(plan, _no_action)
    assert jobs_below(tasks, "bg") == ["pre-commit:docs", "post-merge:deps"]
    assert jobs_below(tasks, "post-merge") == ["post-merge:deps", "post-merge:say"]
    assert jobs_below(tasks, "post-merge:say") == []
    assert jobs_below(tasks, "nothing") == []


def _no_action(hook: Hook, job: Job) -> Callable[[], bool]:
    return lambda: True


def _by_name(plan: Plan) -> dict[str, Task]:
    return {task.name: task for task in tasks_of(plan, _no_action)}
