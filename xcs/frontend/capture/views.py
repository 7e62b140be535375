"""What a loop's elements are to one iteration: objects that no other iteration looks at.

The elements of a list live in one home, so that what iterations do to them stands in one chain.
Mostly each iteration only comes to its own element and what that leads to. So while the body of a
loop is captured, the element lives in a *view* of its home, and so does what it leads to. The
chain of a view begins where the loop begins, rather than where the iteration before ends. This is
right if no two elements lead to a common object that an iteration changes: `orch.disjoint` tells
when the loop is about to begin. If they do, each iteration begins where the one before has ended
after all.

What is learnt of a view is true of the home as well, and the chain of the home goes on behind all
iterations. Nothing but the iteration may come to what lives in a view. If the body comes to the
home in another way, if the view becomes one with a home from outside of the loop, or code that is
not understood may know the objects, the loop is captured without views.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import func
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue

from xcs.dialects import orch
from xcs.frontend.capture.order import ELEMENTS, KEYS, SLOT, Chain, Home, Order, Scope
from xcs.frontend.capture.values import Dyn

_MAX_PLACES = 200


@dataclass(eq=False)
class Views:
    """The views of one loop body, which is the region `scope`."""

    order: Order
    scope: Scope
    made: list[tuple[Home, Home]] = field(default_factory=list)
    """Homes, each with its view."""
    starts: list[tuple[Home, SSAValue]] = field(default_factory=list)
    """Homes with what the chains of their views begin with: arguments of the block, meanwhile."""
    roots: list[tuple[Dyn, Home]] = field(default_factory=list)
    """Containers that the loop goes over, each with the view of its elements."""
    is_over: bool = False

    def __post_init__(self) -> None:
        self.places = _Places(set())
        self.at: list[int] = []
        """The places where elements live, by container."""

    # --- while the body is captured ---

    def of_elements(self, container: Dyn, home: Home | None) -> Home | None:
        """Where the element of a container lives in this iteration, rather than in `home`."""
        if home is None or container.home is None or container.home.find() is home.find():
            return home
        if (view := self._view(home)) is None:
            return home
        self.roots.append((container, view))
        return view

    def _view(self, home: Home) -> Home | None:
        """The view of a home; None if it can have none."""
        home = home.find()
        if home.views is self:
            return home
        order = self.order
        if (found := self.found(home)) is not None:
            return found
        is_known = home is not order.anything.find() and home is not order.world
        if not is_known or home.calls or home.task or (home.shared and order.world.written):
            return None
        view = Home(
            home.name, self.scope, depth=home.depth, parameter=home.parameter, made=home.made,
            foreign=home.foreign, collapsed=home.collapsed, codes=home.codes, views=self,
            only_codes=home.only_codes, constant=home.constant, classes=home.classes,
            plain=home.plain, open=home.open, written=order.is_written(home),
        )  # fmt: skip
        self.made.append((home, view))
        if view.written:
            self._begin(home, view)
        else:
            order.take(home)  # notes that this is assumed
        return view

    def found(self, home: Home) -> Home | None:
        """The view of a home, if there is one."""
        home = home.find()
        return next((view.find() for original, view in self.made if original.find() is home), None)

    def _begin(self, home: Home, view: Home) -> None:
        argument = self.scope.block.insert_arg(orch.TOKEN, len(self.scope.block.args))
        self.starts.append((home, argument))
        self.scope.begin(view.chain, argument)

    def _originals(self, view: Home) -> list[Home]:
        """The homes of which this is the view."""
        pairs = ((home.find(), made.find()) for home, made in self.made)
        return [home for home, made in pairs if made is view and home is not view]

    def part(self, view: Home, name: str) -> Home | None:
        """Where a part of what lives in a view lives, of which nothing was asked so far."""
        if self.is_over:
            return None
        found: Home | None = None
        for original in self._originals(view):
            part = original.field(name)
            mine = self._view(part)
            if mine is None:  # there is no keeping it apart
                return part
            found = mine if found is None else self.order.merge(found, mine)
        return found

    def all_parts(self, view: Home) -> None:
        """Have all parts of what lives in a view that the homes have."""
        if self.is_over:
            return
        for original in self._originals(view):
            for name, _ in original.fields():
                view.find().field(name)

    def begin_readers(self, view: Home) -> None:
        """Let the chain of those who read what lives in a view begin."""
        if self.is_over:
            return
        for original in self._originals(view):
            if view.written:
                assert view._readers is not None
                readers = original.readers()
                self._begin(readers, view._readers)
                self.made.append((readers, view._readers))

    # --- when it is captured ---

    def are_apart(self) -> bool:
        """Whether the body comes to what lives in views by them alone."""
        self.is_over = True
        written = self.order.written_in(self.scope)
        self.places = _Places(written)
        self.at = [self.places.of(view) for _, view in self.roots]
        views = [view.find() for _, view in self.made]
        return (
            len(self.places.made) <= _MAX_PLACES
            and all(not view.shared and view.scope.inside(self.scope) for view in views)
            and not any(_is_reached(self.order, self.scope, written, *pair) for pair in self.made)
        )

    def give_back(self) -> None:
        """Let homes and views become one."""
        for home, view in self.made:
            if home.read is None:
                known = {one: one.facts() for one in (home.find(), view.find())}
                self.order.merge(home, view)
                if (one := home.find()) in known and one.facts() != known[one]:
                    self.order.note(one)

    def enter(self) -> None:
        """Let the chains enter the loop with which those of views may begin."""
        for home, argument in self.starts:
            if argument.uses and self.scope.imported(home) is None:
                chain = home.find().chain
                entered = Chain(home.find())
                home.find().chain = Chain(home.find(), (chain, entered), shared_at=chain.shared_at)
                self.scope.enter(home.find(), entered)

    def begin(self, initial: Sequence[SSAValue]) -> orch.DisjointOp | None:
        """Have the chains of views begin where they do; the op that tells, if that is to be told.

        `initial` are the tokens that the loop is given, one for each that enters.
        """
        used = [(home.find(), argument) for home, argument in self.starts if argument.uses]
        outside: dict[Home, SSAValue] = {}
        inside: dict[Home, SSAValue] = {}
        for entered, token in zip(self.scope.imports, initial, strict=True):
            outside.setdefault(entered.home.find(), token)
            inside.setdefault(entered.home.find(), entered.argument)
        told = None
        if used and any(map(_may_wait, self.scope.block.ops)):
            told = self._either(used, outside, inside)
        else:
            for home, argument in used:
                argument.replace_all_uses_with(inside[home])
        for _, argument in self.starts:
            assert isinstance(argument, BlockArgument)
            self.scope.block.erase_arg(argument)
        return told

    def _either(
        self,
        used: list[tuple[Home, SSAValue]],
        outside: dict[Home, SSAValue],
        inside: dict[Home, SSAValue],
    ) -> orch.DisjointOp:
        order, block = self.order, self.scope.block
        containers = [container for container, _ in self.roots]
        after = [outside[home] for home, _ in used]
        after += [t for container in containers for t in order.take(container.home)]  # type: ignore[arg-type]
        told = orch.DisjointOp(
            [container.ssa for container in containers],
            self.at,
            self.places.made,
            after=list(dict.fromkeys(after)),
        )
        then, orelse = Block(), Block()
        then.add_op(orch.YieldOp([outside[home] for home, _ in used]))
        orelse.add_op(orch.YieldOp([inside[home] for home, _ in used]))
        types = [orch.TOKEN for _ in used]
        begins = orch.IfOp(told.result, Region(then), Region(orelse), types)
        first = block.first_op
        assert first is not None
        block.insert_op_before(begins, first)
        for (_, argument), token in zip(used, begins.results, strict=True):
            argument.replace_all_uses_with(token)
        return told


@dataclass(eq=False)
class Links:
    """What a region has made, or had a view of, and put into containers from outside of it."""

    order: Order
    scope: Scope

    def __post_init__(self) -> None:
        self.found = self.scope.links or []

    def are_apart(self) -> bool:
        """Whether the region comes to such an object by its own way alone."""
        self.scope.links = None
        written = self.order.written_in(self.scope)
        pairs = (pair for link in self.found for pair in _with_parts(*link))
        return not any(_is_reached(self.order, self.scope, written, *pair) for pair in pairs)

    def give_back(self) -> list[tuple[Home, Home]]:
        """Let what is known of the one be true of the other, which holds it; gives the links.

        If that is news, the region has to be captured again.
        """
        for link in self.found:
            for home, part in _with_parts(*link):
                self.order.learn(home, part)
        return [(home.find(), part.find()) for home, part in self.found]


def _with_parts(home: Home, part: Home) -> Iterator[tuple[Home, Home]]:
    """Two homes, and what they lead to by the same ways, as far as anything asked for it."""
    pending, seen = [(home.find(), part.find())], set()
    while pending:
        home, part = (one.find() for one in pending.pop())
        if home is part or (home, part) in seen:
            continue
        seen.add((home, part))
        yield home, part
        there = dict(part.fields())
        pending += [(inner, there[name]) for name, inner in home.fields() if name in there]


def _is_reached(order: Order, scope: Scope, written: set[Home], home: Home, part: Home) -> bool:
    """Whether a region that has objects at hand in `part` may come to them by way of `home`, too.

    Only if either changes them, which the other would have to see.
    """
    home, part = home.find(), part.find()
    if home.read is not None:
        return False
    if (home.shared or home.foreign) and part.used:
        if _is_moved(scope, order.world) or _is_moved(scope, order.readers):
            return True
    if part in written and home._readers is not None and _is_moved(scope, home.readers()):
        return True
    return _is_moved(scope, home) and (home in written or part in written)


def _is_moved(scope: Scope, home: Home) -> bool:
    """Whether an op of a region has taken a place in the chain of a home."""
    given = {entered.argument for entered in scope.imports}
    return any(
        token not in given
        for chain, token in scope.tokens.items()
        if chain.home.find() is home.find()
    )


def _may_wait(op: Operation) -> bool:
    """Whether an op may give its tokens late, as they hang on more than where objects are."""
    gives = any(isinstance(result.type, orch.TokenType) for result in op.results)
    return gives and (bool(op.regions) or isinstance(op, func.CallOp))


class _Places:
    """The homes that a loop's elements lead to, as `orch.disjoint` knows them."""

    def __init__(self, written: set[Home]):
        self.written = written
        self.made: list[orch.Place] = []
        self._known: dict[Home | None, int] = {}

    def of(self, home: Home) -> int:
        """The number of a home's place."""
        home = home.find()
        if home in self._known:
            return self._known[home]
        number = self._begin(home)
        parts = {name: part.find() for name, part in home._fields.items()}
        slots = {name.removesuffix(SLOT): p for name, p in parts.items() if name.endswith(SLOT)}
        is_written = home in self.written or not self.written.isdisjoint(slots.values())
        rest = None
        if home.collapsed:
            rest = number
        elif home.whole:
            rest = self._read()
        led_to = []
        for name, part in parts.items():
            is_used = home.used if name in (ELEMENTS, KEYS) else name in slots and slots[name].used
            is_plain = not part.open and not part.classes
            if is_used and not is_plain and not name.endswith(SLOT):
                led_to.append((name, self.of(part)))
        self.made[number] = orch.Place(is_written, tuple(led_to), rest)
        return number

    def _begin(self, home: Home | None) -> int:
        """The number of a place whose ways are not known yet: they may lead back to it."""
        number = self._known[home] = len(self.made)
        self.made.append(orch.Place())
        return number

    def _read(self) -> int:
        """The place of all that is read with what it leads to."""
        if None not in self._known:
            number = self._begin(None)
            self.made[number] = orch.Place(rest=number)
        return self._known[None]


__all__ = ["Links", "Views"]
