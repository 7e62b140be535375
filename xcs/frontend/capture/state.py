"""The state of one capture: the program under construction, and how ops are added to it."""

from __future__ import annotations

import ast
import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, NameLoc, StringAttr, UnitAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue

from xcs.dialects import orch
from xcs.frontend.analysis.resources import Policy
from xcs.frontend.arguments import class_of_argument, classes_of
from xcs.frontend.capture.arrays import is_array_class
from xcs.frontend.capture.assumptions import MAX_ELEMENTS
from xcs.frontend.capture.declarations import Declarations
from xcs.frontend.capture.order import (
    ELEMENTS,
    KEYS,
    Chain,
    Home,
    Order,
    Scope,
    ScopeKind,
    outside_home,
)
from xcs.frontend.capture.values import (
    Closure,
    Coroutine,
    Dyn,
    Frame,
    Generator,
    Group,
    Keywords,
    Lazy,
    Method,
    Pack,
    Partial,
    Path,
    Static,
    Task,
    Value,
    View,
    argument_list,
)
from xcs.frontend.facts import CONTAINERS, SCALARS, is_immutable_value
from xcs.frontend.guards import Guards
from xcs.frontend.unsupported import Inseparable


@dataclass(frozen=True)
class Remark:
    """What `explain` says of a place in the source."""

    filename: str
    line: int | None
    text: str

    def shown(self, file: str) -> str:
        """The remark with its line, and its file where that is another one."""
        if self.line is None:
            return self.text
        elsewhere = f"{os.path.basename(self.filename)}, " if self.filename != file else ""
        return f"{elsewhere}line {self.line}: {self.text}"


@dataclass(eq=False)
class Box:
    """A dict of the running program that holds variables as a failing block left them."""

    frame: Frame
    names: frozenset[str]
    value: Dyn


@dataclass
class Capture(Declarations):
    """One program under construction. Ops go to the end of `block`."""

    policy: Policy = "held"
    functions: dict[str, func.FuncOp] = field(default_factory=dict)
    guards: Guards = field(default_factory=Guards)
    paths: dict[tuple[Path, str], Any] = field(default_factory=dict)
    """What is assumed of objects that the program is given, by where they are and in what way."""
    elements: dict[Path, Home] = field(default_factory=dict)
    """Where the elements live of which there are assumptions."""
    keys: dict[Path, Home] = field(default_factory=dict)
    """Where the keys live of which there are assumptions."""
    roots: dict[str, Any] = field(default_factory=dict)
    """Where paths begin: an `Argument`, or an object that is guarded to be the same."""
    outside: dict[Path, Home] = field(default_factory=dict)
    """Homes of objects that the program is given."""
    remarks: list[Remark] = field(default_factory=list)
    native_parts: list[Remark] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    """Those that are being captured: a branch may assign the variables of any."""
    boxes: list[Box] = field(default_factory=list)
    """Where variables are kept that handlers of errors look at."""
    handling: list[Dyn] = field(default_factory=list)
    """Exceptions that the code captured now is a handler of."""
    consumed: set[int] = field(default_factory=set)
    """Calls, by their nodes' ids, of whose result all is used at once."""
    streamed: set[int] = field(default_factory=set)
    """Calls, by their nodes' ids, whose result may be a `Generator`."""
    closing: set[SSAValue] = field(default_factory=set)
    """Generators of the running program that run code when they are left."""
    block: Block = field(default_factory=Block)
    blocks: list[Block] = field(default_factory=list)
    """Those of all regions, also of ones that were given up."""
    location: FileLineColLoc | None = None
    fence: SSAValue | None = None
    """What has to be done before anything that follows in the function may begin."""
    pause: Dyn | None = None
    """A zero that comes late: no statement that follows in the function may begin before."""
    begun: dict[Any, Scope] = field(default_factory=dict)
    """Coroutines that are awaited already, and homes of such, with the region where."""
    pending: list[tuple[Coroutine, Scope]] = field(default_factory=list)
    """Tasks that begin when the function next waits, with the region where they were made."""
    taken: set[SSAValue] = field(default_factory=set)
    """What loops take out of containers, each once."""
    kept: list[Any] = field(default_factory=list)
    """What the coroutines that were stored are calls of, by number."""
    keeps_tasks: bool = False
    """Whether tasks were stored."""
    started: list[Any] = field(default_factory=list)
    """Tasks that have begun, with what they were given."""
    groups: list[Group] = field(default_factory=list)
    """Task groups that have not ended."""
    limits: list[Value] = field(default_factory=list)
    """Semaphores that are held."""
    limited: list[Scope] = field(default_factory=list)
    """Where there are calls under semaphores."""
    permits: list[tuple[Home, int]] = field(default_factory=list)
    """How many tasks each semaphore lets in of which that is known."""
    own_loop: int = 0
    """Whether what is awaited runs on an event loop of the program's own, in another thread."""
    specialisations: dict[Any, Any] = field(default_factory=dict)
    capturing: list[Any] = field(default_factory=list)
    """Functions that are being captured now, innermost last, as `functions.Specialisation`."""
    natives: dict[str, Any] = field(default_factory=dict)
    """The captured functions that are known as Python functions, by symbol."""
    statements: list[Any] = field(default_factory=list)
    """Those with loops, as `statements.Statement`; what is in another one before that."""
    opaque: set[Operation] = field(default_factory=set)
    """Calls of methods of which nothing is known."""
    loud: set[str] = field(default_factory=set)
    """The symbols of captured functions that do more than compute, or may."""
    coarse: bool = False
    """Whether all that comes from outside is taken to be one object."""

    def __post_init__(self) -> None:
        self.order = Order(self._join)
        self.order.scope.block = self.block

    # --- insertion ---

    def add(self, op: Operation) -> Operation:
        """Append the op, with the location of the source that is being captured."""
        if self.location is not None:
            op.location = self.location
            if self.frames and (isinstance(op, _CALLS) or _is_block(op)):
                self.place_in(self.frames[-1], op)
        self.block.add_op(op)
        return op

    def place_in(self, frame: Frame, op: Operation) -> None:
        """Note which function an op stands in, for code that looks."""
        if self.location is not None:
            op.location = NameLoc(StringAttr(frame.place), self.location)

    @contextmanager
    def at(self, frame: Frame, node: ast.AST) -> Iterator[None]:
        """Give the ops emitted inside the node's source location."""
        line = getattr(node, "lineno", None)
        if line is None or not frame.filename:
            yield
            return
        saved = self.location
        self.location = _location(frame.filename, line, getattr(node, "col_offset", 0) + 1)
        try:
            yield
        finally:
            self.location = saved

    @contextmanager
    def region(self, kind: ScopeKind, block: Block, parent: Scope | None = None) -> Iterator[Scope]:
        """Emit into a new region."""
        saved_block, saved_scope = self.block, self.order.scope
        scope = Scope(kind, block, parent or saved_scope)
        self.block, self.order.scope = block, scope
        self.blocks.append(block)
        pause, self.pause = self.pause, None
        try:
            yield scope
        finally:
            self.block, self.order.scope = saved_block, saved_scope
            self.pause = pause

    @property
    def line(self) -> int | None:
        """The line of the source that is being captured."""
        return None if self.location is None else self.location.line.data

    def _join(self, tokens: list[SSAValue]) -> SSAValue:
        return self.add(orch.JoinOp(tokens)).results[0]

    def start(self) -> SSAValue:
        """A token that nothing comes before."""
        return self.add(orch.JoinOp()).results[0]

    # --- objects of the process ---

    def scope_key(self, frame: Frame) -> str:
        """The key of the globals of a frame's function."""
        function = frame.outermost.function
        return self.key_of(function.__globals__, f"globals_{function.__module__}")

    def constant(self, value: Any, hint: str | None = None) -> SSAValue:
        """An object that is known while capturing, as an SSA value."""
        op = orch.ConstantOp(self.literal(value, hint), object_type(type(value)))
        return self.add(op).results[0]

    def is_symbol(self, name: str) -> bool:
        """Whether the program has an operator or a function of that name."""
        return name == "main" or name in self.functions or super().is_symbol(name)

    # --- values ---

    def ssa(self, value: Value) -> SSAValue:
        """The SSA value of anything that capture computes with."""
        match value:
            case Dyn():
                return value.ssa
            case Static():
                return self.constant(value.obj)
            case Pack():
                return self.add(orch.TupleOp([self.ssa(v) for v in value.items])).results[0]
            case Method():
                name = value.function.__name__
                return self.add(orch.GetAttrOp(self.ssa(value.receiver), name)).results[0]
            case Closure():
                from xcs.frontend.capture.native import native_function

                return native_function(self, value).ssa
            case Partial():
                return self._partial(value)
            case Lazy():
                return self.dyn(value).ssa
            case Coroutine():
                from xcs.frontend.capture.coroutines import store

                return store(self, value)
            case Task():
                from xcs.frontend.capture.coroutines import store_task

                return store_task(self, value)
            case Group():
                raise Inseparable("a task group that is used as a value")
            case Keywords():
                raise AssertionError("keyword arguments are a dict once their function begins")
            case Generator():
                return self.ssa(value.native())
            case View():
                after, linked = self.chain(value.base.home, write=False)
                op = orch.MethodOp(value.base.ssa, value.method, after=after, token=linked)
                self.add(op)
                self.place(value.base.home, op, linked)
                return op.results[0]

    def _partial(self, value: Partial) -> SSAValue:
        held, inside = argument_list((value.function, *value.positional), value.keywords)
        operands = {name: self.ssa(v) for name, v in held.items()}
        partial = {"partial": self.constant(functools.partial)}
        op = orch.HostOp(f"partial({inside})", {**partial, **operands}, [orch.ANY])
        return self.add(op).results[0]

    def home_of(self, value: Value) -> Home | None:
        """Where the value lives, None if it is immutable."""
        match value:
            case Dyn():
                return value.home.find() if value.home is not None else None
            case Pack():
                return self._home_of_tuple(value)
            case Method():
                return self.home_of(value.receiver)
            case View():
                return self.home_of(value.base)
            case Coroutine() | Task():
                return value.home.find()
            case Partial() | Lazy():
                parts = (*value.positional, *value.keywords.values())
                return functools.reduce(self.order.merge, map(self.home_of, parts), None)
            case Generator():
                return self.order.anything
            case _:
                return None

    def note_temporary(self, node: ast.expr, value: Value) -> None:
        """Note of what a call gives within an expression that no variable holds it."""
        if isinstance(node, ast.Call) and isinstance(value, Dyn):
            owner = value.ssa.owner
            if isinstance(owner, Operation) and owner.results[0] is value.ssa:
                owner.attributes[orch.TEMPORARY] = UnitAttr()

    def dyn(self, value: Value) -> Dyn:
        """The value as one of the running program."""
        if isinstance(value, Dyn):
            return value
        if isinstance(value, View):
            return Dyn(self.ssa(value), None, value.base.home)
        if isinstance(value, Lazy):
            return self._iterator(value)
        if isinstance(value, Coroutine | Task):
            return Dyn(self.ssa(value), None, value.home)
        if isinstance(value, Generator):
            return self.dyn(value.native())
        cls = type(value.obj) if isinstance(value, Static) else None
        cls = tuple if isinstance(value, Pack) else cls
        return Dyn(self.ssa(value), cls, self.home_of(value))

    def _home_of_tuple(self, value: Pack) -> Home | None:
        from xcs.frontend.capture.names import store_in

        if value.home is None and any(self.home_of(item) is not None for item in value.items):
            value.home = self.order.fresh("tuple", tuple)
            for item in value.items:
                store_in(self, value.home.field(ELEMENTS), item)
        if value.home is None:
            return None
        if not self.order.scope.inside(value.home.scope):
            value.home.scope = self.order.scope  # it was in a region that has ended
        return value.home.find()

    def _iterator(self, value: Lazy) -> Dyn:
        from xcs.frontend.capture.elements import elements_home
        from xcs.frontend.capture.evaluate import class_of

        source, operands = value.source()
        inner = elements_home(self, value)
        home = self.order.fresh("iterator")
        home.made = inner is not None
        self.order.merge(home.field(ELEMENTS), inner)
        known = (*CONTAINERS, *SCALARS, tuple, range)
        checked = any(class_of(v) not in known for v in operands.values())
        return self.host(source, operands, home=home, checked=checked, structure=True)

    def given(self, ssa: SSAValue, example: Any, path: Path) -> Dyn:
        """An object that the program is given: of the class that it has now, which is guarded."""
        cls = class_of_argument(example)
        self.roots.setdefault(path.root, example)
        self.paths[path, "class"] = cls
        home = None if is_immutable_value(example) else self.outside_home(path)
        if home is not None and not home.collapsed:
            home.classes, home.open = home.classes | {cls}, False
            self.look_at_elements(example, path, home)
        return Dyn(ssa, cls, home, example, path)

    def look_at_elements(self, example: Any, path: Path, whole: Home) -> None:
        """Note the classes of what a container from outside holds now; they are guarded."""
        home = whole.field(ELEMENTS)
        if self.coarse or not home.open or path in self.elements:
            return
        if type(example) not in (*CONTAINERS, tuple) or len(example) > MAX_ELEMENTS:
            return
        values = example.values() if isinstance(example, dict) else example
        found = classes_of(values)
        self.paths[path, "elements"], self.elements[path] = found, home
        plain = frozenset(cls for cls in found if cls in SCALARS or is_array_class(cls))
        home.plain |= plain
        home.classes |= found - plain
        home.open = False
        if isinstance(example, dict):
            keys, kinds = whole.field(KEYS), classes_of(example.keys())
            if keys.open and kinds <= SCALARS:
                self.paths[path, "keys"], self.keys[path] = kinds, keys
                keys.plain, keys.open = keys.plain | kinds, False

    def outside_home(self, path: Path) -> Home:
        """Where an object of the outside world lives."""
        if self.coarse:
            path = Path("")
        found = self.outside.get(path)
        if found is None:
            found = outside_home(str(path), shared=True, collapsed=self.coarse)
            self.outside[path] = found
        return found

    # --- ops ---

    def host(
        self,
        source: str,
        operands: Mapping[str, Value],
        *,
        frame: Frame | None = None,
        cls: type | None = None,
        home: Home | None = None,
        effects: str = "pure",
        checked: bool = False,
        total: bool = False,
        chooses: bool = False,
        structure: bool = False,
        makes_new: bool = False,
        after: Sequence[SSAValue] = (),
    ) -> Dyn:
        """A native Python expression over values.

        `chooses` if it may give one of them back; `structure` if it only hands on their elements;
        `makes_new` if what it gives holds nothing of them.
        """
        keeps = home is not None and not makes_new
        whole = self.read_together(
            list(operands.values()), keeps=keeps, exact=keeps and chooses, structure=structure
        )
        arguments = dict(zip(operands, whole, strict=True))
        op = orch.HostOp(
            source,
            arguments,
            [object_type(cls)],
            effects="ordered" if checked else effects,
            checked=checked,
            total=total,
            scope=None if frame is None else self.scope_key(frame),
            after=[*after, *(() if total else self.settings())],
        )
        self.add(op)
        return Dyn(op.results[0], cls, home)

    def host_block(
        self,
        source: str,
        operands: Mapping[str, SSAValue],
        outs: Sequence[str],
        *,
        frame: Frame,
        effects: str,
        token: bool = False,
    ) -> list[SSAValue]:
        """Native statements; gives the values that `outs` have at the end, and a token if asked."""
        op = orch.HostOp(
            source,
            operands,
            [orch.ANY] * len(outs) + ([orch.TOKEN] if token else []),
            effects=effects,
            out_names=outs,
            scope=self.scope_key(frame),
        )
        return list(self.add(op).results)

    def read_together(
        self,
        values: Sequence[Value],
        *,
        exact: bool = False,
        keeps: bool = False,
        structure: bool = False,
    ) -> list[SSAValue]:
        """Values for an op that reads them as wholes, in versions of one moment.

        What is one object in two of them is one in both versions. A method of a container is that
        of its version.
        """
        bound = {i: v for i, v in enumerate(values) if isinstance(v, Method) and v.is_builtin}
        if bound:
            receivers = [bound[i].receiver if i in bound else v for i, v in enumerate(values)]
            read = self.read_together(receivers, exact=exact, keeps=keeps, structure=structure)
            return [
                self.add(orch.GetAttrOp(ssa, bound[i].function.__name__)).results[0]
                if i in bound
                else ssa
                for i, ssa in enumerate(read)
            ]
        changed = [v for v in values if not structure and self._is_changed(v)]
        if len(changed) < 2:
            return [
                self.read_whole(v, exact=exact, keeps=keeps, structure=structure) for v in values
            ]
        held = self.add(orch.TupleOp([self.ssa(v) for v in changed])).results[0]
        homes = [home for v in changed for home in self.homes_of(v)]
        parts = self._version(held, homes, exact=exact, keeps=keeps)
        taken = iter(range(len(changed)))
        return [
            self.add(orch.GetItemOp(parts, self.constant(next(taken)))).results[0]
            if any(v is other for other in changed)
            else self.read_whole(v)
            for v in values
        ]

    def _is_changed(self, value: Value) -> bool:
        """Whether reading the value as a whole takes a version of it."""
        homes = self.homes_of(value)
        if any(home.foreign for home in homes) and self.order.is_written(self.order.some_shared):
            return True
        return any(map(self.order.is_written, self.parts_of(*homes)))

    def read_whole(
        self, value: Value, *, exact: bool = False, keeps: bool = False, structure: bool = False,
    ) -> SSAValue:  # fmt: skip
        """The value for an op that reads it as a whole: what changes later is not seen.

        `exact` asks for the very object rather than its version of the moment, `keeps` for the very
        objects that it holds, since the op's result may hold them too. With `structure` the op does
        not look into these at all.
        """
        if isinstance(value, Pack):
            if structure or not self.homes_of(value):
                return self.ssa(value)
            parts = [self.read_whole(v, exact=exact or keeps) for v in value.items]
            return self.add(orch.TupleOp(parts)).results[0]
        ssa, homes = self.ssa(value), self.homes_of(value)
        if not structure:
            self.refuse_coroutines(value)
        return self._version(
            ssa, homes, exact=exact, keeps=keeps, structure=structure, is_data=is_data(value)
        )

    def _version(
        self, ssa: SSAValue, homes: Sequence[Home], *, exact: bool, keeps: bool,
        structure: bool = False, is_data: bool = False,
    ) -> SSAValue:  # fmt: skip
        """What a value is at this moment that lives in some homes."""
        for home in homes:
            home.used, home.whole = True, home.whole or not structure
        chains = homes if structure and is_data else self.parts_of(*homes)
        written = [h for h in chains if self.order.is_written(h)]
        for chain in chains:
            self.order.take(chain)  # notes what is assumed
        aliased = any(h.foreign for h in homes) and self.order.is_written(self.order.some_shared)
        if not (written or aliased):
            return ssa
        anything = self.order.anything.find() in written
        after = self.order.take_shared() if aliased or anything else []
        after += [
            token for h in chains if not (anything and h.shared) for token in self.order.take(h)
        ]
        op = orch.SnapshotOp(ssa, after=list(dict.fromkeys(after)), token=True)
        if structure:
            op.structure = UnitAttr()
        elif exact:
            op.exact = UnitAttr()
        elif keeps:
            op.elements = UnitAttr()
        self.add(op)
        # Also of parts that nothing has changed yet: what does so next comes after this.
        for chain in chains:
            self.place(chain, op, True)
        return op.results[0]

    def holds_coroutines(self, value: Value) -> bool:
        """Whether the value is a coroutine or task, or leads to any."""
        if isinstance(value, Coroutine | Task | Group):
            return True
        return any(part.calls or part.task for part in self.parts_of(*self.homes_of(value)))

    def refuse_coroutines(self, *values: Value) -> None:
        """Raise Inseparable if a value that native code is given leads to a coroutine or task."""
        for value in values:
            if self.holds_coroutines(value):
                raise Inseparable("a coroutine or task that is used as a value")

    def homes_of(self, value: Value) -> list[Home]:
        """Where the value lives, or what it consists of, where that is known part by part."""
        match value:
            case Pack(items=items) | Lazy(positional=items):
                parts = items
            case Keywords(items=named):
                parts = tuple(named.values())
            case Method(receiver=receiver):
                parts = (receiver,)
            case _:
                home = self.home_of(value)
                return [] if home is None else [home]
        return list(dict.fromkeys(home for part in parts for home in self.homes_of(part)))

    def parts_of(self, *homes: Home | None) -> list[Home]:
        """Homes and all that what lives there leads to, as far as anything is known of it."""
        found: dict[Home, None] = {}
        pending = [home.find() for home in homes if home is not None]
        while pending:
            current = pending.pop()
            if current not in found:
                found[current] = None
                pending.extend(part for _, part in current.fields())
        return list(found)

    def reached(self, value: Dyn) -> list[Home]:
        """Where an op on the object may look: an object that is not builtin data looks anywhere."""
        home = self.home_of(value)
        return [home] if home is not None and is_data(value) else self.parts_of(home)

    def chain(
        self, homes: Home | Sequence[Home] | None, *, write: bool, alias: bool | None = None
    ) -> tuple[list[SSAValue], bool]:
        """What an op on objects waits for, and whether it takes a place in their chains.

        `alias` if a write may show under other names that operators have given the objects.
        """
        alias = write if alias is None else alias
        chains = [self._chain(home, write=write, alias=alias) for home in _several(homes)]
        after = dict.fromkeys(token for tokens, _ in chains for token in tokens)
        return list(after), any(linked for _, linked in chains)

    def _chain(self, home: Home, *, write: bool, alias: bool) -> tuple[list[SSAValue], bool]:
        home.used = True
        if home is self.order.anything.find():
            if write:
                self.order.mark_written(home)
                self.order.mark_written(self.order.world)
            elif not self.order.is_written(home):
                return [], False
            return self.order.take_shared() + (self.order.take_readers() if write else []), True
        # What an operator gave may be an object that was changed under another name.
        aliased = home.foreign and (alias or self.order.is_written(self.order.some_shared))
        others = self.order.take_shared() if aliased else []
        if write:
            if aliased or home.shared:
                others += self.order.take_readers()
            self.order.mark_written(home)
            if home.foreign and alias:
                self.order.mark_written(self.order.world)
            others += self.order.take(home.readers())
        elif not self.order.is_written(home):
            self.order.take(home)  # notes that this was assumed
            return others, aliased
        return [*self.order.take(home), *others], True

    def place(
        self,
        homes: Home | Sequence[Home] | None,
        op: Operation,
        linked: bool,
        *,
        write: bool = False,
        alias: bool | None = None,
    ) -> None:
        """Give the op its place in the chains."""
        alias = write if alias is None else alias
        for home in _several(homes) if linked else ():
            self._place(home, op.results[-1], write=write, alias=alias)

    def _place(self, home: Home, token: SSAValue, *, write: bool, alias: bool) -> None:
        if alias and home.foreign:
            self.order.give_world(token)
        elif home.foreign and self.order.is_written(self.order.some_shared):
            self.order.give_reader(token)
        if home is self.order.anything.find():
            if write:
                self.order.give_world(token)
            else:
                self.order.give_reader(token)
        elif write:
            self.order.give_write(home, token)
        else:
            self.order.give_read(home, token)

    def join_shared(self) -> SSAValue:
        """A token that comes after all that was done so far to what is shared."""
        tokens = self.order.take_shared()
        return tokens[0] if len(tokens) == 1 else self._join(tokens)

    def settings(self) -> list[SSAValue]:
        """What code waits for that may look at the settings of the process."""
        return self.order.take(self.order.environment)

    def change_settings(self, token: SSAValue) -> None:
        """Code has run that is known to change the settings of the process."""
        self.order.mark_written(self.order.environment)
        self.order.give(self.order.environment, token)

    def files(self) -> list[SSAValue]:
        """What code waits for that may read files: all that may have written some."""
        world = self.order.world
        return [
            *self.order.take(self.order.files),
            *(self.order.take(world) if self.order.is_written(world) else ()),
        ]

    def change_files(self, token: SSAValue) -> None:
        """Code has run that is known to write files, and no more."""
        self.order.mark_written(self.order.files)
        self.order.give(self.order.files, token)

    def change_world(self, token: SSAValue) -> None:
        """Code that is not understood has run: it may have changed all that is shared."""
        self.order.take(self.order.world)  # a loop has to hand it on
        self.order.give_world(token)

    def escape(self, value: Value) -> None:
        """Code that is not understood is given the value."""
        for part in self.parts_of(*self.homes_of(value)):
            self.order.share(part)

    def has_begun(self, coroutine: Coroutine) -> Scope | None:
        """The region in which a coroutine was awaited, alone or with all that are kept with it."""
        home = coroutine.home.find()
        for key, scope in self.begun.items():
            if key is coroutine or (isinstance(key, Home) and key.find() is home):
                return scope
        return None

    def check_nothing_pends(self, node: ast.AST) -> None:
        """Raise Inseparable where the function waits, if a task would begin there."""
        pends = any(self.has_begun(coroutine) is None for coroutine, _ in self.pending)
        if pends or any(group.waits for group in self.groups):
            raise Inseparable("a task that begins while the function waits for another", node)

    def remark(self, frame: Frame, node: ast.AST, text: str) -> None:
        """Note something for `explain`."""
        self.remarks.append(Remark(frame.filename, getattr(node, "lineno", None), text))

    # --- attempts ---

    def begin(self) -> Attempt:
        """Start an attempt that `undo` can take back."""
        return Attempt(
            self.block,
            self.block.last_op,
            dict(self.order.scope.tokens),
            self.order.scope.world_at,
            self.environments(),
            len(self.remarks),
            len(self.native_parts),
            len(self.handling),
            len(self.order.scope.imports),
            self.fence,
            self.pause,
            dict(self.begun),
            len(self.pending),
            len(self.started),
        )

    def undo(self, attempt: Attempt) -> None:
        """Take back everything since `begin`, but for what was found out about homes."""
        self.block = attempt.block
        while (last := self.block.last_op) is not attempt.last and last is not None:
            self.block.erase_op(last, safe_erase=False)
        scope = self.order.scope
        entered = {i.chain: i.argument for i in scope.imports[attempt.imports :]}
        scope.tokens = {**entered, **attempt.tokens}
        scope.world_at = sys.maxsize if self.order.world.chain in entered else attempt.world_at
        self.restore(attempt.environments)
        self.fence, self.pause = attempt.fence, attempt.pause
        self.begun = dict(attempt.begun)
        del self.started[attempt.started :]
        del self.pending[attempt.pending :]
        del self.remarks[attempt.remarks :]
        del self.native_parts[attempt.native_parts :]
        del self.handling[attempt.handling :]

    def environments(self) -> list[tuple[Frame, dict[str, Value]]]:
        """The variables of all frames that are being captured, and of those around them."""
        frames: dict[Frame, None] = {}
        for frame in self.frames:
            current: Frame | None = frame
            while current is not None:
                frames[current] = None
                current = current.parent
        return [(frame, dict(frame.env)) for frame in frames]

    def restore(self, environments: list[tuple[Frame, dict[str, Value]]]) -> None:
        """Give the frames the variables that they had."""
        for frame, env in environments:
            frame.env = dict(env)


@dataclass
class Attempt:
    """Where capture stood."""

    block: Block
    last: Operation | None
    tokens: dict[Chain, SSAValue]
    world_at: int
    environments: list[tuple[Frame, dict[str, Value]]]
    remarks: int
    native_parts: int
    handling: int
    imports: int
    fence: SSAValue | None
    pause: Dyn | None
    begun: dict[Any, Scope]
    pending: int
    started: int


def _several(homes: Home | Sequence[Home] | None) -> list[Home]:
    """Each home once."""
    found = [homes] if isinstance(homes, Home) else homes or []
    return list(dict.fromkeys(home.find() for home in found))


_DATA = (*SCALARS, tuple, range, frozenset)
"""Classes of builtin data that does not change."""


def is_data(value: Value) -> bool:
    """Whether going over the value runs no code of the program's."""
    match value:
        case Dyn(cls=cls):
            return cls in CONTAINERS or cls in _DATA
        case Lazy(positional=parts):
            return all(map(is_data, parts))
        case View() | Pack() | Static():
            return True
    return False


_CALLS = (orch.CallOp, orch.InvokeOp, orch.MethodOp)


def _is_block(op: Operation) -> bool:
    return isinstance(op, orch.HostOp) and op.is_block


def object_type(cls: type | None) -> Attribute:
    """The IR's type for values of a class; only builtin classes are named."""
    if is_array_class(cls):
        return orch.ObjectType("jax.Array")
    if cls is None or cls.__module__ != "builtins":
        return orch.ANY
    return orch.ObjectType(cls.__name__)


@functools.lru_cache(maxsize=1 << 14)
def _location(filename: str, line: int, column: int) -> FileLineColLoc:
    return FileLineColLoc(StringAttr(filename), IntAttr(line), IntAttr(column))


__all__ = ["Attempt", "Capture", "Remark", "object_type"]
