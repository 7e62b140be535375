"""Popular libraries that compute on data, whose code is too large or too dynamic to be analysed.

Only what is known for certain is listed; everything else in these packages is left to analysis.
"""

from __future__ import annotations

from typing import Any, Final

from xcs.frontend.classification import Classification
from xcs.frontend.detectors.identity import identify
from xcs.frontend.detectors.tables import (
    CLOCK,
    ENVIRONMENT,
    HIGHER_ORDER,
    MUTATOR,
    PURE_ENTRY,
    RANDOM,
    READS_ENVIRONMENT,
    READS_FILES,
    UNKNOWN,
    WRITES_FILES,
    Row,
    Table,
    entries,
    lookup_callable,
)

PRIORITY = -55

_NUMERIC_ROW: Final = Row("is an array function of its operands", kind="numpy")
_TENSOR_ROW: Final = Row("is JAX array code", kind="tensor", reaches=frozenset({"tensor"}))


_DOCUMENTS: Final[Table] = (
    entries("yaml", "safe_load safe_load_all full_load full_load_all", PURE_ENTRY)
    | entries("toml.decoder", "loads", PURE_ENTRY)
    | entries("toml.encoder", "dumps", PURE_ENTRY)
    | entries("", "orjson.loads orjson.dumps ujson.loads ujson.dumps simplejson.loads", PURE_ENTRY)
    | entries("", "simplejson.dumps msgpack.packb msgpack.unpackb xmltodict.parse", PURE_ENTRY)
    | entries("", "markdown.core.markdown tabulate.tabulate html2text.html2text", PURE_ENTRY)
    | entries("", "jinja2.environment.Template() jinja2.environment.Template.render", PURE_ENTRY)
    | entries("", "markupsafe.escape markupsafe.Markup docutils.core.publish_string", PURE_ENTRY)
    | entries("", "bs4.BeautifulSoup()", PURE_ENTRY)
    | entries(
        "bs4.element.Tag",
        "find find_all find_all_next find_next find_parent find_parents find_next_sibling"
        " find_previous_sibling select select_one get get_text get_attribute_list has_attr prettify"
        " decode encode",
        PURE_ENTRY,
    )
    | entries("bs4.element.PageElement", "get_text find_next find_parent find_all_next", PURE_ENTRY)
    | entries(
        "bs4.element.Tag",
        "append extend insert insert_before insert_after clear decompose extract replace_with"
        " unwrap wrap smooth __setitem__ __delitem__",
        MUTATOR,
    )
    | entries("bs4.element.PageElement", "extract insert_before insert_after wrap", MUTATOR)
    | entries("", "lxml.etree.fromstring lxml.etree.tostring lxml.html.fromstring", PURE_ENTRY)
    | entries("", "lxml.etree.parse lxml.html.parse", READS_FILES)
    | entries("pydantic.main.BaseModel", "model_validate model_validate_json", PURE_ENTRY)
    | entries("pydantic.main.BaseModel", "model_dump model_dump_json model_copy dict", PURE_ENTRY)
    | entries("", "tiktoken.core.Encoding.encode tiktoken.core.Encoding.decode", PURE_ENTRY)
    | entries("tiktoken.core.Encoding", "encode_batch decode_batch encode_ordinary", PURE_ENTRY)
    | entries("dateutil.parser._parser", "parse parser.parse", CLOCK)  # Fills in today's date.
    | entries("", "dateutil.parser.isoparser.isoparser.isoparse", PURE_ENTRY)
    | entries("", "dateutil.relativedelta.relativedelta dateutil.tz.tz.tzutc", PURE_ENTRY)
    | entries("regex", "match search fullmatch findall split compile escape", PURE_ENTRY)
    | entries("regex", "sub subn", HIGHER_ORDER)
)

_FRAME_METHODS: Final = (
    " abs add agg aggregate all any assign astype at_time between clip combine_first copy"
    " corr count cov cummax cummin cumprod cumsum describe diff div divide dot drop"
    " drop_duplicates dropna duplicated eq equals explode ffill fillna filter"
    " first_valid_index floordiv ge get groupby gt head idxmax idxmin info isin isna isnull"
    " items iterrows itertuples join kurt le lt mask max mean median melt memory_usage merge"
    " min mod mode mul ne nlargest notna notnull nsmallest nunique pct_change pivot"
    " pivot_table pow prod quantile rank reindex rename replace resample reset_index rolling"
    " round select_dtypes sem set_index shift skew sort_index sort_values squeeze stack std"
    " sub sum swapaxes tail to_dict to_frame to_list to_numpy to_records to_string transpose"
    " truediv unique unstack value_counts var where xs"
)

_NUMERIC: Final[Table] = (
    # Of scipy, the modules whose functions compute arrays from arrays.
    entries(
        "scipy",
        "cluster constants fft fftpack interpolate linalg ndimage signal sparse spatial special"
        " stats",
        _NUMERIC_ROW,
    )
    | entries("scipy.special", "errstate seterr", ENVIRONMENT)
    | entries("scipy.special", "geterr", READS_ENVIRONMENT)
    | entries("scipy.fft", "set_workers set_backend set_global_backend", ENVIRONMENT)
    | entries(
        "scipy.io",
        "loadmat matlab._mio.loadmat matlab._mio.whosmat _idl.readsav"
        " _fast_matrix_market.mmread _fast_matrix_market.mminfo wavfile.read",
        READS_FILES,
    )
    | entries("", "scipy.io scipy.datasets", WRITES_FILES)
    | entries("scipy.stats._distn_infrastructure.rv_generic", "rvs", RANDOM)
    | entries("scipy.stats._multivariate", "multi_rv_generic", UNKNOWN)
    | entries("", "scipy.optimize scipy.integrate", HIGHER_ORDER)
    | entries("pandas.core", "reshape", _NUMERIC_ROW)
    | entries("pandas.core.frame.DataFrame", f"{_FRAME_METHODS} query", _NUMERIC_ROW)
    | entries("pandas.core.series.Series", _FRAME_METHODS, _NUMERIC_ROW)
    | entries("pandas.core.generic.NDFrame", _FRAME_METHODS, _NUMERIC_ROW)
    | entries("pandas.core.base.IndexOpsMixin", _FRAME_METHODS, _NUMERIC_ROW)
    | entries("", "pandas.core.frame.DataFrame() pandas.core.series.Series()", _NUMERIC_ROW)
    | entries("pandas.core.frame.DataFrame", "apply map applymap transform pipe", HIGHER_ORDER)
    | entries("pandas.core.series.Series", "apply map transform pipe", HIGHER_ORDER)
    | entries("pandas.core.frame.DataFrame", "insert pop update __setitem__", MUTATOR)
    | entries("pandas.core.series.Series", "pop update __setitem__", MUTATOR)
    | entries("pandas.core.generic.NDFrame", "pop __setitem__ __delitem__", MUTATOR)
    | entries("pandas.core.generic.NDFrame", "to_csv to_excel to_json to_hdf", WRITES_FILES)
    | entries("pandas.core.frame.DataFrame", "to_parquet to_feather to_html", WRITES_FILES)
    | entries("pandas.io.parsers.readers", "read_csv read_table read_fwf", READS_FILES)
    | entries(
        "pandas.io", "json._json.read_json parquet.read_parquet pickle.read_pickle", READS_FILES
    )
    | entries(
        "pandas.io",
        "excel._base.read_excel html.read_html feather_format.read_feather",
        READS_FILES,
    )
    | entries("pandas.core.tools", "datetimes.to_datetime numeric.to_numeric", _NUMERIC_ROW)
    | entries("", "sklearn.metrics", _NUMERIC_ROW)
    | entries("PIL.Image", "open", READS_FILES)
    | entries("PIL.Image", "new fromarray merge blend composite", PURE_ENTRY)
    | entries(
        "PIL.Image.Image",
        "convert copy crop effect_spread filter getbbox getcolors getextrema getpixel histogram"
        " point quantize reduce resize rotate split tobytes transform transpose",
        PURE_ENTRY,
    )
    | entries("PIL.Image.Image", "paste putalpha putdata putpixel thumbnail load", MUTATOR)
    | entries("PIL.Image.Image", "save show", WRITES_FILES)
    | entries("einops.einops", "rearrange reduce repeat einsum pack unpack asnumpy", PURE_ENTRY)
)

# Functional by design: state goes in and comes out.
_TENSOR: Final[Table] = (
    entries("", "haiku._src.transform haiku._src.basic.Linear.__call__", _TENSOR_ROW)
    | entries("flax.linen.module.Module", "init apply init_with_output lazy_init bind", _TENSOR_ROW)
    | entries("", "flax.linen.activation flax.linen.attention.dot_product_attention", _TENSOR_ROW)
)

TABLE: Final[Table] = _DOCUMENTS | _NUMERIC | _TENSOR


def detect(fn: Any) -> Classification | None:
    """Recognise a listed function, constructor or method."""
    return lookup_callable(TABLE, identify(fn))
