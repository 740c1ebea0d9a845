"""Make an exported graph read like its network: no helper nodes, and names that say which module.

The exporter hoists equal parameters into `Identity` nodes and scalars into `Constant` nodes, and
calls a node `/features/features.3/conv/conv.1/Conv`. After tidying every module owns its
parameters and that node is called `features.3.conv.1`; what has no parameters ends in its operator,
like `features.3.Add`.
"""

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper


def tidied(model: ModelProto) -> ModelProto:
    """Return the same network without helper nodes, with readable names."""
    result = ModelProto()
    result.CopyFrom(model)
    _own_parameters(result.graph)
    _rename(result.graph)
    del result.metadata_props[:]
    result.graph.name = model.graph.name
    onnx.checker.check_model(result, full_check=True)
    return result


def _own_parameters(graph: GraphProto) -> None:
    """Turn constants, and copies of parameters, into initializers of their own."""
    known = {tensor.name: tensor for tensor in graph.initializer}
    kept: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "Constant":
            tensor = helper.get_attribute_value(node.attribute[0])
        elif node.op_type == "Identity" and node.input[0] in known:
            tensor = known[node.input[0]]
        else:
            kept.append(node)
            continue
        known[node.output[0]] = _named(tensor, node.output[0])
    used = {name for node in kept for name in node.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(known[name] for name in known if name in used)


def _rename(graph: GraphProto) -> None:
    """Name nodes after modules, results after nodes, and scalars after the node they serve."""
    parameters = {tensor.name: tensor for tensor in graph.initializer}
    fixed = {value.name for value in (*graph.input, *graph.output)}
    names: dict[str, str] = {}
    for node in graph.node:
        weights = [name for name in node.input if name.endswith(".weight")]
        node.name = weights[0].removesuffix(".weight") if weights else _module_path(node)
        for position, name in enumerate(node.input):
            if name in parameters and name.startswith("/"):
                names[name] = f"{node.name}.input_{position}"
        for name in node.output:
            names[name] = name if name in fixed else node.name
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)


def _module_path(node: NodeProto) -> str:
    """Fold `/layer1/layer1.0/relu_1/Relu`, whose scopes repeat their parents, to a dotted path."""
    *scopes, operator = node.name.strip("/").split("/")
    path: list[str] = []
    for scope in scopes:
        if path and scope.startswith(f"{path[-1]}."):
            path.pop()
        path.append(scope)
    return ".".join([*path, operator])


def _named(tensor: TensorProto, name: str) -> TensorProto:
    """Return the tensor under another name, stored as raw bytes."""
    return numpy_helper.from_array(numpy_helper.to_array(tensor), name)
