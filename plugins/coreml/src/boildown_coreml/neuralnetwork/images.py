"""Layers that work on images: convolutions, pools, norms, resizing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .builder import layer
from .weights import convolution_shape, decode

if TYPE_CHECKING:
    from .builder import NetLayer


def _borders(amounts: Any) -> list[int]:
    """Return ONNX's pads for the two last axes."""
    borders = list(amounts.borderAmounts) or [None, None]
    if borders[0] is None:
        return [0, 0, 0, 0]
    return [*(b.startEdgeSize for b in borders), *(b.endEdgeSize for b in borders)]


def _padding(net: NetLayer, kind: str, params: Any) -> dict[str, Any]:
    if kind == "same":
        lower = params.same.SamePaddingMode.Name(params.same.asymmetryMode) == "TOP_LEFT_HEAVY"
        return {"auto_pad": "SAME_LOWER" if lower else "SAME_UPPER"}
    if kind == "valid":
        return {"pads": _borders(params.valid.paddingAmounts)}
    return net.refuse(f"padding {kind} is not translated")


@layer("convolution")
def _convolution(net: NetLayer) -> str:
    params = net.params
    shape = convolution_shape(params)
    weight = decode(params.weights, shape, int(params.isDeconvolution)).values
    inputs = [net.x, net.constant(weight)]
    if params.hasBias:
        inputs.append(net.constant(decode(params.bias, (params.outputChannels,)).values))
    kind = params.WhichOneof("ConvolutionPaddingType") or "valid"
    settings: dict[str, Any] = {
        "strides": list(params.stride) or [1, 1],
        "dilations": list(params.dilationFactor) or [1, 1],
        "group": max(1, params.nGroups),
        "kernel_shape": list(shape[2:]),
        **_padding(net, kind, params),
    }
    if not params.isDeconvolution:
        return net.layer("Conv", *inputs, **settings)
    if "auto_pad" in settings:
        net.refuse("padding of same size of a transposed convolution is not translated")
    if params.outputShape:
        settings["output_padding"] = _more(net, settings)
    return net.layer("ConvTranspose", *inputs, **settings)


def _more(net: NetLayer, settings: dict[str, Any]) -> list[int]:
    """Return by how much the length that is asked for is greater than the usual one."""
    given = net.shape(net.x)
    found = []
    for axis in (0, 1):
        reach = (settings["kernel_shape"][axis] - 1) * settings["dilations"][axis] + 1
        usual = (given[2 + axis] - 1) * settings["strides"][axis] + reach
        pads = settings["pads"][axis] + settings["pads"][2 + axis]
        found.append(int(net.params.outputShape[axis]) - usual + pads)
    if any(not 0 <= extra < settings["strides"][axis] for axis, extra in enumerate(found)):
        net.refuse("its outputShape is not one that ONNX can give")
    return found


@layer("pooling")
def _pooling(net: NetLayer) -> str:
    params = net.params
    kind = params.PoolingType.Name(params.type)
    if params.globalPooling:
        if kind == "L2":
            return net.emit("GlobalLpPool", net.x, p=2)
        return net.emit("GlobalMaxPool" if kind == "MAX" else "GlobalAveragePool", net.x)
    padding = params.WhichOneof("PoolingPaddingType") or "valid"
    settings: dict[str, Any] = {
        "kernel_shape": list(params.kernelSize) or [3, 3],
        "strides": list(params.stride) or [1, 1],
    }
    if padding == "includeLastPixel":
        top, left = list(params.includeLastPixel.paddingAmounts) or [0, 0]
        settings |= {"pads": [top, left, top, left], "ceil_mode": 1}
    else:
        settings |= _padding(net, padding, params)
    if kind == "AVERAGE":
        settings["count_include_pad"] = int(not params.avgPoolExcludePadding)
    if kind == "L2":
        settings["p"] = 2
    made = {"MAX": "MaxPool", "AVERAGE": "AveragePool", "L2": "LpPool"}[kind]
    return net.emit(made, net.x, **settings)


@layer("batchnorm")
def _batchnorm(net: NetLayer) -> str:
    params = net.params
    channels = (params.channels,)
    parts = [decode(part, channels).values for part in (params.gamma, params.beta)]
    if params.instanceNormalization:
        return net.emit(
            "InstanceNormalization", net.x, *map(net.constant, parts), epsilon=params.epsilon
        )
    if params.computeMeanVar:
        net.refuse("its moments are those of the batch")
    parts += [decode(part, channels).values for part in (params.mean, params.variance)]
    return net.emit("BatchNormalization", net.x, *map(net.constant, parts), epsilon=params.epsilon)


@layer("mvn")
def _mvn(net: NetLayer) -> str:
    """Mean 0 and variance 1 over the two last axes, or the three where channels count too."""
    params = net.params
    axes = net.lengths([-3, -2, -1] if params.acrossChannels else [-2, -1])
    centred = net.emit("Sub", net.x, net.emit("ReduceMean", net.x, axes))
    if not params.normalizeVariance:
        return centred
    variance = net.emit("ReduceMean", net.emit("Mul", centred, centred), axes)
    deviation = net.emit("Sqrt", net.emit("Add", variance, net.number(params.epsilon)))
    return net.emit("Div", centred, deviation)


@layer("lrn")
def _lrn(net: NetLayer) -> str:
    params = net.params
    if params.localSize % 2 == 0:
        net.refuse("a window of even size has no middle")
    settings = {"alpha": params.alpha, "beta": params.beta, "bias": params.k}
    return net.emit("LRN", net.x, size=params.localSize, **settings)


@layer("padding")
def _pad(net: NetLayer) -> str:
    params = net.params
    kind = params.WhichOneof("PaddingType")
    top, left, bottom, right = _borders(params.paddingAmounts)
    pads, axes = net.lengths([top, left, bottom, right]), net.lengths([-2, -1])
    mode = {"constant": "constant", "reflection": "reflect", "replication": "edge"}[kind]
    value = net.number(params.constant.value) if kind == "constant" else ""
    return net.emit("Pad", net.x, pads, value, axes, mode=mode)


@layer("upsample")
def _upsample(net: NetLayer) -> str:
    params = net.params
    factors = list(params.scalingFactor) or list(params.fractionalScalingFactor)
    shape = net.shape(net.x)
    exact = [length * float(factor) for length, factor in zip(shape[-2:], factors, strict=True)]
    sizes = [int(size) for size in exact]
    if params.InterpolationMode.Name(params.mode) == "NN":
        return _resize(net, sizes, "nearest", "asymmetric")
    if sizes != exact:
        net.refuse("its factors give no whole lengths")
    kind = params.LinearUpsampleMode.Name(params.linearUpsampleMode)
    ways = {"ALIGN_CORNERS_TRUE": "align_corners", "ALIGN_CORNERS_FALSE": "half_pixel"}
    return _resize(net, sizes, "linear", ways.get(kind, "asymmetric"))


@layer("resizeBilinear")
def _resize_bilinear(net: NetLayer) -> str:
    params = net.params
    kind = params.mode.Method.Name(params.mode.samplingMethod)
    ways = {"STRICT_ALIGN_ENDPOINTS_MODE": "align_corners", "UPSAMPLE_MODE": "asymmetric"}
    if kind not in ways:
        net.refuse(f"sampling {kind} is not one of ONNX's")
    return _resize(net, [int(size) for size in params.targetSize], "linear", ways[kind])


def _resize(net: NetLayer, sizes: list[int], mode: str, places: str) -> str:
    return net.emit(
        "Resize",
        net.x,
        "",
        "",
        net.lengths(sizes),
        axes=[-2, -1],
        mode=mode,
        coordinate_transformation_mode=places,
        nearest_mode="floor" if mode == "nearest" else None,
    )


@layer("reorganizeData")
def _reorganize(net: NetLayer) -> str:
    kind, size = net.params.ReorganizationType.Name(net.params.mode), int(net.params.blockSize)
    if kind == "SPACE_TO_DEPTH":
        return net.emit("SpaceToDepth", net.x, blocksize=size)
    order = "DCR" if kind == "DEPTH_TO_SPACE" else "CRD"
    return net.emit("DepthToSpace", net.x, blocksize=size, mode=order)
