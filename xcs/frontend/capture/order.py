"""The order of effects on objects, as data: where objects live, and one chain of tokens for each.

A *home* stands for the objects that one name of the program may denote: what one expression makes,
one argument, one global, or all elements (or one attribute) of what lives in another home. Two
homes become one as soon as an object may live in both. Every op that changes what lives in a home
takes the last token of its chain and gives the next; one that reads takes it as well, and gives its
own to the home's chain of *readers*, for which the next change waits but no other reader. Regions
take part by carrying tokens: a branch yields those that it moved on, a loop passes them from one
iteration to the next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from xdsl.ir import Block, BlockArgument, SSAValue

from xcs.dialects import orch
from xcs.frontend.unsupported import Inseparable

if TYPE_CHECKING:
    from xcs.frontend.capture.views import Views

ELEMENTS = "[]"
"""The part of a container that stands for all elements; of a mapping, for all values."""
KEYS = "{}"
"""The part of a mapping that stands for all keys."""
SLOT = "="
"""Marks the home of an attribute itself, beside that of what it holds."""
MAX_DEPTH = 10
"""How far the parts of parts are told apart."""
FOLDED_DEPTH = 4
"""From where on a part is taken to live where the one of the same name does that it is part of, as
the nodes of a tree or a graph do."""


class Immutable:
    """Stands for the class of a value of which is known only that nothing changes it."""


@dataclass(eq=False)
class Chain:
    """The ops on what lives in a home, in turn, for as long as it is not merged with another.

    Of two homes that become one, each may have its last token in another region: the chain of both
    is a new one with these two as `parts`.
    """

    home: Home
    parts: tuple[Chain, ...] = ()
    scopes: list[Scope] = field(default_factory=list)
    """The regions that ever had a token of it."""
    shared_at: int = 0
    """When the home came to be shared: what had its place in the world's chain before did not know
    what lives there."""

    @property
    def is_going_on(self) -> bool:
        """Whether a region that is under construction has a token of it."""
        return any(s.token(self) is not None for s in self.scopes if s.block.parent is None)


@dataclass(eq=False)
class Home:
    """Where objects live. `shared` ones are reached by code that capture does not see."""

    name: str
    scope: Scope
    shared: bool = False
    written: bool = False
    used: bool = False
    """Whether an op looks at what lives there."""
    whole: bool = False
    """Whether it does so with all that this leads to."""
    depth: int = 0
    part: str = ""
    """The name that it has as a part of `holder`."""
    holder: Home | None = None
    collapsed: bool = False
    """Whether all that the objects lead to lives here as well."""
    parameter: bool = False
    """Whether it stands for whatever callers of a function pass."""
    made: bool = False
    """Whether captured code made the objects, and so all that is in them."""
    foreign: bool = False
    """Whether operators gave the objects, which may be some that others hold as well."""
    codes: tuple[Any, ...] = ()
    """The functions and classes that were stored there."""
    only_codes: bool = True
    """Whether nothing else was."""
    constant: Any = None
    """The value that is all that was ever stored there, where it is known while capturing."""
    classes: frozenset[type] = frozenset()
    """Classes of objects that live there, as far as they are known."""
    plain: frozenset[type] = frozenset()
    """Classes of immutable values (text, numbers, None) that are stored there."""
    asked: bool = False
    """Whether the program depends on what is known of their classes."""
    open: bool = True
    """Whether there may be values of other classes as well."""
    calls: frozenset[int] = frozenset()
    """What the coroutines that live there are calls of, by number."""
    task: bool = False
    """Whether it is outcomes of tasks that live there."""
    read: Home | None = None
    """Of a chain of readers: the home of what they read."""
    views: Views | None = None
    """Of what lives elsewhere as one iteration of a loop sees it: who knows where that is."""
    _readers: Home | None = None
    _fields: dict[str, Home] = field(default_factory=dict)
    _merged: Home | None = None
    chain: Chain = field(init=False)

    def __post_init__(self) -> None:
        self.chain = Chain(self)

    def facts(self) -> tuple[Any, ...]:
        """All that is known of what lives here, but for where its parts do."""
        return (
            *(self.shared, self.written, self.collapsed, self.foreign, self.made),
            *(self.classes, self.plain, self.open, self.calls, self.task),
            *(frozenset(map(id, self.codes)), self.only_codes, id(self.constant)),
        )

    def find(self) -> Home:
        """The home that stands for all that this one was merged with."""
        home = self
        while home._merged is not None:
            home = home._merged
        if home is not self:
            self._merged = home
        return home

    def note_use(self, other: Home) -> None:
        """What the program depends on there, it depends on here."""
        self.used = self.used or other.used
        self.whole = self.whole or other.whole
        self.asked = self.asked or other.asked

    def field(self, name: str) -> Home:
        """Where an attribute's value lives, or with `ELEMENTS`, the elements of a container."""
        home = self.find()
        found = home._fields.get(name)
        if found is None:
            if home.collapsed or home.depth >= MAX_DEPTH:
                home.collapsed = True
                return home
            if home.views is not None and (found := home.views.part(home, name)) is not None:
                home._fields[name] = found
                return found
            if (found := home._folded(name)) is not None:
                home._fields[name] = found
                return found
            found = Home(
                f"{home.name}.{name}",
                home.scope,
                home.shared,
                depth=home.depth + 1,
                part=name,
                holder=home,
                parameter=home.parameter,
                foreign=home.foreign,
                # Of objects that are made here, all that is stored in them is seen.
                open=home.shared or not home.made,
                made=home.made,
            )
            home._fields[name] = found
        return found.find()

    def set_field(self, name: str, part: Home) -> None:
        """Say where an attribute's value lives, of which nothing was asked so far."""
        self._fields[name] = part
        if part.holder is None:
            part.part, part.holder = name, self

    def _folded(self, name: str) -> Home | None:
        """The part of such a name, far up in what this is part of."""
        home = self
        for _ in range(self.depth if self.depth >= FOLDED_DEPTH else 0):
            if home.part == name:
                return home
            if home.holder is None:
                break
            home = home.holder.find()
        return None

    def readers(self) -> Home:
        """The chain of those who read what lives here."""
        home = self.find()
        if home._readers is None:
            name = f"{home.name} readers"
            home._readers = Home(name, home.scope, parameter=home.parameter, read=home)
            if home.views is not None:
                home.views.begin_readers(home)
        return home._readers.find()

    def fields(self) -> Iterator[tuple[str, Home]]:
        """The parts that something was asked of so far."""
        home = self.find()
        if home.views is not None:
            home.views.all_parts(home)
        for name, part in list(home._fields.items()):
            yield name, part.find()

    def look_at_same(self, other: Home) -> None:
        """Have of a view what the other home has, with which it is to become one."""
        if self.views is not None:
            for name in list(other._fields):
                self.field(name)
            if other._readers is not None:
                self.readers()

    def __repr__(self) -> str:
        return f"<home {self.find().name}>"


class ScopeKind(Enum):
    """What a region is to the chains that pass through it."""

    MAIN = auto()
    FUNCTION = auto()
    BRANCH = auto()
    LOOP = auto()
    BODY = auto()
    """What a while loop does after its test, whose region is the parent but not around it."""


@dataclass(eq=False)
class Import:
    """A chain that enters a function or an iteration as a block argument."""

    home: Home
    argument: SSAValue
    chain: Chain
    """The home's, or the part of it, that the region had no token of."""


@dataclass(eq=False)
class Scope:
    """A region under construction: the last token of each chain that it has touched."""

    kind: ScopeKind
    block: Block
    parent: Scope | None = None
    tokens: dict[Chain, SSAValue] = field(default_factory=dict)
    world_at: int = 0
    """When the world's token was given: what is shared since is not behind it."""
    imports: list[Import] = field(default_factory=list)
    starts: dict[Chain, SSAValue] = field(default_factory=dict)
    """What chains begin with here, for good: those of views."""
    assumed: set[Home] = field(default_factory=set)
    """Homes from outside that nothing was taken to have written when they were read."""
    links: list[tuple[Home, Home]] | None = None
    """Homes from outside, each with one from inside that came to be held there. They are kept apart
    until the region ends; None if such two become one at once."""
    mark: int = 0
    """How much was written before the region began, if it keeps some apart."""

    def inside(self, other: Scope) -> bool:
        """Whether this region is the other one, or in it."""
        scope: Scope | None = self
        while scope is not None:
            if scope is other:
                return True
            scope = scope.parent
        return False

    def assume(self, home: Home) -> None:
        """A home from outside is taken to be unwritten. Of a parameter, callers say so anyhow."""
        if home.scope is not self.parent:
            self.assumed.add(home)

    def touched(self) -> list[Home]:
        """The chains that the region has moved on and that are there after it."""
        homes = dict.fromkeys(chain.home.find() for chain in self.tokens)
        return [home for home in homes if not home.scope.inside(self)]

    def token(self, chain: Chain) -> SSAValue | None:
        """The last token of a chain, if the region has one."""
        found = self.tokens.get(chain)
        return self.starts.get(chain) if found is None else found

    def has(self, home: Home) -> bool:
        """Whether the region has a token of what lives there, that is not only the world's."""
        home = home.find()
        return any(chain.home.find() is home for chain in (*self.tokens, *self.starts))

    def imported(self, home: Home) -> SSAValue | None:
        """The token of the home's chain that the region begins with, if it is given one."""
        home = home.find()
        return next((i.argument for i in self.imports if i.home.find() is home), None)

    def enter(self, home: Home, chain: Chain) -> BlockArgument:
        """Let the region be given the last token of a chain."""
        argument = self.block.insert_arg(orch.TOKEN, len(self.block.args))
        self.imports.append(Import(home, argument, chain))
        self.put(chain, argument)
        return argument

    def put(self, chain: Chain, token: SSAValue) -> None:
        """Note the last token of a chain."""
        self.tokens[chain] = token
        if self not in chain.scopes:
            chain.scopes.append(self)

    def begin(self, chain: Chain, token: SSAValue) -> None:
        """Note what a chain begins with in this region."""
        self.starts[chain] = token
        chain.scopes.append(self)

    def carry(self, world: Home) -> None:
        """Let iterations hand on the chains of all that they have touched.

        What comes after the loop comes after all of them, also if each has objects of its own.
        """
        for home in self.touched():
            on_world = home.shared and self.imported(world) is not None
            if not on_world and self.imported(home) is None:
                entered = Chain(home)
                home.chain = Chain(home, (home.chain, entered), shared_at=home.chain.shared_at)
                self.enter(home, entered)


class Order:
    """The chains of the functions that are being captured; `scope` is where ops go now."""

    def __init__(self, join: Callable[[list[SSAValue]], SSAValue]):
        self.scope = Scope(ScopeKind.MAIN, Block())
        self.join = join
        self.world = Home("world", _NOWHERE, shared=True)
        self.anything = Home("anything", _NOWHERE, shared=True, collapsed=True)
        """Where objects live of which nothing is known: they may be any that are shared."""
        self.some_shared = Home("something shared", _NOWHERE)
        """Written as soon as anything shared is."""
        self.readers = Home("readers of something shared", _NOWHERE)
        """The chain of what reads an object that may be another name of one that was changed."""
        self.environment = Home("environment", _NOWHERE)
        """The settings of the process: context variables, print options, the decimal context. What
        may look at them comes after what is known to change them."""
        self.files = Home("files", _NOWHERE)
        """The files of the machine. What is known to read some comes after what is known to write
        some; neither has to do with the objects of the program."""
        self.writes: list[Home] = []
        """Every home that something wrote, in turn."""
        self.first_writes: list[Home] = []
        """Those that nothing had written before, in turn."""
        self._shared = 0
        """How many times a home came to be shared."""
        self.changes: list[tuple[Home, Scope]] = []
        """Homes in the order in which more became known of them: written, shared, or merged; with
        the region that they were taken to be born in then."""

    # --- homes ---

    def fresh(self, name: str, cls: type | None = None) -> Home:
        """The home of an object that appears here; one of a class is made by captured code."""
        if cls is None:
            return Home(name, self.scope)
        return Home(name, self.scope, classes=frozenset({cls}), open=False, made=True)

    def part(self, home: Home, name: str) -> Home:
        """Where a part of what lives there is found at this place of the program.

        Code that is not understood may have put any object there that it can reach.
        """
        found = home.field(name)
        if found.shared and self.world.written:
            self.merge(found, self.anything)
        return found.find()

    def note(self, home: Home) -> None:
        """More became known of a home."""
        self.changes.append((home, home.scope))

    def holds(self, home: Home) -> frozenset[type] | None:
        """The classes of all values that live there, if they are immutable; None if not known."""
        home = home.find()
        if home.open or home.classes or not home.plain:
            return None
        if home.shared and self.world.written:
            return None
        home.asked = True
        return home.plain

    def only_class(self, home: Home) -> type | None:
        """The class of all values that live there, which are objects; None if not known."""
        home = home.find()
        if home.open or home.plain or home.codes or len(home.classes) != 1:
            return None
        if home.shared and self.world.written:
            return None
        home.asked = True
        return next(iter(home.classes))

    def neutral(self, name: str) -> Home:
        """A home that nothing lives in yet."""
        return Home(name, self.scope, open=False, made=True)

    def is_written(self, home: Home) -> bool:
        """Whether anything before this place may have changed what lives there."""
        home = home.find()
        if home.read is not None:
            home = home.read.find()
        if home is self.anything.find():
            return self.some_shared.written
        return home.written or (home.shared and self.world.written)

    def mark_written(self, home: Home) -> None:
        """Something changes what lives there."""
        self.writes.append(home.find())
        self._take_for_written(home.find())

    def _take_for_written(self, home: Home) -> None:
        if not home.written:
            home.written = True
            self.first_writes.append(home)
            self.note(home)
            if home.shared and home is not self.some_shared:
                self.mark_written(self.some_shared)

    def forget_writes(self, mark: int) -> None:
        """Take what was written first after the mark not to be written: it was never done."""
        for home in self.first_writes[mark:]:
            home.written = False
        del self.first_writes[mark:]

    def writes_since(self, mark: int, home: Home) -> bool:
        """Whether what came after the mark may change what lives there."""
        home, world = home.find(), self.world.find()
        found = {written.find() for written in self.writes[mark:]}
        return home in found or (home.shared and world in found)

    def store(self, home: Home, name: str, part: Home) -> None:
        """What lives in `part` comes to be an attribute of what lives in `home`."""
        home = home.find()
        if home.collapsed or any(name == other for other, _ in home.fields()):
            self.merge(home.field(name), part)
        else:
            home.set_field(name, part.find())

    def merge(self, first: Home | None, second: Home | None) -> Home | None:
        """An object may live in both, so they are one from here on."""
        if first is None or second is None:
            return first if second is None else second
        one, two = first.find(), second.find()
        if one is two:
            return one
        one.look_at_same(two)
        two.look_at_same(one)
        if (one := one.find()) is (two := two.find()):
            return one
        if self.anything.find() in (one, two):
            self.share(one)
            self.share(two)
        outer, inner = (one, two) if two.scope.inside(one.scope) else (two, one)
        if outer.scope is not _NOWHERE and inner.scope is _NOWHERE:
            outer, inner = inner, outer
        if one.read is not None:
            outer, inner = one, two  # as the homes do that they are the readers of
        views = outer.views or inner.views
        if views is not None and outer.views is not views and outer.scope.inside(views.scope):
            outer.views = views
        if outer.shared != inner.shared:
            self.share(outer)
            self.share(inner)
        if outer.written != inner.written:
            self._take_for_written(outer)
            self._take_for_written(inner)
        self._add_facts(outer, inner)
        outer.note_use(inner)
        outer.depth = min(outer.depth, inner.depth)
        outer.parameter = outer.parameter and inner.parameter
        inner._merged = outer
        if inner.read is None:
            self.note(inner)
        outer.chain = _both(outer, inner)
        if inner._readers is not None:
            outer._readers = self.merge(outer._readers, inner._readers)
            assert outer._readers is not None
            outer._readers.read, outer._readers.scope = outer, outer.scope
        parts, inner._fields = dict(inner._fields), {}
        for name, part in parts.items():
            mine = outer.find()._fields.setdefault(name, part)
            if mine.find() is not part.find():
                self.merge(mine, part)
        if outer.find().collapsed or inner.collapsed:
            self.collapse(outer)
        self.move_out(outer.find(), outer.find().scope)
        return outer.find()

    def link(self, home: Home, part: Home, scope: Scope | None = None) -> None:
        """What lives in `part` comes to be held by a container, where it lives in `home`.

        They become one. What a region makes for itself, and puts into a container from outside, may
        do so when the region ends: nobody in it comes to the object by way of the container.
        `scope` is where what lives in `part` is after the region that has made it.
        """
        home, part = home.find(), part.find()
        if home.part != ELEMENTS or not self._keeps_apart(home, part, scope):
            self.merge(home, part)
            if home.find().shared:
                self.share(part)
        elif scope is not None:
            self.move_out(part, scope)

    def either(self, one: Home | None, two: Home | None) -> Home | None:
        """Where a value lives that is one of two."""
        if one is None or two is None:
            return two if one is None else one
        one, two = one.find(), two.find()
        for home, view in ((one, two), (two, one)):
            if view.views is not None and self._keeps_apart(home, view):
                return home
        return self.merge(one, two)

    def keep_apart(self) -> None:
        """Let the region that is captured now keep apart what it puts into containers."""
        self.scope.links, self.scope.mark = [], len(self.writes)

    def written_in(self, scope: Scope) -> set[Home]:
        """What a region that keeps homes apart has written so far."""
        return {home.find() for home in self.writes[scope.mark :]}

    def _keeps_apart(self, home: Home, part: Home, scope: Scope | None = None) -> bool:
        """Whether the region that what lives in `part` is from keeps it apart from a home outside.

        Only what the region makes itself: a region in between would not hand its chain on.
        """
        scope = scope or part.scope
        if scope.links is None or home is part or home.scope.inside(scope):
            return False
        scope.links.append((home, part))
        return True

    def move_out(self, home: Home, scope: Scope) -> None:
        """What lives there is still there after the regions inside of `scope`."""
        seen: set[Home] = set()
        pending = [home.find()]
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            if current.scope is not scope and current.scope.inside(scope):
                current.scope = scope
            if current._readers is not None:
                current._readers.find().scope = current.scope
            pending.extend(part.find() for part in current._fields.values())

    def add_classes(
        self,
        home: Home,
        classes: frozenset[type],
        plain: frozenset[type] = frozenset(),
        *,
        is_open: bool,
    ) -> None:
        """Values of more classes come to live there."""
        home = home.find()
        more = not classes <= home.classes or not plain <= home.plain
        if more or (is_open and not home.open):
            home.classes |= classes
            home.plain |= plain
            home.open = home.open or is_open
            self.note(home)

    def learn(self, home: Home, other: Home) -> None:
        """What is known of what lives in the other home is true of what lives in this one."""
        home, other = home.find(), other.find()
        known = home.facts()
        if other.collapsed:
            self.collapse(home)
        self._add_facts(home, other)
        if self.is_written(other) and not self.is_written(home):
            self.mark_written(home)
        if home.find().facts() != known:
            self.note(home.find())

    def _add_facts(self, home: Home, other: Home) -> None:
        """What lives in the other home may come to live in this one: what is known of that."""
        self.add_classes(home, other.classes, other.plain, is_open=other.open)
        self._add_calls(home, other)
        self.add_codes(home, other.codes, only=other.only_codes)
        home.made = home.made and other.made
        home.foreign = home.foreign or other.foreign
        if home.constant is not other.constant:
            home.constant = None

    def _add_calls(self, home: Home, other: Home) -> None:
        """Coroutines and tasks that live in the other one come to live there."""
        if not other.calls <= home.calls or (other.task and not home.task):
            home.calls |= other.calls
            home.task = home.task or other.task
            self.note(home)

    def collapse(self, home: Home) -> None:
        """Take an object, and all that it leads to, to live in one home."""
        home = home.find()
        if home.collapsed and not home._fields:
            return
        if not home.collapsed:
            home.collapsed = True
            self.note(home)
        while parts := [part for _, part in home.fields()]:
            home._fields.clear()
            for part in parts:
                self.merge(home, part)
                home = home.find()
        home.constant = None
        self.add_classes(home, frozenset(), is_open=True)
        self.add_codes(home, (), only=False)

    def add_codes(self, home: Home, codes: tuple[Any, ...], *, only: bool) -> None:
        """Functions come to be stored there, or something else does."""
        home = home.find()
        more = [c for c in codes if not any(c is known for known in home.codes)]
        if more or (home.only_codes and not only):
            home.codes += tuple(more)
            home.only_codes = home.only_codes and only
            self.note(home)

    def share(self, home: Home) -> None:
        """Code that is not understood may come to hold what lives there, and all it leads to."""
        home = home.find()
        if home.calls or home.task:
            raise Inseparable("a coroutine or task that code may hold which is not captured")
        if not home.shared:
            last = self._last(home)
            home.shared = True
            self._shared += 1
            _stamp(home.chain, self._shared)
            self.note(home)
            if home.written:
                self.mark_written(self.some_shared)
            world = self._last(self.world)
            if last is not None and world is not None and world is not last:
                self.give(home, self.join([last, world]))
        for _, part in home.fields():
            if not part.shared:
                self.share(part)

    def changed_since(self, mark: int, scope: Scope) -> bool:
        """Whether more became known of homes that are there before the region begins."""
        return any(
            born is _NOWHERE or (born is not scope and scope.inside(born))
            for _, born in self.changes[mark:]
        )

    # --- tokens ---

    def take(self, home: Home) -> list[SSAValue]:
        """What an op on the home's chain waits for."""
        last = self._last(home.find())
        return [] if last is None else [last]

    def give(self, home: Home, token: SSAValue) -> None:
        """An op has taken its place at the end of the home's chain."""
        home = home.find()
        tokens = self.scope.tokens
        for chain in [chain for chain in tokens if chain.home.find() is home]:
            del tokens[chain]
        self.scope.put(home.chain, token)

    def give_read(self, home: Home, token: SSAValue) -> None:
        """An op reads what lives in the home."""
        readers = home.readers()
        tokens = self.take(readers)
        others = [t for t in tokens if t not in self.take(home)]
        self.give(readers, self.join([*others, token]) if others else token)

    def give_write(self, home: Home, token: SSAValue) -> None:
        """An op has changed what lives in the home, after all that read it before."""
        self.give(home, token)
        self.give(home.readers(), token)

    def take_shared(self) -> list[SSAValue]:
        """The last tokens of all chains of what is shared."""
        homes: dict[Home, None] = {self.world: None}
        scope: Scope | None = self.scope
        while scope is not None:
            touched = (chain.home.find() for chain in scope.tokens)
            homes.update(dict.fromkeys(home for home in touched if home.shared))
            scope = scope.parent
        found = (self._last(home) for home in homes)
        return list(dict.fromkeys(token for token in found if token is not None))

    def take_readers(self) -> list[SSAValue]:
        """What a change of something shared waits for, beside those on its own chain."""
        return self.take(self.readers) if self.is_written(self.readers) else []

    def give_reader(self, token: SSAValue) -> None:
        """An op reads an object that may be any of those that were changed."""
        tokens = [*self.take_readers(), token]
        self.mark_written(self.readers)
        self.give(self.readers, token if len(tokens) == 1 else self.join(tokens))

    def give_world(self, token: SSAValue, *, write: bool = True) -> None:
        """An op has its place in the chains of all that is shared, and may have changed it."""
        tokens = self.scope.tokens
        for chain in [chain for chain in tokens if chain.home.find().shared]:
            del tokens[chain]
        self.scope.put(self.world.chain, token)
        self.scope.world_at = self._shared
        if write:
            self.mark_written(self.world)

    def assume(self, home: Home) -> None:
        """What is being captured has a call in it that takes the home to be unwritten before."""
        scope: Scope | None = self.scope
        while scope is not None and not home.find().scope.inside(scope):
            scope.assume(home.find())
            scope = scope.parent

    def last_in(self, scope: Scope, home: Home) -> SSAValue | None:
        """The last token of the home's chain at the end of a region."""
        home = home.find()
        found = self._lookup(scope, home, home.chain)
        if len(found) > 1:
            token = self.join(found)
            self.give(home, token)
            return token
        return found[0] if found else None

    def _last(self, home: Home) -> SSAValue | None:
        return self.last_in(self.scope, home)

    def _lookup(self, scope: Scope, home: Home, chain: Chain) -> list[SSAValue]:
        """The last tokens of a chain of the home, or of its parts, at the end of a region."""
        world = scope.tokens.get(self.world.chain) if home.shared else None
        is_touched = scope.has(home)
        found: list[SSAValue] = []
        pending = [chain]
        while pending:
            chain = pending.pop()
            is_behind = chain.shared_at <= scope.world_at
            if (token := scope.token(chain)) is not None:
                found.append(token)
            elif chain.parts and (is_touched or (world is not None and not is_behind)):
                pending.extend(chain.parts)
            elif world is not None and is_behind:
                found.append(world)
            else:
                found += self._lookup_around(scope, home, chain)
                found += [world] if world is not None else []
        return list(dict.fromkeys(found))

    def _lookup_around(self, scope: Scope, home: Home, chain: Chain) -> list[SSAValue]:
        """The last tokens of a chain where a region begins that has not touched it."""
        is_born_inside = home.scope.inside(scope)
        if scope.kind is ScopeKind.BODY and is_born_inside:
            shared = home.shared and home is not self.world
            return self._lookup(scope, self.world, self.world.chain) if shared else []
        if scope.kind in (ScopeKind.BRANCH, ScopeKind.MAIN) or is_born_inside:
            return [] if scope.parent is None else self._lookup(scope.parent, home, chain)
        if not self.is_written(home):
            scope.assume(home)
            around = scope.parent
            if scope.kind is ScopeKind.BODY and around is not None:
                around = around.parent
            return [] if around is None else self._lookup(around, home, chain)
        if (argument := scope.imported(home)) is not None:
            return [argument]
        if home is self.world:
            scope.world_at = sys.maxsize  # those around see to what is shared meanwhile
        return [scope.enter(home, chain)]


def _both(outer: Home, inner: Home) -> Chain:
    """The chain of two homes that have become one."""
    parts: list[Chain] = []
    pending = [outer.chain, inner.chain]
    while pending:
        chain = pending.pop()
        if chain.is_going_on:
            parts.append(chain)
        else:
            pending.extend(chain.parts)
    # A region without a token of it may have the world's, or is given one when it is asked for.
    if outer.chain not in parts:
        parts.append(Chain(outer))
    if len(parts) < 2:
        return parts[0] if parts else Chain(outer)
    return Chain(outer, tuple(parts), shared_at=max(part.shared_at for part in parts))


def _stamp(chain: Chain, now: int) -> None:
    """Note when a chain, and those that it was made of, came to be of something shared."""
    pending = [chain]
    while pending:
        chain = pending.pop()
        chain.shared_at = now
        pending.extend(chain.parts)


_NOWHERE = Scope(ScopeKind.MAIN, Block())
"""Where homes are born that are there before the function that is being captured is called."""


def outside_home(name: str, *, shared: bool, collapsed: bool = False) -> Home:
    """The home of an object that the program is given."""
    return Home(name, _NOWHERE, shared, collapsed=collapsed)
