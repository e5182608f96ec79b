"""From a document's text to a result: parse, measure, validate, price, run, present.

Strawberry's own pipeline goes through an extension runner for each stage; this one calls
graphql-core directly, and remembers what parsing and validation found for each text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from copy import copy
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import (
    ExecutionResult as CoreResult,
)
from graphql import (
    GraphQLError,
    GraphQLSyntaxError,
    NoFragmentCyclesRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    subscribe,
    validate,
)
from graphql.execution import execute_root_selection_set
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from api.graphql.cost import CostModel
from api.graphql.documents import Checked, DocumentCache, TrustedDocuments
from api.graphql.errors import present, refusal
from api.graphql.limits import Limits, check_structure, check_variables, too_complex
from api.language import DEFAULT
from core.errors import DomainError, InvalidInput, Language, Unavailable

RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
MAX_ERRORS = 10
CACHE_CHARACTERS = 65_536  # about 25 MB
ALL_TYPES = frozenset(OperationType)


class Refused(Exception):
    """A document that won't be run, with the errors to show."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


class Schema(strawberry.Schema):
    """A Strawberry schema behind our limits.

    The context passed to :meth:`execute` and :meth:`stream` may have a ``language``; messages
    are in that language. Strawberry's schema extensions and operation directives are not run:
    what they would do is done here.

    Args (beside those of ``strawberry.Schema``):
        limits: what a document may ask for.
        seconds: how long a query or mutation may run; subscriptions may run for ever.
        trusted: documents known by hash.
    """

    def __init__(
        self,
        *args: Any,
        limits: Limits | None = None,
        seconds: float = 10.0,
        trusted: TrustedDocuments | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if self.extensions or self.directives:
            raise TypeError("schema extensions and operation directives would not be run")
        self.limits = limits or Limits()
        self.seconds = seconds
        self.trusted = trusted or TrustedDocuments()
        self._costs = CostModel(self._schema)
        self._cache = DocumentCache(CACHE_CHARACTERS, self.trusted.texts.values())

    def warm(self) -> None:
        """Check every trusted document, so that a broken one stops the start and not a caller.

        Raises:
            TooComplex: one asks for more than the limits allow.
            Refused: one breaks rules of GraphQL.
        """
        for text in self.trusted.texts.values():
            self.check(text)

    def check(self, text: str) -> Checked:
        """Parse, measure and validate a document, or remember that it was done.

        Raises:
            TooComplex: it asks for more than the limits allow.
            Refused: it breaks rules of GraphQL.
        """
        known = self._cache.get(text)
        if known is None:
            known = self._check(text)
            self._cache.put(text, known)
        return known

    def _check(self, text: str) -> Checked:
        limits = self.limits
        if len(text) > limits.characters:
            raise too_complex("characters", limit=limits.characters, actual=len(text))
        try:
            # `max_tokens` counts comments too, which `max_lexical_tokens` does not.
            document = parse(text, max_tokens=limits.tokens)
        except GraphQLSyntaxError as error:
            if error.message.endswith("Parsing aborted."):
                raise too_complex(
                    "tokens", limit=limits.tokens, actual=limits.tokens + 1
                ) from error
            raise Refused([error]) from error
        structure = check_structure(document, limits)
        # A cycle is named by its own rule alone; the others would walk round it.
        rules = [NoFragmentCyclesRule] if structure.cyclic else RULES
        # "Did you mean …" compares a wrong name with all names there are: 300 ms for 8 KB of them.
        errors = validate(
            self._schema, document, rules, max_errors=MAX_ERRORS, hide_suggestions=True
        )
        if errors:
            raise Refused(errors)
        operations = {
            (d.name.value if d.name else None): d
            for d in document.definitions
            if isinstance(d, OperationDefinitionNode)
        }
        plan = self._costs.plan(operations.values(), structure)
        return Checked(document, operations, plan)

    def _prepare(
        self,
        text: str | None,
        variables: dict[str, Any] | None,
        name: str | None,
        allowed: Iterable[OperationType] | None,
    ) -> tuple[Checked, OperationDefinitionNode]:
        """The document and its operation, or an exception that says why not."""
        if not text:
            raise InvalidInput(field="query", reason="NO_DOCUMENT")
        checked = self.check(text)
        operations = checked.operations
        if name is None and len(operations) == 1:
            operation = next(iter(operations.values()))
        elif name in operations:
            operation = operations[name]
        else:
            raise CannotGetOperationTypeError(name)
        kind = OperationType(operation.operation.value)
        if allowed is not None and kind not in allowed:
            raise InvalidOperationTypeError(kind)
        check_variables(variables, self.limits)
        price = checked.plan.price(operation.name.value if operation.name else None, variables)
        if price > self.limits.cost:
            raise too_complex("cost", limit=self.limits.cost, actual=price)
        return checked, operation

    def _executor(
        self,
        checked: Checked,
        variables: dict[str, Any] | None,
        context: Any,
        root: Any,
        name: str | None,
        extensions: dict[str, Any] | None,
    ) -> Any:
        return self.execution_context_class.build(
            self._schema,
            checked.document,
            root_value=root,
            context_value=context,
            raw_variable_values=variables,
            operation_name=name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # a plain bool there
            hide_suggestions=True,
            operation_extensions=extensions,
        )

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Run a query or mutation.

        The result is a ``PreExecutionError`` when nothing was run.

        Raises:
            InvalidOperationTypeError: the operation is of a type that is not allowed here.
        """
        language = language_of(context_value)
        allowed = allowed_operation_types or (ALL_TYPES - {OperationType.SUBSCRIPTION})
        try:
            checked, _ = self._prepare(query, variable_values, operation_name, allowed)
        except InvalidOperationTypeError:
            raise
        except Exception as error:
            return _not_run(error, language)
        executor = self._executor(
            checked,
            variable_values,
            # A socket has one context: what a sign-in changes stays within its operation.
            copy(context_value),
            root_value,
            operation_name,
            operation_extensions,
        )
        if isinstance(executor, list):
            return PreExecutionError(None, present(executor, language, executed=False))
        return await self._run(executor, language)

    async def _run(self, executor: Any, language: Language) -> ExecutionResult:
        try:
            async with asyncio.timeout(self.seconds) as limit:
                result = execute_root_selection_set(executor)
                if isawaitable(result):
                    result = await result
        except Exception as error:
            return _not_run(self._late() if limit.expired() else error, language)
        return _presented(result, language)

    def _late(self) -> Unavailable:
        return Unavailable(
            reason="TIME_LIMIT",
            params={"seconds": self.seconds},
            zh="操作超过 {seconds:g} 秒，已停止",
            en="The operation took longer than {seconds:g} seconds and was stopped",
        )

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Run any operation and give its results one after the other."""
        return self._results(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            operation_extensions,
            allowed_operation_types,
        )

    async def _results(
        self,
        query: str | None,
        variables: dict[str, Any] | None,
        context: Any,
        root: Any,
        name: str | None,
        extensions: dict[str, Any] | None,
        allowed: Iterable[OperationType] | None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        language = language_of(context)
        try:
            checked, operation = self._prepare(query, variables, name, allowed)
            if operation.operation.value != OperationType.SUBSCRIPTION.value:
                yield await self.execute(query, variables, context, root, name, allowed, extensions)
                return
            source = subscribe(
                self._schema,
                checked.document,
                root_value=root,
                context_value=copy(context),
                variable_values=variables,
                operation_name=name,
                executor_class=self.execution_context_class,
                hide_suggestions=True,
                operation_extensions=extensions,
            )
            events = await source if isawaitable(source) else source
        except Exception as error:
            yield _not_run(error, language)
            return
        if isinstance(events, CoreResult):
            errors = present(events.errors or [], language, executed=_is_located(events))
            yield PreExecutionError(None, errors)
            return
        async with aclosing(_events(events, language)) as presented:
            async for result in presented:
                yield result


async def _events(
    events: AsyncIterator[CoreResult], language: Language
) -> AsyncGenerator[ExecutionResult, None]:
    async with aclosing(events):  # type: ignore[type-var]  # always a generator of graphql-core's
        try:
            async for event in events:
                yield _presented(event, language)
        except Exception as error:
            yield _not_run(error, language)


def language_of(context: Any) -> Language:
    """The language of whoever asked."""
    return getattr(context, "language", DEFAULT)


def _is_located(result: CoreResult) -> bool:
    return any(error.path for error in result.errors or ())


def _presented(result: CoreResult, language: Language) -> ExecutionResult:
    errors = present(result.errors, language, executed=True) if result.errors else None
    return ExecutionResult(result.data, errors)


def _not_run(error: Exception, language: Language) -> PreExecutionError:
    if isinstance(error, Refused):
        errors = present(error.errors, language, executed=False)
    elif isinstance(error, DomainError):
        errors = [refusal(error, language)]
    elif isinstance(error, CannotGetOperationTypeError | InvalidOperationTypeError):
        wrapped = GraphQLError(_words(error), original_error=error)
        errors = present([wrapped], language, executed=False)
        errors[0].original_error = error
    else:
        wrapped = GraphQLError("", original_error=error)
        errors = present([wrapped], language, executed=True)
    return PreExecutionError(None, errors)


def _words(error: CannotGetOperationTypeError | InvalidOperationTypeError) -> str:
    if isinstance(error, InvalidOperationTypeError):
        return f"A {error.operation_type.value} is not allowed here."
    return error.as_http_error_reason()
