"""How a tensor that is mostly zero is stored: the encodings that a tensor type can name.

The dialect has ops of its own in MLIR, which no program of StableHLO holds; only its encodings are
here. https://mlir.llvm.org/docs/Dialects/SparseTensorOps
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    AffineMapAttr,
    ArrayAttr,
    FloatAttr,
    IntAttr,
    IntegerAttr,
    NoneAttr,
    StringAttr,
)
from xdsl.ir import Attribute, Dialect, OpaqueSyntaxAttribute, ParametrizedAttribute
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
)
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.parser.affine_parser import AffineParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.dense import float_text

FORMATS = ("dense", "batch", "compressed", "singleton", "loose_compressed", "structured")
"""How the positions along one level are stored."""

PROPERTIES = ("nonunique", "nonordered", "soa")

WIDTHS = (0, 8, 16, 32, 64)
"""Of the integers that say where elements are; 0 stands for that of an index."""


@irdl_attr_definition
class LevelAttr(ParametrizedAttribute, OpaqueSyntaxAttribute):
    """How one level of a tensor is stored: `compressed(nonunique)`, `structured[2, 4]`."""

    name = "sparse_tensor.level"

    format: StringAttr
    block: ArrayAttr[IntAttr]
    """Of `structured`: how many elements of how many are stored."""
    properties: ArrayAttr[StringAttr]

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        start = parser.pos
        format = parser.parse_identifier()
        if format not in FORMATS:
            parser.raise_error(f"expected one of {', '.join(FORMATS)}", start, parser.pos)
        block: Sequence[int] = ()
        if format == "structured":
            block = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
        properties = parser.parse_optional_comma_separated_list(
            parser.Delimiter.PAREN, lambda: parser.parse_keyword_in(PROPERTIES)
        )
        given = [name for name in PROPERTIES if name in (properties or ())]
        return [
            StringAttr(format),
            ArrayAttr(map(IntAttr, block)),
            ArrayAttr(map(StringAttr, given)),
        ]

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(self.text())

    def text(self) -> str:
        """The level as encodings spell it."""
        block = ", ".join(str(number.data) for number in self.block)
        properties = ", ".join(name.data for name in self.properties)
        text = self.format.data + (f"[{block}]" if block else "")
        return text + (f"({properties})" if properties else "")

    def has(self, property: str) -> bool:
        """Whether this is said of the level."""
        return any(name.data == property for name in self.properties)

    def verify(self) -> None:
        block = [number.data for number in self.block]
        if block and not (len(block) == 2 and 0 < block[0] <= block[1]):
            raise VerifyException(f"of {block} elements, some are stored")


@irdl_attr_definition
class EncodingAttr(ParametrizedAttribute):
    """How a tensor is stored: `<{ map = (d0, d1) -> (d0 : dense, d1 : compressed) }>`."""

    name = "sparse_tensor.encoding"

    dim_to_lvl: AffineMapAttr
    levels: ArrayAttr[LevelAttr]
    pos_width: IntAttr
    crd_width: IntAttr
    explicit_value: FloatAttr | IntegerAttr | NoneAttr
    """What all elements are that are stored, if they are all one."""
    implicit_value: FloatAttr | IntegerAttr | NoneAttr
    """What all the others are, where that is said."""

    @property
    def rank(self) -> int:
        """Of the tensor that is stored."""
        return self.dim_to_lvl.data.num_dims

    def check_shape(self, shape: Sequence[int]) -> None:
        """The shape is of the encoding's rank."""
        if len(shape) != self.rank:
            raise VerifyException(f"an encoding for {self.rank} dimensions, not for {len(shape)}")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        given: dict[str, Attribute] = {}
        with parser.in_angle_brackets(), parser.in_braces():
            start = parser.pos
            parser.parse_keyword("map")
            parser.parse_punctuation("=")
            affine_map, levels = _parse_map(parser)
            while parser.parse_optional_punctuation(",") is not None:
                name = parser.parse_keyword_in(
                    ("posWidth", "crdWidth", "explicitVal", "implicitVal")
                )
                parser.parse_punctuation("=")
                given[name] = (
                    IntAttr(parser.parse_integer())
                    if name.endswith("Width")
                    else parser.parse_attribute()
                )
            if len(levels) != len(affine_map.results):
                parser.raise_error("each level has a format", start, parser.pos)
        return [
            AffineMapAttr(affine_map),
            ArrayAttr(levels),
            given.get("posWidth", IntAttr(0)),
            given.get("crdWidth", IntAttr(0)),
            given.get("explicitVal", NoneAttr()),
            given.get("implicitVal", NoneAttr()),
        ]

    def print_parameters(self, printer: Printer) -> None:
        levels = ", ".join(
            f"{_expression_text(expression)} : {level.text()}"
            for expression, level in zip(self.dim_to_lvl.data.results, self.levels, strict=True)
        )
        affine_map = self.dim_to_lvl.data
        symbols = ", ".join(f"s{i}" for i in range(affine_map.num_symbols))
        dims = ", ".join(f"d{i}" for i in range(affine_map.num_dims))
        text = f"{f'[{symbols}]' if symbols else ''}({dims}) -> ({levels})"
        for name, width in (("posWidth", self.pos_width), ("crdWidth", self.crd_width)):
            text += f", {name} = {width.data}" if width.data else ""
        for name, value in (
            ("explicitVal", self.explicit_value),
            ("implicitVal", self.implicit_value),
        ):
            if not isinstance(value, NoneAttr):
                text += f", {name} = {_number_text(value)} : {value.type}"
        printer.print_string(f"<{{ map = {text} }}>")

    def verify(self) -> None:
        if self.pos_width.data not in WIDTHS or self.crd_width.data not in WIDTHS:
            raise VerifyException("positions are integers of 8, 16, 32 or 64 bits")
        if not _is_invertible(self.dim_to_lvl.data):
            raise VerifyException("each dimension is one level, or its blocks and their places")
        for before, level in zip((None, *self.levels), self.levels, strict=False):
            _check_level(before, level)
        implicit = self.implicit_value
        if not isinstance(implicit, NoneAttr) and implicit.value.data != 0:
            raise VerifyException("what is not stored is zero")


def _expression_text(expression: AffineExpr) -> str:
    text = str(expression)
    return text[1:-1] if isinstance(expression, AffineBinaryOpExpr) else text


def _number_text(value: FloatAttr | IntegerAttr) -> str:
    if isinstance(value, FloatAttr):
        return float_text(value.value.data, value.type)
    return str(value.value.data)


def _check_level(before: LevelAttr | None, level: LevelAttr) -> None:
    format = level.format.data
    if format == "batch" and before is not None and before.format.data != "batch":
        raise VerifyException("batches are the first levels")
    if format == "dense" and before is not None and before.has("nonunique"):
        raise VerifyException("no dense level follows one that is not unique")
    sparse = ("compressed", "loose_compressed", "singleton")
    if format == "singleton" and (before is None or before.format.data not in sparse):
        raise VerifyException("a singleton level follows one with coordinates")


def _is_invertible(affine_map: AffineMap) -> bool:
    """Whether the dimensions follow from the levels."""
    parts: dict[int, list[tuple[AffineBinaryOpKind | None, int]]] = {}
    for expression in affine_map.results:
        match expression:
            case AffineDimExpr():
                parts.setdefault(expression.position, []).append((None, 1))
            case AffineBinaryOpExpr(kind, AffineDimExpr() as dim, AffineConstantExpr(value)):
                parts.setdefault(dim.position, []).append((kind, value))
            case _:
                return False
    return len(parts) == affine_map.num_dims and all(map(_is_whole, parts.values()))


def _is_whole(parts: list[tuple[AffineBinaryOpKind | None, int]]) -> bool:
    if len(parts) == 1:
        return parts[0][0] is None
    kinds = {kind for kind, _ in parts}
    blocks = {AffineBinaryOpKind.FloorDiv, AffineBinaryOpKind.Mod}
    return len(parts) == 2 and kinds == blocks and len({size for _, size in parts}) == 1


def _parse_map(parser: AttrParser) -> tuple[AffineMap, list[LevelAttr]]:
    """Parse `(i, j) -> (i : dense, j : compressed)`."""
    symbols = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, parser.parse_identifier
    )
    dims = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_identifier)
    parser.parse_punctuation("->")
    parsed = list(
        parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, lambda: _parse_level(parser, dims, symbols or [])
        )
    )
    results = tuple(expression for expression, _ in parsed)
    affine_map = AffineMap(len(dims), len(symbols or ()), results)
    return affine_map, [level for _, level in parsed]


def _parse_level(
    parser: AttrParser, dims: list[str], symbols: list[str]
) -> tuple[AffineExpr, LevelAttr]:
    affine = AffineParser(parser._parser_state)
    names = affine._get_parse_optional_bare_id(dims, symbols)
    expression = affine._parse_affine_expr(names)
    parser.parse_punctuation(":")
    return expression, LevelAttr.new(LevelAttr.parse_parameters(parser))


SparseTensor = Dialect("sparse_tensor", [], [EncodingAttr, LevelAttr])
