"""Moves ops of a block into kernel functions that the block launches."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import count

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.ir import Block, Operation, OpResult, Region, SSAValue, Use
from xdsl.traits import SymbolOpInterface

from xcs.dialects import orch
from xcs.transforms.analysis.block_dependence import is_array_op
from xcs.transforms.analysis.used_values import used_values


def orchestration_functions(module: ModuleOp) -> list[func.FuncOp]:
    """The functions of the module that are not kernels, that is, not launched by one of them."""
    launched = {op.kernel.string_value() for op in module.walk() if isinstance(op, orch.LaunchOp)}
    functions = (op for op in module.body.block.ops if isinstance(op, func.FuncOp))
    return [function for function in functions if function.sym_name.data not in launched]


def blocks_inner_first(op: Operation) -> Iterator[Block]:
    """All blocks nested in the op, each after those nested in it; not those of array ops."""
    for region in op.regions:
        for block in region.blocks:
            for inner in block.ops:
                if inner.regions and not is_array_op(inner):
                    yield from blocks_inner_first(inner)
            yield block


class KernelOutliner:
    """Makes kernel functions and their launches for one module.

    Args:
        module: The module that the kernels are added to.
        is_copied: Whether an op is copied into each kernel that uses its results, rather than
            passed in. Such an op has no effect and no regions.
    """

    def __init__(self, module: ModuleOp, is_copied: Callable[[Operation], bool]):
        self.module = module
        self.is_copied = is_copied
        self.functions: dict[Hashable, func.FuncOp] = {}
        self.launches: dict[Operation, func.FuncOp] = {}

    def outline(self, ops: Sequence[Operation], anchor: Operation) -> orch.LaunchOp:
        """Replaces ops, given in program order, by one launch before the anchor.

        Everything that the ops use must be defined before the anchor. Ops between them that use
        their results are left where they are.
        """
        body = _KernelBody(ops, self.is_copied)
        outside = [list(filter(body.is_outside, value.uses)) for value in body.outputs]
        launch = orch.LaunchOp("kernel", body.inputs, [value.type for value in body.outputs])
        launch.location = ops[0].location
        body.move()
        for old, new, uses in zip(body.outputs, launch.results, outside, strict=True):
            new.name_hint = old.name_hint
            for use in uses:
                use.operation.operands[use.index] = new
        assert anchor.parent is not None
        anchor.parent.insert_op_before(launch, anchor)
        self.launches[launch] = self._function(body)
        return launch

    def _function(self, body: _KernelBody) -> func.FuncOp:
        """The kernel with this body; an earlier one if that has the same ops."""
        key = _structure(list(body.block.ops), body.block.args)
        if key not in self.functions:
            types = (body.block.arg_types, [value.type for value in body.outputs])
            self.functions[key] = func.FuncOp("kernel", types, Region(body.block), "private")
        return self.functions[key]

    def finish(self, functions: Iterable[func.FuncOp]) -> None:
        """Adds the kernels to the module, each named after the function that launches it first.

        Names count up in program order.
        """
        taken = _symbols(self.module)
        for function in functions:
            stem = f"{function.sym_name.data}_kernel"
            names = (name for n in count() if (name := f"{stem}_{n}") not in taken)
            for launch in function.walk():
                if not isinstance(launch, orch.LaunchOp) or launch not in self.launches:
                    continue
                kernel = self.launches[launch]
                if kernel.parent is None:
                    kernel.sym_name = StringAttr(next(names))
                    taken.add(kernel.sym_name.data)
                    self.module.body.block.add_op(kernel)
                launch.kernel = SymbolRefAttr(kernel.sym_name)


class _KernelBody:
    """The body of a kernel: ops, copies of what is copied, an argument for each other value."""

    def __init__(self, ops: Sequence[Operation], is_copied: Callable[[Operation], bool]):
        self.ops = ops
        self.inside = set(ops)
        self.is_copied = is_copied
        self.inputs: list[SSAValue] = []
        self.outputs = [
            result for op in ops for result in op.results if any(map(self.is_outside, result.uses))
        ]
        self.copied: list[Operation] = []
        self.block = Block()
        self.local: dict[SSAValue, SSAValue] = {}
        """For each value from outside, the value in the kernel."""
        for op in ops:
            for value in used_values(op):
                self._find_inputs(value)

    def is_outside(self, use: Use) -> bool:
        """Whether something other than the kernel needs the used value."""
        user = use.operation
        if user in self.inside or self._ancestor(user) in self.inside:
            return False
        if not (user.results and self.is_copied(user)):
            return True
        # An op that is copied stays only where something outside uses it.
        uses = [use for result in user.results for use in result.uses]
        return not uses or any(map(self.is_outside, uses))

    def _ancestor(self, op: Operation) -> Operation | None:
        """The op in the block of the kernel's ops that holds this one in a region."""
        block = self.ops[0].parent
        return None if block is None else block.find_ancestor_op_in_block(op)

    def _find_inputs(self, value: SSAValue) -> None:
        owner = value.owner
        if value in self.local or owner in self.inside:
            return
        if isinstance(owner, Operation) and self.is_copied(owner):
            for operand in owner.operands:
                self._find_inputs(operand)
            return
        self.local[value] = self.block.insert_arg(value.type, len(self.inputs))
        self.local[value].name_hint = value.name_hint
        self.inputs.append(value)

    def _in_kernel(self, value: SSAValue) -> SSAValue:
        owner = value.owner
        if value in self.local or owner in self.inside:
            return self.local.get(value, value)
        assert isinstance(value, OpResult)
        operands = [self._in_kernel(operand) for operand in value.op.operands]
        copy = value.op.clone(dict(zip(value.op.operands, operands, strict=True)))
        self.block.add_op(copy)
        self.copied.append(value.op)
        self.local.update(zip(value.op.results, copy.results, strict=True))
        return self.local[value]

    def move(self) -> None:
        """Moves the ops into the kernel, with copies of what is copied."""
        for op in self.ops:
            local = {value: self._in_kernel(value) for value in used_values(op)}
            op.detach()
            for user in op.walk() if op.regions else (op,):
                user.operands = [local.get(operand, operand) for operand in user.operands]
            self.block.add_op(op)
        self.block.add_op(func.ReturnOp(*self.outputs))
        # What was copied for the kernel's sake alone is not needed any more, users first.
        for op in reversed(self.copied):
            if op.parent is not None and not any(result.uses for result in op.results):
                op.parent.erase_op(op)


def _symbols(module: ModuleOp) -> set[str]:
    found: set[str] = set()
    for op in module.body.block.ops:
        interface = op.get_trait(SymbolOpInterface)
        name = interface.get_sym_attr_name(op) if interface is not None else None
        if name is not None:
            found.add(name.data)
    return found


def _structure(ops: Iterable[Operation], inputs: Sequence[SSAValue]) -> Hashable:
    """What two lists of ops have in common exactly if they compute the same from their inputs."""
    numbers: dict[SSAValue, int] = {}
    return _block_structure(ops, inputs, numbers)


def _block_structure(
    ops: Iterable[Operation], args: Sequence[SSAValue], numbers: dict[SSAValue, int]
) -> Hashable:
    """The structure of a block, given the numbers of the values around it."""
    for arg in args:
        numbers[arg] = len(numbers)
    structure: list[Hashable] = [tuple(arg.type for arg in args)]
    for op in ops:
        operands = tuple(numbers[operand] for operand in op.operands)
        properties = frozenset(op.properties.items())
        attributes = frozenset(op.attributes.items())
        regions = tuple(
            tuple(_block_structure(block.ops, block.args, numbers) for block in region.blocks)
            for region in op.regions
        )
        structure.append(
            (op.name, operands, properties, attributes, tuple(op.result_types), regions)
        )
        for result in op.results:
            numbers[result] = len(numbers)
    return tuple(structure)
