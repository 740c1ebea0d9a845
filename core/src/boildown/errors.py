"""Every error that boildown raises on purpose: what is wrong, where, and what to do about it."""

from __future__ import annotations


class BoildownError(Exception):
    """Base of all errors a user can act on; the command line prints its text alone."""


class RecipeError(BoildownError, ValueError):
    """A recipe is malformed, contradicts itself or asks for something that does not exist."""


class UsageError(BoildownError, ValueError):
    """A command or a call was given arguments that do not fit together."""


class ModelError(BoildownError, ValueError):
    """A model file is missing, broken, unsafe or outside what boildown can read."""


class DataError(BoildownError, ValueError):
    """A dataset is missing, broken, empty or does not fit the model."""


class UriError(BoildownError, LookupError):
    """A URI names a scheme, model or dataset that nothing provides."""


class UnknownBackendError(BoildownError, LookupError):
    """A recipe names a backend that no installed plugin provides."""


class PluginError(BoildownError):
    """A plugin is broken: it does not load, or breaks the contract of the hooks."""


class UnsupportedError(BoildownError):
    """A backend cannot do what was asked, and says what stands in the way."""
