"""One declaration per call: who may make it, what it takes, what it answers.

The declaration is what the guard enforces and what the OpenAPI document says, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from types import MappingProxyType
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from flask import g, request
from pydantic import BaseModel

from services.gateway.http.auth import Caller, Guard
from shared.keys import Scope

JSON_BYTES: Final = 2**20  # a body of JSON alone
NO_FILES: Final[Mapping[str, bool]] = MappingProxyType({})

# A model, or the media type of what is not JSON (empty: no body); one of several where several are given.
One = type[BaseModel] | str
Shape = One | tuple[One, ...]

# A view function of Flask, with whatever arguments its address gives it.
View = Callable[..., Any]

P = ParamSpec("P")
R = TypeVar("R")


class Access(StrEnum):
    """Who may make a call that no one scope opens."""

    OPEN = "open"  # no key
    ANY = "any"  # a key; the view asks for the scope that its object needs
    SIGNED = "signed"  # a key with the scope search, or a signature: the view looks


@dataclass(frozen=True)
class Operation:
    """What a call says of itself. `files` are names of a form's files, true where several may come."""

    scope: Scope | Access
    answers: Mapping[int, Shape]
    problems: frozenset[int]
    body: type[BaseModel] | None
    json: bool
    files: Mapping[str, bool]
    query: type[BaseModel] | None
    headers: tuple[str, ...]
    max_body: int

    @property
    def statuses(self) -> frozenset[int]:
        """Every status that the call may answer."""
        always = {500} if self.scope is Access.OPEN else {401, 403, 429, 500, 503}
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
        self,
        *,
        answers: Mapping[int, Shape],
        scope: Access = Access.OPEN,
        problems: Iterable[int] = (),
        body: type[BaseModel] | None = None,
        json: bool = True,
        files: Mapping[str, bool] = NO_FILES,
        query: type[BaseModel] | None = None,
        headers: tuple[str, ...] = (),
        max_body: int = JSON_BYTES,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Declare a call whose view needs no caller."""
        operation = Operation(
            scope, answers, frozenset(problems), body, json, files, query, headers, max_body
        )

        def declare(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def served(*args: P.args, **kwargs: P.kwargs) -> R:
                request.max_content_length = operation.max_body
                return view(*args, **kwargs)

            return self._note(served, view, operation)

        return declare

    def operation(
        self,
        *,
        scope: Scope | Access,
        answers: Mapping[int, Shape],
        problems: Iterable[int] = (),
        body: type[BaseModel] | None = None,
        json: bool = True,
        files: Mapping[str, bool] = NO_FILES,
        query: type[BaseModel] | None = None,
        headers: tuple[str, ...] = (),
        max_body: int = JSON_BYTES,
    ) -> Callable[[Callable[Concatenate[Caller, P], R]], Callable[P, R]]:
        """Declare a call; its view gets the caller first, who has the scope."""
        operation = Operation(
            scope, answers, frozenset(problems), body, json, files, query, headers, max_body
        )

        def declare(view: Callable[Concatenate[Caller, P], R]) -> Callable[P, R]:
            @wraps(view)
            def served(*args: P.args, **kwargs: P.kwargs) -> R:
                request.max_content_length = operation.max_body
                caller = self._guard.caller(request)
                g.tenant, g.key_id = caller.tenant, caller.key_id
                if isinstance(scope, Scope):
                    caller.require(scope)
                return view(caller, *args, **kwargs)

            return self._note(served, view, operation)

        return declare

    def _note(self, served: Callable[P, R], view: View, operation: Operation) -> Callable[P, R]:
        assert view.__name__ not in self.declared, f"two calls are named {view.__name__}"
        self.declared[view.__name__] = Declared(served, view, operation)
        return served
