"""Find installed plugins and talk to one backend with types.

Backends are found by entry point and loaded one at a time, so that a broken one harms nobody. Each
has a PluginManager of its own: no backend can answer for another.
"""

from __future__ import annotations

import importlib.metadata
import inspect
from collections.abc import Collection
from typing import Any, TypeVar

import pluggy

from ..artifact import Artifact
from ..errors import PluginError, UnknownBackendError, UnsupportedError
from ..model.ports import Ports
from ..model.state import LayerState
from ..nearest import nearest
from ..recipe.steps import Step, Train
from . import hookspecs
from .values import API_VERSION, BackendInfo, Context, Runtime, StepOutcome

BACKENDS = "boildown.backends"
_T = TypeVar("_T")


class Backend:
    """One backend plugin, called through pluggy but typed."""

    def __init__(
        self, name: str, plugin: object, *, distribution: str = "", version: str = ""
    ) -> None:
        self.name, self.plugin = name, plugin
        self.distribution, self.version = distribution, version
        self._hooks = _checked_manager(name, plugin)
        self.info = self._info()

    def __repr__(self) -> str:
        return f"<Backend {self.name}>"

    @property
    def package(self) -> str:
        """Name of the package, or module, that the plugin's own code is in."""
        plugin = self.plugin
        name = plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__
        return name.partition(".")[0]

    def implements(self, hook: str) -> bool:
        """Tell whether the plugin has this hook."""
        return bool(getattr(self._hooks.hook, hook).get_hookimpls())

    def run(self, step: Step, model: Artifact, context: Context) -> StepOutcome:
        """Apply one step."""
        return self._call(step.op, StepOutcome, model=model, step=step, context=context)

    def train(self, model: Artifact, settings: Train, context: Context) -> Artifact:
        """Train without compressing."""
        return self._call("train", Artifact, model=model, settings=settings, context=context)

    def deploy(self, model: Artifact, context: Context) -> Artifact:
        """Write the deployable."""
        return self._call("deploy", Artifact, model=model, context=context)

    def to_onnx(self, deployable: Artifact, context: Context) -> Artifact:
        """Return the deployable's numbers as ONNX."""
        return self._call("to_onnx", Artifact, deployable=deployable, context=context)

    def layers(self, deployable: Artifact, context: Context) -> list[LayerState]:
        """Decode the layers of the saved file."""
        states = self._call("layers", list, deployable=deployable, context=context)
        if not all(isinstance(state, LayerState) for state in states):
            raise PluginError(f"backend {self.name!r}: layers() must return LayerState objects")
        return states

    def ports(self, deployable: Artifact, context: Context) -> Ports:
        """Read inputs and outputs from the saved file."""
        return self._call("ports", Ports, deployable=deployable, context=context)

    def open_runtime(self, deployable: Artifact, context: Context) -> Runtime:
        """Load the deployable natively; UnsupportedError where this computer cannot run it."""
        if not self.implements("open_runtime"):
            raise UnsupportedError(f"backend {self.name!r} has no native runtime")
        runtime: Any = self._call("open_runtime", object, deployable=deployable, context=context)
        if not callable(getattr(runtime, "run", None)):
            raise PluginError(f"backend {self.name!r}: open_runtime() gave no object with run()")
        opened: Runtime = runtime
        return opened

    def _info(self) -> BackendInfo:
        info = self._call("backend_info", BackendInfo)
        if info.api != API_VERSION:
            raise PluginError(
                f"backend {self.name!r} speaks version {info.api} of the plugin interface, this "
                f"boildown speaks {API_VERSION}; install matching versions of both"
            )
        missing = [offer.op for offer in info.offers if not self.implements(offer.op)]
        if missing:
            raise PluginError(f"backend {self.name!r} offers {missing[0]} but has no hook for it")
        return info

    def _call(self, hook: str, wanted: type[_T], **arguments: object) -> _T:
        answer: Any = getattr(self._hooks.hook, hook)(**arguments)
        if answer is None:
            raise PluginError(
                f"backend {self.name!r}: hook {hook}() is missing or returned nothing"
            )
        if not isinstance(answer, wanted):
            raise PluginError(
                f"backend {self.name!r}: hook {hook}() returned {type(answer).__name__} "
                f"instead of {wanted.__name__}"
            )
        return answer


class Registry:
    """All backends that are installed, loaded one by one when asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, Backend] = {}

    def names(self) -> list[str]:
        """Return the names of all backends; imports none of them."""
        found = {entry.name for entry in importlib.metadata.entry_points(group=BACKENDS)}
        return sorted(found | self._loaded.keys())

    def register(self, name: str, plugin: object) -> Backend:
        """Add a backend by hand, for tests and notebooks; jobs of it run in this process only."""
        self._loaded[name] = Backend(name, plugin)
        return self._loaded[name]

    def get(self, name: str, others: Collection[str] = ()) -> Backend:
        """Load the backend called `name`; UnknownBackendError or PluginError where that fails.

        `others` are names of backends that are not installed here, for the message.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name, others)
        return self._loaded[name]

    def _load(self, name: str, others: Collection[str]) -> Backend:
        entries = list(importlib.metadata.entry_points(group=BACKENDS, name=name))
        if not entries:
            known = sorted({*self.names(), *others})
            close = nearest(name, known)
            hint = f"did you mean {close!r}?" if close else f"try `pip install boildown-{name}`"
            installed = ", ".join(known) or "none"
            raise UnknownBackendError(f"no backend {name!r} (installed: {installed}); {hint}")
        if len(entries) > 1:
            claims = ", ".join(_origin(entry) for entry in entries)
            raise PluginError(
                f"the backend name {name!r} is claimed by {claims}; uninstall all but one"
            )
        distribution, version = _provider(entries[0])
        return Backend(name, load(entries[0]), distribution=distribution, version=version)


def load(entry: importlib.metadata.EntryPoint) -> object:
    """Import what an entry point names; PluginError with the cause where that fails."""
    try:
        plugin: object = entry.load()
    except Exception as error:
        raise PluginError(
            f"plugin {_origin(entry)} does not load ({type(error).__name__}: {error}); "
            f"reinstall it or uninstall it"
        ) from error
    if inspect.isclass(plugin):
        raise PluginError(
            f"plugin {_origin(entry)} names a class; name a module or an instance instead "
            f"(forgotten the parentheses?)"
        )
    return plugin


def _provider(entry: importlib.metadata.EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("", "")


def _origin(entry: importlib.metadata.EntryPoint) -> str:
    return " ".join([*filter(None, _provider(entry)), f"({entry.value})"])


def _checked_manager(name: str, plugin: object) -> pluggy.PluginManager:
    """Register one plugin alone and refuse hooks that boildown does not know."""
    hooks = pluggy.PluginManager(hookspecs.PROJECT)
    hooks.add_hookspecs(hookspecs)
    try:
        hooks.register(plugin, name=name)
        hooks.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"backend {name!r} breaks the hook contract: {error}") from error
    if not any(caller.name == "backend_info" for caller in hooks.get_hookcallers(plugin) or ()):
        raise PluginError(f"plugin {name!r} is no backend: it has no backend_info() hook")
    return hooks
