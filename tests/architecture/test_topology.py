"""The topology is whole: every task has one worker, every stage a task, every queue a declaration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu.exceptions import KombuError

from shared import topology
from shared.broker import make_celery
from shared.dispatch import Dispatcher
from shared.messages import JobMessage
from workers.indexer import tasks as indexer
from workers.trainer.job import tasks as trainer
from workers.vision import tasks as vision

# The services of docker-compose.yml that consume queues, and what each registers.
REGISTERED_BY = {"vision": vision.register, "indexer": indexer.register, "trainer": trainer.register}
NOWHERE = "memory://"


class Notes:
    """Stands in for a Celery app, which would show the tasks of every other app in the process too."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def task(self, *, name: str) -> Callable[[Any], Any]:
        self.names.append(name)
        return lambda function: function


def registered(service: str) -> list[str]:
    notes: Any = Notes()
    # Registering only names the tasks; what they stand on is not touched before one runs.
    stands_on_nothing: Any = None
    REGISTERED_BY[service](notes, stands_on_nothing)
    return list(notes.names)


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(NOWHERE)
    yield dispatcher
    dispatcher.close()


def test_every_task_is_registered_by_exactly_one_worker() -> None:
    workers = Counter(task for service in REGISTERED_BY for task in registered(service))
    assert workers == Counter(list(topology.TASKS))


@pytest.mark.parametrize("task", [t for t in topology.TASKS.values() if t.queue], ids=lambda task: task.name)
def test_a_task_is_registered_by_the_consumer_of_its_queue(task: topology.Task) -> None:
    assert task.queue is not None
    assert task.name in registered(task.queue.consumer)


def test_a_task_without_a_queue_is_registered_by_the_consumer_of_the_groups() -> None:
    without = {task.name for task in topology.TASKS.values() if task.queue is None}
    assert without <= set(registered(topology.index_queue("any").consumer))


@pytest.mark.parametrize("stage", topology.STAGES.values(), ids=lambda stage: stage.name)
def test_every_stage_has_a_declared_task_with_a_declared_queue(stage: topology.Stage) -> None:
    assert topology.TASKS[stage.task.name] is stage.task
    queue = stage.task.queue or topology.index_queue("any")
    assert topology.declared(queue.name)


def test_names_of_queues_tasks_and_stages_are_unique() -> None:
    assert len({queue.name for queue in topology.QUEUES}) == len(topology.QUEUES)
    assert all(name == task.name for name, task in topology.TASKS.items())
    assert all(name == stage.name for name, stage in topology.STAGES.items())


@pytest.mark.parametrize("name", ["serach", "index", "celery", ""])
def test_a_queue_that_is_not_in_the_topology_is_not_declared(name: str) -> None:
    assert not topology.declared(name)


@pytest.mark.parametrize("group", ["", "a.b", "a b", "../x"])
def test_a_group_with_an_unfit_name_has_no_queue(group: str) -> None:
    with pytest.raises(ValueError, match="a group is named by"):
        topology.index_queue(group)


def test_sending_an_undeclared_task_is_refused(dispatcher: Dispatcher) -> None:
    mistyped = topology.Task("vision.serach", topology.SEARCH_QUEUE)
    with pytest.raises(ValueError, match="no queue in the topology"):
        dispatcher.send(mistyped, JobMessage(id="j", stage=topology.EMBED.name))


def test_sending_an_index_task_without_its_group_is_refused(dispatcher: Dispatcher) -> None:
    with pytest.raises(ValueError, match="no queue in the topology"):
        dispatcher.send(topology.INDEX_SEARCH, JobMessage(id="j", stage=topology.LOOKUP.name))


def test_sending_to_an_undeclared_queue_is_refused(dispatcher: Dispatcher) -> None:
    elsewhere = topology.Task(topology.VISION_SEARCH.name, topology.Queue("serach", consumer="vision"))
    with pytest.raises(ValueError, match="no queue in the topology"):
        dispatcher.send(elsewhere, JobMessage(id="j", stage=topology.EMBED.name))


def test_celery_itself_makes_no_queue_for_a_mistyped_name() -> None:
    app = make_celery(NOWHERE, "tusou.test")
    with pytest.raises((KeyError, KombuError)):
        app.amqp.queues.select(["serach"])
    assert app.conf.task_create_missing_queues is False
