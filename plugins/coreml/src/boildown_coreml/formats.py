"""What ships: an ML Program or the older neural network; nothing here imports coremltools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from boildown import UnsupportedError

if TYPE_CHECKING:
    from boildown import Context

Form = Literal["mlpackage", "mlmodel"]
Target = Literal["iOS15", "iOS16", "iOS17", "iOS18"]
Precision = Literal["float32", "float16"]
Units = Literal["all", "cpu_only", "cpu_and_gpu", "cpu_and_ne"]
#: `float32`: every number is computed in float32. `float16`: as the program's types say, results
#: are rounded to float16 after each operator, which simulates a device up to the order of sums.
Numbers = Literal["float16", "float32"]
#: Of few bits in a neural network, of palettes of an ML Program, of its int8 activations.
NetworkMode = Literal["linear", "linear_symmetric", "linear_lut", "kmeans_lut", "custom_lut"]
PaletteMode = Literal["kmeans", "uniform"]
ActivationMode = Literal["linear_symmetric", "linear"]

#: The default first; targets from the lowest.
FORMATS: tuple[Form, ...] = get_args(Form)
TARGETS: tuple[Target, ...] = get_args(Target)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
COMPUTE_UNITS: tuple[Units, ...] = get_args(Units)
NUMBERS: tuple[Numbers, ...] = get_args(Numbers)
NETWORK_MODES: tuple[NetworkMode, ...] = get_args(NetworkMode)
PALETTE_MODES: tuple[PaletteMode, ...] = get_args(PaletteMode)
ACTIVATION_MODES: tuple[ActivationMode, ...] = get_args(ActivationMode)
_Choice = TypeVar("_Choice", bound=str)
#: JSON schema of the settings that say what ships and how it is measured, by key.
SHIPPING_SETTINGS: dict[str, Any] = {
    "format": {
        "enum": list(FORMATS),
        "description": "Which file ships: an ML Program (.mlpackage) or a neural network.",
    },
    "target": {
        "enum": list(TARGETS),
        "description": "The least system that must run it; the lowest that is needed if left out.",
    },
    "precision": {
        "enum": list(PRECISIONS),
        "description": "The numbers that an ML Program stores and computes with.",
    },
    "compute_units": {
        "enum": list(COMPUTE_UNITS),
        "description": "What computes on a Mac: everything, or only some of its processors.",
    },
    "numbers": {
        "enum": list(NUMBERS),
        "description": "The ONNX form rounds to float16 where the program says so, or never.",
    },
    "image_input": {
        "type": "boolean",
        "description": "The file takes an image and does itself what the model's preprocessing"
        " does to pixels.",
    },
    "classifier": {
        "type": "boolean",
        "description": "The file names the classes of its scores by the model's labels.",
    },
}
#: Of these, what needs the model's preprocessing and labels.
PORT_SETTINGS = ("image_input", "classifier")


def refuse_unfit_settings(context: Context) -> None:
    """Raise UnsupportedError where the recipe says of a neural network what only a program has."""
    given = [name for name in ("target", "precision", "numbers") if name in context.settings]
    if given and setting(context, "format", FORMATS) == "mlmodel":
        raise UnsupportedError(
            f"{', '.join(given)}: a neural network (format mlmodel) runs on iOS 13 and later, and"
            " leaves the width of activations to the device; ship an mlpackage"
        )


def setting(context: Context, key: str, choices: tuple[_Choice, ...]) -> _Choice:
    """Return a setting that the recipe gives, the first of its choices where it does not."""
    given = context.settings.get(key, choices[0])
    return next(choice for choice in choices if choice == given)
