"""One declaration per call: who may make it, what it takes, what it answers.

The declaration is what the guard enforces and what the OpenAPI document says, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from flask import g, request
from pydantic import BaseModel

from services.gateway.http.auth import Caller, Guard
from shared.keys import ADMIN, CATALOGUE, SEARCH

OPEN: Final = "open"  # no key
ANY: Final = "any"  # a key; the view asks for the scope that its object needs
SIGNED: Final = "signed"  # a key with the scope search, or a signature: the view looks
SCOPES: Final = (OPEN, ANY, SIGNED, SEARCH, CATALOGUE, ADMIN)

JSON_BYTES: Final = 2**20  # a body of JSON alone

# A model, or the media type of what is not JSON (empty: no body); one of several where several are given.
One = type[BaseModel] | str
Shape = One | tuple[One, ...]

# A view function of Flask, with whatever arguments its address gives it.
View = Callable[..., Any]

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Operation:
    """What a call says of itself. `files` are names of a form's files, true where several may come."""

    scope: str
    answers: Mapping[int, Shape]
    problems: frozenset[int]
    body: type[BaseModel] | None = None
    json: bool = True
    files: Mapping[str, bool] = field(default_factory=dict)
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    max_body: int = JSON_BYTES

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that the call may answer."""
        always = {500} if self.scope == OPEN else {401, 403, 429, 500, 503}
        takes = {413, 415, 422} if self.body is not None else set()
        asks = {422} if self.query is not None else set()
        return frozenset({*self.answers, *self.problems, *always, *takes, *asks})


@dataclass(frozen=True)
class Declared:
    """`served` is what Flask calls: the view behind its guard."""

    served: View
    view: View
    operation: Operation


class Operations:
    """The calls of one app, as they were declared."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.declared: dict[str, Declared] = {}

    def open(
        self, *, answers: Mapping[int, Shape], scope: str = OPEN, problems: Iterable[int] = (), **more: Any
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Declare a call whose view needs no caller."""
        operation = Operation(scope, answers, frozenset(problems), **more)

        def declare(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def served(*args: P.args, **kwargs: P.kwargs) -> R:
                request.max_content_length = operation.max_body
                return view(*args, **kwargs)

            return self._note(served, view, operation)

        return declare

    def operation(
        self, *, scope: str, answers: Mapping[int, Shape], problems: Iterable[int] = (), **more: Any
    ) -> Callable[[Callable[Concatenate[Caller, P], R]], Callable[P, R]]:
        """Declare a call; its view gets the caller first, who has the scope."""
        operation = Operation(scope, answers, frozenset(problems), **more)

        def declare(view: Callable[Concatenate[Caller, P], R]) -> Callable[P, R]:
            @wraps(view)
            def served(*args: P.args, **kwargs: P.kwargs) -> R:
                request.max_content_length = operation.max_body
                caller = self._guard.caller(request)
                g.tenant, g.key_id = caller.tenant, caller.key_id
                if scope != ANY:
                    caller.require(scope)
                return view(caller, *args, **kwargs)

            return self._note(served, view, operation)

        return declare

    def _note(self, served: Callable[P, R], view: View, operation: Operation) -> Callable[P, R]:
        assert operation.scope in SCOPES
        assert view.__name__ not in self.declared, f"two calls are named {view.__name__}"
        self.declared[view.__name__] = Declared(served, view, operation)
        return served
