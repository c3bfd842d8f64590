"""A query that is built once and asked again with other values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import ModelIterable, get_related_populators

from rows.slots import Shape, Statement, database, filled, shape_of, slots_for

Row = TypeVar("Row")


class Reading(Generic[Row]):
    """The rows of a queryset: `Reading(lambda pk: Task.objects.filter(case=pk))(pk=7)`.

    `build` gets slots where the values will stand; a tuple of values becomes a list of slots, for
    `__in` (name the key: `user__pk__in`). Its queryset must depend on nothing else. One query per
    call; `select_related`, `select_for_update`, annotations and `values_list` work as usual.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any, Row]]) -> None:
        self.build = build
        self.plans: dict[tuple[str, Shape], _Plan | None] = {}

    def __call__(self, **values: Any) -> list[Row]:
        connection = database()
        key = connection.vendor, shape_of(values)
        if key not in self.plans:
            self.plans[key] = _planned(self.build(**slots_for(values)))
        plan = self.plans[key]
        return list(plan.run(values, connection)) if plan else []

    def first(self, **values: Any) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self(**values)), None)


def _planned(queryset: models.QuerySet[Any, Any]) -> _Plan | None:
    """Return the plan of a queryset; None if it can have no rows, as one of no values at all."""
    try:
        return _Plan(queryset)
    except EmptyResultSet:
        return None


class _Plan:
    """The SQL of a queryset and how its rows become models, or tuples for `values_list`."""

    def __init__(self, queryset: models.QuerySet[Any, Any]) -> None:
        compiler = queryset.query.get_compiler(queryset.db)
        sql, self.parameters = compiler.as_sql()
        self.sql = Statement(sql)
        self.compiler = compiler
        self.makes_models = issubclass(queryset._iterable_class, ModelIterable)
        self.converters = compiler.get_converters([column[0] for column in compiler.select])
        if self.makes_models:
            self._plan_models(queryset.db)

    def _plan_models(self, using: str) -> None:
        """Prepare what `django.db.models.query.ModelIterable` prepares at every query."""
        select, info = self.compiler.select, self.compiler.klass_info
        self.using = using
        self.model = _Maker(info["model"])
        self.start = info["select_fields"][0]
        self.stop = info["select_fields"][-1] + 1
        self.names = [column[0].target.attname for column in select[self.start : self.stop]]
        self.populators = get_related_populators(info, select, using)  # type: ignore[call-arg]  # the stubs know a later Django
        _hasten(self.populators)
        self.annotations = self.compiler.annotation_col_map or {}

    def run(self, values: dict[str, Any], connection: BaseDatabaseWrapper) -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, filled(self.parameters, values, connection))
            rows = cursor.fetchall()
        if self.converters:
            rows = list(self.compiler.apply_converters(rows, self.converters))
        return map(self._model, rows) if self.makes_models else map(tuple, rows)

    def _model(self, row: Any) -> Any:
        made = self.model.from_db(self.using, self.names, row[self.start : self.stop])
        for populator in self.populators:
            populator.populate(row, made)
        for name, position in self.annotations.items():
            setattr(made, name, row[position])
        return made


class _Maker:
    """Makes models of rows as `from_db` does, past `__init__`, its checks and its signals."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model

    def from_db(self, using: str, names: list[str], values: Any) -> models.Model:
        made = self.model.__new__(self.model)
        made._state = models.base.ModelState()
        made._state.adding, made._state.db = False, using
        made.__dict__.update(zip(names, values, strict=True))
        return made


def _hasten(populators: list[Any]) -> None:
    """Let what `select_related` brings be made the same way."""
    for populator in populators:
        populator.model_cls = _Maker(populator.model_cls)
        _hasten(populator.related_populators)
