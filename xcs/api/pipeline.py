"""The one pass pipeline, run by `jit` and by `xcs-opt`, and what becomes of its result."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr
from xdsl.context import Context
from xdsl.dialects import func, get_all_dialects
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass, PassPipeline

from xcs.api.config import RuleSet
from xcs.api.deferred import DeferredKernel
from xcs.dialects import get_all_dialects as get_own_dialects
from xcs.dialects import orch
from xcs.dialects.stablehlo.print import kernel_text
from xcs.frontend.jaxpr_import import (
    hoist_constants,
    import_module,
    primitive_fallback_count,
    type_to_aval,
    with_constant_inputs,
)
from xcs.kernels import Kernel
from xcs.runtime import Plan, Program, compile_plan
from xcs.transforms import get_all_passes as get_own_passes
from xcs.transforms.apply_rules import ApplyRules
from xcs.transforms.convert_xtensor_to_stablehlo import ConvertXTensorToStableHLO
from xcs.transforms.pipelines import ORCHESTRATION, expand

_log = logging.getLogger("xcs")


def with_rules(pipeline: str, rules: RuleSet) -> str:
    """The pipeline, with the rules of a set."""
    if rules == "exact":
        return pipeline
    return pipeline.replace("apply-rules{", f"apply-rules{{rules={rules} ")


def make_context() -> Context:
    """A context that knows xDSL's dialects and ours."""
    context = Context()
    for name, factory in {**get_all_dialects(), **get_own_dialects()}.items():
        context.register_dialect(name, factory)
    return context


def parse_pipeline(text: str) -> tuple[ModulePass, ...]:
    """The passes of a pipeline in the form that `xcs-opt -p` takes."""
    from xdsl.transforms import get_all_passes

    return PassPipeline.parse_spec({**get_all_passes(), **get_own_passes()}, expand(text)).passes


@dataclass
class Split:
    """A captured program after the pipeline: the split module, its kernels by name."""

    module: ModuleOp
    kernels: dict[str, Kernel | DeferredKernel]

    def primitives(self) -> Counter[str]:
        """JAX primitives in the kernels that have no op in the tensor dialect, and how often."""
        counted: Counter[str] = Counter()
        for kernel in self.kernels.values():
            for one in (kernel,) if isinstance(kernel, Kernel) else kernel.specialised():
                counted.update(one.primitives)
        return counted

    def stablehlo(self) -> str:
        """The kernels as StableHLO modules; deferred ones for the shapes launched so far."""
        return "\n".join(_kernel_texts(self.kernels))


@dataclass
class Lowered(Split):
    """The same, with the plan that the engine runs."""

    plan: Plan


def _kernel_texts(kernels: Mapping[str, Kernel | DeferredKernel]) -> Iterator[str]:
    for name, kernel in kernels.items():
        if isinstance(kernel, Kernel):
            yield f"// kernel @{name}\n{kernel.text}"
            continue
        specialised = kernel.specialised()
        if not specialised:
            yield f"// kernel @{name}: its shapes are known at its first launch\n"
        for number, one in enumerate(specialised):
            yield f"// kernel @{name}, specialisation {number}\n{one.text}"


def split(
    module: ModuleOp,
    objects: dict[str, Any],
    pipeline: str = ORCHESTRATION,
    rules: RuleSet = "exact",
) -> Split:
    """Run a pipeline over a captured module (which is changed), with the rules of a set."""
    context = make_context()
    for module_pass in parse_pipeline(with_rules(pipeline, rules)):
        module_pass.apply(context, module)
    kernels = compile_kernels(module, _operators(module, objects), objects, rules)
    return Split(module, kernels)


def lower(
    module: ModuleOp,
    objects: dict[str, Any],
    effects: Callable[[Any], str] | None = None,
    pipeline: str = ORCHESTRATION,
    rules: RuleSet = "exact",
    *,
    prepare: Callable[[Any], Callable[..., Any]] | None = None,
    changed_by: Callable[[Any], Iterable[Any] | None] | None = None,
) -> Lowered:
    """Run a pipeline over a captured module (which is changed) and compile its plan.

    Of callables that are known only at run time, `effects` tells the effects, `prepare` gives what
    is called in place of one, and `changed_by` the objects that an unordered one changes.
    """
    made = split(module, objects, pipeline, rules)
    runnable = {n: k.executable if isinstance(k, Kernel) else k for n, k in made.kernels.items()}
    plan = compile_plan(
        Program(module, "main", objects), runnable, classify=effects, prepare=prepare
    )
    plan.changed_by = changed_by
    return Lowered(module, made.kernels, plan)


def specialise(lowered: Split, values: Sequence[Any]) -> None:
    """Compile kernels before they run, as far as their types follow from those of the arguments.

    `values` are the program's arguments, of which arrays may be `AbstractArray`s.
    """
    main = next(op for op in lowered.module.ops if _is_main(op))
    block = main.regions[0].block
    known: dict[SSAValue, Any] = dict(zip(block.args, values, strict=True))
    for op in block.ops:
        if any(operand not in known for operand in op.operands):
            continue
        given = [known[operand] for operand in op.operands]
        match op:
            case orch.LaunchOp():
                kernel = lowered.kernels[op.kernel.string_value()]
                types = kernel.types_of(*given) if isinstance(kernel, DeferredKernel) else None
                known.update(zip(op.results, types or (), strict=types is not None))
            case orch.ConstantOp() if not isinstance(op.value, orch.RefAttr):
                known[op.result] = orch.literal_value(op.value)
            case orch.GetItemOp() if isinstance(given[0], dict | list | tuple):
                with suppress(LookupError, TypeError):
                    known[op.results[0]] = given[0][given[1]]
            case _:
                pass


def _is_main(op: Operation) -> bool:
    return isinstance(op, func.FuncOp) and op.sym_name.data == "main"


def compile_kernels(
    module: ModuleOp,
    operators: Mapping[str, Any],
    objects: Mapping[str, Any],
    rules: RuleSet = "exact",
) -> dict[str, Kernel | DeferredKernel]:
    """The kernels that a split module launches, by name.

    `operators` are the callables of the module's operators, `objects` what its references name.
    `rules` are for kernels whose shapes are known at their first launch.
    """
    functions = {
        op.sym_name.data: op for op in module.body.block.ops if isinstance(op, func.FuncOp)
    }
    launched = {op.kernel.string_value() for op in module.walk() if isinstance(op, orch.LaunchOp)}
    return {
        name: DeferredKernel(function, objects, operators, rules)
        if _is_deferred(function)
        else compile_kernel(function)
        for name, function in functions.items()
        if name in launched
    }


def _is_deferred(function: func.FuncOp) -> bool:
    """Whether the kernel calls array code on values whose shapes are not known."""
    types = (*function.function_type.inputs, *function.function_type.outputs)
    return not all(isinstance(t, TensorType) for t in types) or any(
        op.dialect_name() == "orch" for op in function.body.walk()
    )


def _operators(module: ModuleOp, objects: Mapping[str, Any]) -> dict[str, Any]:
    """Operators' callables by symbol, where the module was captured in this process."""
    return {
        op.sym_name.data: objects[op.ref.key.data]
        for op in module.body.block.ops
        if isinstance(op, orch.OperatorOp) and op.ref is not None
    }


def compile_kernel(function: func.FuncOp) -> Kernel:
    """A kernel of one function of xtensor ops; the function itself is not changed."""
    ins = tuple(type_to_aval(t) for t in function.function_type.inputs)
    outs = tuple(type_to_aval(t) for t in function.function_type.outputs)
    primitives = primitive_fallback_count(function)
    text = stablehlo_text(function)
    return Kernel(function.sym_name.data, text, ins, outs, primitives=primitives)


def stablehlo_text(function: func.FuncOp) -> str:
    """The function of xtensor ops as a StableHLO module."""
    return _lower_in_place(ModuleOp([function.clone()]))


def module_text(module: ModuleOp) -> str:
    """The module's first function of xtensor ops, and those that it calls, as StableHLO."""
    module = module.clone()
    ApplyRules(beyond_xla=True).apply(Context(), module)
    return _lower_in_place(module)


def _lower_in_place(module: ModuleOp) -> str:
    """The text of the module's first function, and of those that it calls."""
    kernel = module.body.block.first_op
    assert isinstance(kernel, func.FuncOp)
    ConvertXTensorToStableHLO(jax.default_backend()).apply(Context(), module)
    return kernel_text(kernel)


def kernel_of_jaxpr(
    jaxpr: ClosedJaxpr, name: str, rules: RuleSet = "exact"
) -> tuple[Kernel, list[Any]]:
    """A kernel of a traced function, and the arrays to pass before its own arguments.

    The kernel's text is rewritten by the rules of the set. What it is transformed by, the jaxpr,
    stays as it is.

    Raises:
        UnsupportedJaxpr: if the trace has effects or types that the tensor dialect does not have.
    """
    opened, constants = hoist_constants(jaxpr)
    module, nested_constants = import_module(opened, name)
    # Nothing but rules: the importer leaves out dead code, and XLA merges common subexpressions
    # itself. Where it is given merged ones it fuses differently, so that gradients differ from
    # jax.jit's in the last bit.
    source = with_constant_inputs(opened)
    primitives = primitive_fallback_count(module)
    try:
        ApplyRules(rules, beyond_xla=True).apply(Context(), module)
    except Exception as error:  # a rule that is wrong must not take the program down
        _log.warning("%s stays as it is: a rule failed: %r", name, error, exc_info=True)
        module, _ = import_module(opened, name)
    text = _lower_in_place(module)
    kernel = Kernel(name, text, tuple(source.in_avals), tuple(source.out_avals), source, primitives)
    return kernel, [*nested_constants, *constants]
