"""Finding the app in a folder, by name, as Azure's worker does."""

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import azure.functions as func

from tidewatch.local_host.registration import Registration, register
from tidewatch.local_host.settings import HostError

MODULE = "function_app"


def load(folder: Path, values: Mapping[str, str]) -> tuple[Registration, ...]:
    """Import the folder's function_app.py and read its registrations; `values` is what %NAME% stands for.

    Raises HostError. One process holds one app: Python knows it as the module function_app.
    """
    module = _import(folder.resolve())
    names = [name for name, value in vars(module).items() if isinstance(value, func.FunctionRegister)]
    if len(names) != 1:
        found = f"{len(names)} ({', '.join(names)})" if names else "none"
        raise HostError(f"{module.__file__} must hold exactly one azure.functions.FunctionApp, but there is {found}")
    app: func.FunctionApp = getattr(module, names[0])
    app.functions_bindings = None  # what it saw in an earlier call would count as duplicates
    try:
        functions = app.get_functions()
    except ValueError as error:
        raise HostError(f"{module.__file__} cannot be run: {error}") from None
    if not functions:
        raise HostError(f"{module.__file__} registers no functions: nothing would ever run")
    return tuple(register(function, values) for function in functions)


def _import(folder: Path) -> ModuleType:
    path = folder / f"{MODULE}.py"
    if not path.is_file():
        raise HostError(f"{folder} has no {MODULE}.py: name the folder of a function app")
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(MODULE)
    except (ImportError, SyntaxError) as error:
        raise HostError(f"{path} cannot be imported: {error}") from error
    if module.__file__ is None or Path(module.__file__).resolve() != path:
        raise HostError(f"this process holds the app {module.__file__} already: run {path} in a process of its own")
    return module
