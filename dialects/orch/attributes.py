"""Attributes and types of the orch dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.dialects.builtin import NoneAttr, StringAttr, TensorType
from xdsl.ir import Attribute, Data, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import AttrConstraint, VerificationContext, irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException


class _KeywordAttr(Data[str]):
    """An attribute that is one of a fixed set of words, printed as ``#orch.name<word>``."""

    words: ClassVar[tuple[str, ...]]

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        with parser.in_angle_brackets():
            position = parser.pos
            word = parser.parse_identifier()
            if word not in cls.words:
                parser.raise_error(
                    f"'{word}' is not one of {', '.join(cls.words)}", position, parser.pos
                )
        return word

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    def verify(self) -> None:
        if self.data not in self.words:
            raise VerifyException(f"'{self.data}' is not one of {', '.join(self.words)}")


@irdl_attr_definition
class KindAttr(_KeywordAttr):
    """What an operator is: a model, a tool, array code, or any other Python function."""

    name = "orch.kind"
    words = ("model", "tool", "tensor", "function")


@irdl_attr_definition
class EffectsAttr(_KeywordAttr):
    """What the optimiser may assume of an operator; the classes are those of the contract.

    ``pure``: may be merged, dropped and reordered. ``unordered``: kept exactly once, may run out of
    order. ``ordered``: runs in program order, after everything before it has succeeded.
    """

    name = "orch.effects"
    words = ("pure", "unordered", "ordered")


PURE, UNORDERED, ORDERED = (EffectsAttr(word) for word in EffectsAttr.words)


@irdl_attr_definition
class PolicyAttr(Data[tuple[tuple[str, int | float | str], ...]]):
    """How an operator is run: ``#orch.policy<retries = 2, timeout = 30.0, max_concurrency = 8>``.

    ``timeout``, ``backoff`` and ``max_retry_after`` are seconds; ``rate_limit`` is calls per unit,
    as ``"500/min"``.
    """

    name = "orch.policy"
    fields: ClassVar[dict[str, type]] = {
        "retries": int,
        "backoff": float,
        "timeout": float,
        "max_concurrency": int,
        "rate_limit": str,
        "max_retry_after": float,
    }

    @classmethod
    def of(cls, settings: Mapping[str, int | float | str | None]) -> PolicyAttr | None:
        """The attribute for the settings that are not None; None if there are none."""
        chosen = tuple(
            (key, kind(settings[key]))
            for key, kind in cls.fields.items()
            if settings.get(key) is not None
        )
        return cls(chosen) if chosen else None

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[tuple[str, int | float | str], ...]:
        def parse_field() -> tuple[str, int | float | str]:
            position = parser.pos
            key = parser.parse_identifier()
            if key not in cls.fields:
                parser.raise_error(
                    f"unknown policy '{key}', expected one of {', '.join(cls.fields)}",
                    position,
                    parser.pos,
                )
            parser.parse_punctuation("=")
            if cls.fields[key] is str:
                return key, parser.parse_str_literal()
            return key, cls.fields[key](parser.parse_number())

        return tuple(parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_field))

    def print_parameter(self, printer: Printer) -> None:
        def print_field(field: tuple[str, int | float | str]) -> None:
            key, value = field
            printer.print_string(f"{key} = ")
            if isinstance(value, str):
                printer.print_string_literal(value)
            else:
                printer.print_string(repr(value))

        with printer.in_angle_brackets():
            printer.print_list(self.data, print_field)


@irdl_attr_definition
class RefAttr(ParametrizedAttribute):
    """A Python object of the running process, by its name in the program's object table."""

    name = "orch.ref"
    key: StringAttr = param_def()

    def __init__(self, key: str | StringAttr):
        super().__init__(StringAttr(key) if isinstance(key, str) else key)


@dataclass(frozen=True)
class Place:
    """Objects of one kind, as a program comes to them, with the numbers of their parts' places.

    Parts are attributes by name, ``[]`` for what is in a container, ``{}`` for keys of a mapping.
    """

    written: bool = False
    """Whether the program changes them."""
    parts: tuple[tuple[str, int], ...] = ()
    rest: int | None = None
    """Of all other parts; None if the program has no way to them."""


@irdl_attr_definition
class PlacesAttr(Data[tuple[Place, ...]]):
    """The ways of a program to objects, as a graph of places.

    ``<{"notes" 1}, written {"[]" 2}, {}>`` are objects whose ``notes`` are a container that is
    changed. The number of a place is its position; a number without a name is that of all other
    parts.
    """

    name = "orch.places"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[Place, ...]:
        with parser.in_angle_brackets():
            places = [cls._parse_place(parser)]
            while parser.parse_optional_punctuation(",") is not None:
                places.append(cls._parse_place(parser))
        return tuple(places)

    @staticmethod
    def _parse_place(parser: AttrParser) -> Place:
        written = parser.parse_optional_keyword("written") is not None

        def part() -> tuple[str | None, int]:
            return parser.parse_optional_str_literal(), parser.parse_integer(allow_negative=False)

        parts = parser.parse_comma_separated_list(parser.Delimiter.BRACES, part)
        rest = [number for name, number in parts if name is None]
        if len(rest) > 1:
            parser.raise_error("a place has one part at most that stands for all others")
        named = tuple((name, number) for name, number in parts if name is not None)
        return Place(written, named, rest[0] if rest else None)

    def print_parameter(self, printer: Printer) -> None:
        def print_place(place: Place) -> None:
            printer.print_string("written {" if place.written else "{")
            printer.print_list([*place.parts, *(() if place.rest is None else (place.rest,))], part)
            printer.print_string("}")

        def part(named: tuple[str, int] | int) -> None:
            if isinstance(named, int):
                printer.print_string(str(named))
                return
            printer.print_string_literal(named[0])
            printer.print_string(f" {named[1]}")

        with printer.in_angle_brackets():
            printer.print_list(self.data, print_place)

    def verify(self) -> None:
        numbers = [n for place in self.data for _, n in place.parts]
        numbers += [place.rest for place in self.data if place.rest is not None]
        if wrong := [n for n in numbers if not 0 <= n < len(self.data)]:
            raise VerifyException(f"there is no place {wrong[0]} among {len(self.data)}")


NATIVE = "orch.native"
"""The attribute of a captured function that is known as a Python function as well."""
UNUSED = "xcs_unused"
"""How the names of such a function's parameters begin that only its ops use; these come last."""


@irdl_attr_definition
class NativeAttr(ParametrizedAttribute):
    """The Python function that a captured one is: ``#orch.native<"count_words", reads>``.

    The object of that key in the program's object table takes the function's arguments without
    tokens, and gives its result, or the tuple of its results, without tokens. No operator can be
    reached from it. It ``reads`` if it changes only what it makes itself, otherwise it ``writes``.
    A process without the object runs the function's body.
    """

    name = "orch.native"
    WORDS: ClassVar[tuple[str, ...]] = ("reads", "writes")

    key: StringAttr = param_def()
    effects: StringAttr = param_def()

    def __init__(self, key: str | StringAttr, effects: str | StringAttr):
        key = StringAttr(key) if isinstance(key, str) else key
        super().__init__(key, StringAttr(effects) if isinstance(effects, str) else effects)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            key = parser.parse_str_literal()
            parser.parse_punctuation(",")
            position = parser.pos
            word = parser.parse_identifier()
            if word not in cls.WORDS:
                parser.raise_error(
                    f"'{word}' is not one of {', '.join(cls.WORDS)}", position, parser.pos
                )
        return StringAttr(key), StringAttr(word)

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.key.data)
            printer.print_string(f", {self.effects.data}")

    def verify(self) -> None:
        if self.effects.data not in self.WORDS:
            raise VerifyException(f"'{self.effects.data}' is not one of {', '.join(self.WORDS)}")


@irdl_attr_definition
class ObjectType(ParametrizedAttribute, TypeAttribute):
    """Any Python value: ``!orch.object``, or ``!orch.object<"str">`` where the class is known."""

    name = "orch.object"
    class_name: StringAttr | NoneAttr = param_def()

    def __init__(self, class_name: str | StringAttr | NoneAttr | None = None):
        if class_name is None:
            class_name = NoneAttr()
        elif isinstance(class_name, str):
            class_name = StringAttr(class_name)
        super().__init__(class_name)

    @property
    def known_class(self) -> str | None:
        """The name of the value's class, None where it is not known."""
        return self.class_name.data if isinstance(self.class_name, StringAttr) else None

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        if parser.parse_optional_punctuation("<") is None:
            return (NoneAttr(),)
        name = StringAttr(parser.parse_str_literal())
        parser.parse_punctuation(">")
        return (name,)

    def print_parameters(self, printer: Printer) -> None:
        if isinstance(self.class_name, StringAttr):
            with printer.in_angle_brackets():
                printer.print_attribute(self.class_name)


@irdl_attr_definition
class ListType(ParametrizedAttribute, TypeAttribute):
    """A Python list; an element may still be pending while others are used."""

    name = "orch.list"
    element_type: Attribute = param_def()

    def __init__(self, element_type: Attribute | None = None):
        super().__init__(element_type or ObjectType())


@irdl_attr_definition
class TokenType(ParametrizedAttribute, TypeAttribute):
    """The moment at which an effect on one resource is done. It carries no value."""

    name = "orch.token"


@dataclass(frozen=True)
class _ValueConstraint(AttrConstraint):
    """Any type but that of a token."""

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if isinstance(attr, TokenType):
            raise VerifyException("a value is not a token")

    def mapping_type_vars(self, type_var_mapping: object) -> AttrConstraint:
        return self


VALUE = _ValueConstraint()
ANY = ObjectType()
BOOL = ObjectType("bool")
INT = ObjectType("int")


TOKEN = TokenType()


_PLAIN_CLASSES = frozenset({"NoneType", "bool", "int", "float", "complex", "str", "bytes"})


def is_plain(type: Attribute) -> bool:
    """Whether values of the type are scalars or text: nothing that they do runs user code."""
    return isinstance(type, ObjectType) and type.known_class in _PLAIN_CLASSES


def is_immutable(type: Attribute) -> bool:
    """Whether values of the type are known never to change: plain ones, and arrays."""
    return isinstance(type, TensorType) or type == ObjectType("jax.Array") or is_plain(type)
