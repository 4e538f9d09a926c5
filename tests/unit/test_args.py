"""Every TypedDict of the args mirrors its model, and Pulumi can infer a schema from all of them."""

import importlib
import inspect
import pkgutil
from datetime import date
from types import UnionType
from typing import Annotated, Any, NotRequired, Union, get_args, get_origin

import pulumi
import pytest
from ai_gateway_auth import args, models
from ai_gateway_auth.models.base import MAY_BE_PENDING
from pulumi.provider.experimental.analyzer import Analyzer

COMPONENTS = {
    "ApiKeyAuthentication",
    "ApiKeys",
    "AuthenticatedGateway",
    "DedicatedGateway",
    "ModelRoute",
    "OidcAuthentication",
}


def _models() -> list[type[models.Model]]:
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    return sorted(models.Model.__subclasses__(), key=lambda model: model.__name__)


def _name(model: type[models.Model]) -> str:
    if model is models.StackConfig:
        return "AuthenticatedGatewayArgs"
    return f"{model.__name__.removesuffix('Config')}Args"


def _expected(annotation: Any) -> Any:  # noqa: ANN401 - any annotation
    """The args' annotation for a model's, without NotRequired."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return pulumi.Input[str] if MAY_BE_PENDING in parts else _expected(parts[0])
    if origin in {UnionType, Union}:
        (inner,) = (part for part in parts if part is not type(None))
        return _expected(inner)
    if origin is list:
        return list[_expected(parts[0])]
    if origin is dict:
        return dict[str, _expected(parts[1])]
    if annotation is date:
        annotation = str
    return _ARGS.get(annotation, annotation)


_ARGS: dict[Any, Any] = {model: getattr(args, _name(model)) for model in _models()}


def test_each_model_has_args_and_each_args_a_model() -> None:
    assert sorted(_name(model) for model in _models()) == sorted(args.__all__)


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_fields(model: type[models.Model]) -> None:
    annotations = inspect.get_annotations(model)
    expected = {
        name: NotRequired[_expected(annotations[name])]
        if not field.is_required()
        else _expected(annotations[name])
        for name, field in model.model_fields.items()
    }
    assert inspect.get_annotations(getattr(args, _name(model))) == expected


@pytest.mark.parametrize("model", _models(), ids=lambda model: model.__name__)
def test_descriptions(model: type[models.Model]) -> None:
    typed_dict: type = getattr(args, _name(model))
    analyzer = Analyzer("ai-gateway-auth")
    assert typed_dict.__doc__ == model.__doc__
    for name, field in model.model_fields.items():
        assert field.description
        assert inspect.cleandoc(analyzer.get_docstring(typed_dict, name) or "") == field.description


def _components() -> list[type[pulumi.ComponentResource]]:
    found: dict[str, type[pulumi.ComponentResource]] = {}
    package = importlib.import_module("ai_gateway_auth.components")
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, value in vars(module).items():
            is_component = isinstance(value, type) and issubclass(value, pulumi.ComponentResource)
            if is_component and value.__module__ == module.__name__:
                found[name] = value
    return [found[name] for name in sorted(found)]


def test_pulumi_can_infer_a_schema() -> None:
    result = Analyzer("ai-gateway-auth").analyze(_components())
    assert result["component_definitions"].keys() >= COMPONENTS
    definition = result["component_definitions"]["AuthenticatedGateway"]
    assert definition.inputs["oidc"].plain
    assert definition.inputs["controllerNamespace"].plain is None
    for type_definition in result["type_definitions"].values():
        for name, described in type_definition.properties.items():
            assert described.description, f"{type_definition.name}.{name}"
