"""The orchestration dialect: calls of slow Python operators, native Python glue, and their order.

Values are Python objects, lists whose elements may still be pending, arrays (builtin tensors), and
tokens. An op's place in its block is its place in the program: the first failing op in block order
is the error that the program raises, and an ``ordered`` op waits for every op before it. Tokens
make the order between effects explicit, so that a rewrite which proves an op effect-free takes it
out of its chain, and no rewrite can swap two effects by accident.
"""

from xdsl.ir import Dialect

from xcs.dialects.orch.attributes import (
    ANY,
    BOOL,
    INT,
    NATIVE,
    ORDERED,
    PURE,
    TOKEN,
    UNORDERED,
    EffectsAttr,
    KindAttr,
    ListType,
    NativeAttr,
    ObjectType,
    PolicyAttr,
    RefAttr,
    TokenType,
    is_immutable,
    is_plain,
)
from xcs.dialects.orch.calls import CallOp, InvokeOp, LaunchOp
from xcs.dialects.orch.control import GENERATOR, ForOp, IfOp, MapOp, TryOp, WhileOp, YieldOp
from xcs.dialects.orch.effects import RaiseResource
from xcs.dialects.orch.host import HostOp
from xcs.dialects.orch.literals import literal_attribute, literal_value
from xcs.dialects.orch.objects import (
    AppendOp,
    ContainsOp,
    DelAttrOp,
    DelItemOp,
    GetAttrOp,
    GetItemOp,
    LenOp,
    MethodOp,
    NewOp,
    ObjectOp,
    SetAttrOp,
    SetItemOp,
    SnapshotOp,
)
from xcs.dialects.orch.operators import OperatorOp
from xcs.dialects.orch.tokens import JoinOp
from xcs.dialects.orch.values import (
    AsTensorOp,
    ConstantOp,
    DictOp,
    ListOp,
    StackOp,
    TupleOp,
    UnstackOp,
)

__all__ = [
    "ANY",
    "BOOL",
    "GENERATOR",
    "INT",
    "NATIVE",
    "ORDERED",
    "PURE",
    "TOKEN",
    "UNORDERED",
    "AppendOp",
    "AsTensorOp",
    "CallOp",
    "ConstantOp",
    "ContainsOp",
    "DelAttrOp",
    "DelItemOp",
    "DictOp",
    "EffectsAttr",
    "ForOp",
    "GetAttrOp",
    "GetItemOp",
    "HostOp",
    "IfOp",
    "InvokeOp",
    "JoinOp",
    "KindAttr",
    "LaunchOp",
    "LenOp",
    "ListOp",
    "ListType",
    "MapOp",
    "MethodOp",
    "NativeAttr",
    "NewOp",
    "ObjectOp",
    "ObjectType",
    "OperatorOp",
    "Orch",
    "PolicyAttr",
    "RaiseResource",
    "RefAttr",
    "SetAttrOp",
    "SetItemOp",
    "SnapshotOp",
    "StackOp",
    "TokenType",
    "TryOp",
    "TupleOp",
    "UnstackOp",
    "WhileOp",
    "YieldOp",
    "is_immutable",
    "is_plain",
    "literal_attribute",
    "literal_value",
]

Orch = Dialect(
    "orch",
    [
        OperatorOp,
        CallOp,
        InvokeOp,
        LaunchOp,
        HostOp,
        ConstantOp,
        ListOp,
        TupleOp,
        DictOp,
        AsTensorOp,
        StackOp,
        UnstackOp,
        GetItemOp,
        SetItemOp,
        DelItemOp,
        ContainsOp,
        LenOp,
        AppendOp,
        GetAttrOp,
        SetAttrOp,
        DelAttrOp,
        MethodOp,
        SnapshotOp,
        NewOp,
        YieldOp,
        MapOp,
        ForOp,
        WhileOp,
        IfOp,
        TryOp,
        JoinOp,
    ],
    [KindAttr, EffectsAttr, PolicyAttr, RefAttr, NativeAttr, ObjectType, ListType, TokenType],
)
