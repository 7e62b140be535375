"""Callables of real packages, and the effect that reading their documentation and source gives.

The labels were written down before the classifier was asked, and by these rules:

* a bound or unbound method's receiver is an operand, like any argument;
* ``pure``: the result depends on the operands alone, and nothing else can tell that the call ran.
  Making a new object, raising an error, remembering results where nobody can see it
  (``functools.lru_cache``), reading a table that no code changes, and being a generator that
  touches nothing are all pure;
* ``unordered``: what may happen in any order, but must happen once: reading files, console and log
  output, requests to other systems, waiting, fresh entropy;
* ``ordered``: everything else. Changing an argument or the receiver, writing files, reading or
  changing the state of the process, module-level state that some code changes (caches in a global
  dictionary included), the clock, shared random streams, processes, threads, running code that is
  handed over.

Each line is ``module: name name name``; a name may lead through classes.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from xcs.frontend.classification import EffectClass


class Labelled(NamedTuple):
    """A callable, where it comes from, and what it is."""

    package: str
    path: str
    effects: EffectClass

    def load(self) -> Any:
        """The callable itself."""
        module, _, name = self.path.partition(":")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found


LABELS: Final[dict[str, dict[EffectClass, str]]] = {
    "packaging": {
        "pure": """
            packaging.utils: canonicalize_name canonicalize_version is_normalized_name
            packaging.utils: parse_wheel_filename parse_sdist_filename
            packaging.version: parse Version Version.__str__ Version.__hash__ Version.__lt__
            packaging.specifiers: Specifier Specifier.__str__ Specifier.contains SpecifierSet
            packaging.specifiers: SpecifierSet.__len__ SpecifierSet.contains SpecifierSet.__and__
            packaging.requirements: Requirement Requirement.__str__
            packaging.markers: Marker Marker.__str__
            packaging.tags: Tag Tag.__str__ parse_tag interpreter_name
            packaging.ranges: coerce_version
            packaging.metadata: parse_email
            packaging.licenses: canonicalize_license_expression
        """,
        "unordered": """
        """,
        "ordered": """
        """,
    },
    "sortedcontainers": {
        "pure": """
            sortedcontainers: SortedList SortedList.__contains__ SortedList.index SortedList.count
            sortedcontainers: SortedList.bisect_left SortedList.islice SortedList.irange
            sortedcontainers: SortedList.__len__ SortedList.__iter__ SortedKeyList.bisect_key
            sortedcontainers: SortedDict SortedDict.keys SortedDict.values SortedSet
            sortedcontainers: SortedSet.__contains__ SortedSet.difference SortedSet.count
            sortedcontainers: SortedList.__add__
        """,
        "ordered": """
            sortedcontainers: SortedList.add SortedList.remove SortedList.discard SortedList.pop
            sortedcontainers: SortedList.clear SortedList.update SortedDict.__setitem__
            sortedcontainers: SortedDict.popitem SortedDict.setdefault SortedSet.add SortedSet.pop
            sortedcontainers: SortedSet.clear SortedKeyList.discard
        """,
    },
    "immutabledict": {
        "pure": """
            immutabledict: immutabledict immutabledict.__getitem__ immutabledict.__contains__
            immutabledict: immutabledict.set immutabledict.delete immutabledict.update
            immutabledict: immutabledict.items immutabledict.copy immutabledict.discard
            immutabledict: immutabledict.__repr__ immutabledict.fromkeys
        """,
    },
    "ordered-set": {
        "pure": """
            ordered_set: OrderedSet OrderedSet.__contains__ OrderedSet.union OrderedSet.copy
            ordered_set: OrderedSet.intersection OrderedSet.difference OrderedSet.issubset
            ordered_set: OrderedSet.index OrderedSet.__eq__ OrderedSet.__getitem__
            ordered_set: OrderedSet.symmetric_difference
        """,
        "ordered": """
            ordered_set: OrderedSet.add OrderedSet.update OrderedSet.pop OrderedSet.discard
            ordered_set: OrderedSet.clear OrderedSet.difference_update
            ordered_set: OrderedSet.intersection_update OrderedSet.symmetric_difference_update
        """,
    },
    "iniconfig": {
        "pure": """
            iniconfig: IniConfig.lineof IniConfig.__getitem__ IniConfig.__contains__
            iniconfig: IniConfig.__iter__ SectionWrapper SectionWrapper.lineof SectionWrapper.items
            iniconfig: SectionWrapper.__getitem__ ParseError ParseError.__str__ iscommentline
        """,
        "unordered": """
            iniconfig: IniConfig IniConfig.parse
        """,
    },
    "pluggy": {
        "pure": """
            pluggy: PluginManager PluginManager.has_plugin PluginManager.get_plugin
            pluggy: PluginManager.get_plugins PluginManager.is_registered PluginManager.get_name
            pluggy: PluginManager.list_name_plugin PluginManager.list_plugin_distinfo
            pluggy: HookspecMarker HookImpl.__repr__ HookCaller.has_spec HookCaller.is_historic
            pluggy: HookCaller.get_hookimpls HookCaller.__repr__ Result.get_result
        """,
        "ordered": """
            pluggy: PluginManager.register PluginManager.unregister PluginManager.unblock
            pluggy: PluginManager.set_blocked PluginManager.add_hookcall_monitoring
            pluggy: Result.force_result Result.force_exception HookCaller.set_specification
            pluggy: HookimplMarker.__call__ PluginManager.load_setuptools_entrypoints
        """,
    },
    "filecheck": {
        "pure": """
            filecheck.finput: InputRange InputRange.restrict_end InputRange.ranges FInput
            filecheck.finput: FInput.canonicalize_line_ends FInput.print_current_range
            filecheck.finput: DiscontigousRange.ranges
            filecheck.parser: posix_to_python_regex
            filecheck.compiler: CheckOp.check_line_repr Literal NumSubst Capture
        """,
        "ordered": """
            filecheck.finput: InputRange.split_at FInput.match_and_add_hole FInput.move_to
            filecheck.finput: FInput.advance_to_last_hole FInput.from_opts
            filecheck.main: main
            filecheck.matcher: Matcher.capture_results Matcher.check_empty
        """,
        "unordered": """
            filecheck.matcher: Parser.from_opts
        """,
    },
    "lit": {
        "pure": """
            lit.util: isMacOSTriple pythonize_bool make_word_regex ExecuteCommandTimeoutException
            lit.ShUtil: ShLexer ShLexer.look
            lit.ShCommands: Command Command.__eq__ Pipeline Seq
            lit.Test: IntMetricValue IntMetricValue.format RealMetricValue.format toMetricValue
            lit.Test: Result TestSuite.getSourcePath TestSuite.getExecPath Test.isFailure
            lit.BooleanExpression: BooleanExpression.evaluate BooleanExpression.tokenize
            lit.BooleanExpression: BooleanExpression.isMatchExpression
            lit.TestRunner: colonNormalizePath quote_windows_command TimeoutHelper
            lit.TestRunner: TimeoutHelper.active
            lit.reports: remove_invalid_xml_chars
            lit.display: NopDisplay.update
        """,
        "unordered": """
            lit.util: whichTools
            lit.ShCommands: GlobItem.resolve
            lit.discovery: chooseConfigFileFromDir
            lit.TestRunner: expand_glob
        """,
        "ordered": """
            lit.util: which executeCommand addAIXVersion killProcessAndChildren printHistogram
            lit.util: abs_path_preserve_drive usePlatformSdkOnDarwin
            lit.ShUtil: ShLexer.eat ShLexer.maybe_eat ShParser.look ShParser.lex
            lit.ShCommands: Command.toShell
            lit.Test: ResultCode Result.addMetric Result.addMicroResult Test.setResult
            lit.TestRunner: updateEnv
            lit.worker: initialize
            lit.cl_arguments: parse_args
            lit.LitConfig: LitConfig.fatal LitConfig.warning LitConfig.getToolsPath
            lit.ProgressBar: SimpleProgressBar.update ProgressBar.clear ProgressBar
            lit.InprocBuiltins: executeBuiltinMkdir
            lit.BooleanExpression: BooleanExpression.parseOR
        """,
    },
    "opt-einsum": {
        "pure": """
            opt_einsum.parser: is_valid_einsum_char has_valid_einsum_chars_only get_symbol
            opt_einsum.parser: gen_unused_symbols convert_to_valid_einsum_chars find_output_str
            opt_einsum.parser: alpha_canonicalize convert_subscripts find_output_shape get_shape
            opt_einsum.helpers: compute_size_by_dict find_contraction flop_count
            opt_einsum.blas: can_blas
            opt_einsum.paths: ssa_to_linear linear_to_ssa calc_k12_flops better_flops_first
            opt_einsum.paths: better_size_first get_better_fn cost_memory_removed DynamicProgramming
            opt_einsum.contract: format_const_einsum_str PathInfo ArrayShaped shape_only
            opt_einsum.path_random: ssa_path_compute_cost
            opt_einsum.testing: build_shapes
        """,
        "ordered": """
            opt_einsum.paths: register_path_fn cost_memory_removed_jitter get_path_fn
            opt_einsum.testing: build_views rand_equation
            opt_einsum.backends.dispatch: get_func has_einsum
            opt_einsum.sharing: currently_sharing
            opt_einsum.contract: ContractExpression.evaluate_constants
        """,
    },
    "pygments": {
        "pure": """
            pygments.util: get_bool_opt get_int_opt get_choice_opt get_list_opt docstring_headline
            pygments.util: shebang_matches doctype_matches html_doctype_matches surrogatepair
            pygments.util: format_lines duplicates_removed
            pygments.console: reset_color colorize ansiformat
            pygments.token: is_token_subtype
            pygments.regexopt: regex_opt make_charset
            pygments.scanner: Scanner
            pygments.unistring: combine
            pygments.modeline: get_filetype_from_buffer
            pygments.formatters.latex: escape_tex
            pygments.formatters.html: HtmlFormatter.get_linenos_style_defs
            pygments.formatters.rtf: RtfFormatter.hex_to_rtf_color
            pygments.lexers.python: PythonLexer
        """,
        "ordered": """
            pygments.util: looks_like_xml guess_decode
            pygments.lexers: get_lexer_by_name load_lexer_from_file find_lexer_class
            pygments.lexer: Lexer.add_filter
            pygments.scanner: Scanner.scan Scanner.check
            pygments.lexers.tnt: TNTLexer.rule
        """,
    },
    "execnet": {
        "pure": """
            execnet: XSpec XSpec.__eq__ XSpec.__repr__ RemoteError dumps loads
            execnet.gateway_base: geterrortext Message Message.__repr__ bchr trace get_execmodel
            execnet.gateway_base: Channel.isclosed Channel.__repr__ WorkerPool.active_count
            execnet.gateway_io: shell_split_path ssh_args vagrant_ssh_args popen_args
            execnet.multi: Group.__contains__ Group.__len__ MultiChannel.__len__
            execnet.rsync: RSync.filter
        """,
        "unordered": """
            execnet.gateway_base: ThreadExecModel.sleep
        """,
        "ordered": """
            execnet: Group makegateway set_execmodel dump load
            execnet.gateway_base: Unserializer.load_int Unserializer.load_true Message.from_io
            execnet.gateway_base: Message.to_io Channel.send Channel.receive init_popen_io
            execnet.gateway_base: ThreadExecModel.start Reply.run
            execnet.multi: Group.terminate Group.allocate_id MultiChannel.send_each
            execnet.rsync: RSync.add_target
        """,
    },
    "typing-extensions": {
        "pure": """
            typing_extensions: is_protocol get_protocol_members type_repr get_original_bases Doc
            typing_extensions: TypeAliasType.__repr__
        """,
        "ordered": """
            typing_extensions: override runtime_checkable
        """,
    },
    "ml-dtypes": {
        "pure": """
            ml_dtypes: bfloat16 float8_e4m3 int4 finfo iinfo real imag
        """,
    },
    "hypothesis": {
        "pure": """
            hypothesis.internal.conjecture.floats: reverse_bits encode_exponent decode_exponent
            hypothesis.internal.conjecture.floats: is_simple update_mantissa
            hypothesis.internal.floats: sign_aware_lte clamp
            hypothesis.internal.intervalsets: IntervalSet IntervalSet.__contains__
            hypothesis.internal.intervalsets: IntervalSet.index IntervalSet.index_above
            hypothesis.internal.intervalsets: IntervalSet.union IntervalSet.difference
            hypothesis.internal.intervalsets: IntervalSet.char_in_shrink_order
            hypothesis.internal.conjecture.junkdrawer: replace_all startswith endswith
            hypothesis.internal.conjecture.junkdrawer: bits_to_bytes IntList IntList.of_length
            hypothesis.internal.conjecture.junkdrawer: IntList.__getitem__
            hypothesis.internal.conjecture.choice: zigzag_value zigzag_index choice_permitted
            hypothesis.internal.conjecture.utils: calc_label_from_name
            hypothesis.internal.compat: ceil floor int_to_byte extract_bits batched
            hypothesis.internal.cache: LRUCache
            hypothesis.database: InMemoryExampleDatabase.fetch choices_to_bytes choices_from_bytes
            hypothesis.statistics: describe_targets
            hypothesis.utils.conventions: UniqueIdentifier
            hypothesis.utils.dynamicvariables: DynamicVariable
        """,
        "unordered": """
            hypothesis.reporting: default
        """,
        "ordered": """
            hypothesis.internal.charmap: categories
            hypothesis.internal.cache: GenericCache.pin LRUCache.__getitem__
            hypothesis.internal.conjecture.junkdrawer: find_integer binary_search IntList.append
            hypothesis.internal.conjecture.junkdrawer: stack_depth_of_caller
            hypothesis.database: InMemoryExampleDatabase.save DirectoryBasedExampleDatabase.save
            hypothesis.configuration: set_hypothesis_home_dir
            hypothesis.utils.terminal: guess_background_color
            hypothesis: settings.load_profile settings.get_profile
            hypothesis.vendor.pretty: GroupQueue.enq
        """,
    },
    "xdsl": {
        "pure": """
            xdsl.utils.bitwise_casts: convert_f16_to_u16 convert_f32_to_u32 convert_u32_to_f32
            xdsl.utils.bitwise_casts: is_power_of_two
            xdsl.utils.comparisons: to_signed to_unsigned signed_value_range unsigned_upper_bound
            xdsl.utils.lexer: Span Span.get_location Input.get_end_of_line Input.at Input.slice
            xdsl.utils.arg_spec: parse_spec parse_pipeline ArgSpec.normalize_parameter_names
            xdsl.utils.scoped_dict: ScopedDict ScopedDict.__getitem__ ScopedDict.__contains__
            xdsl.utils.disjoint_set: IntDisjointSet IntDisjointSet.value_count
            xdsl.utils.mlir_lexer: StringLiteral.from_span
            xdsl.utils.classvar: is_classvar
            xdsl.utils.runtime_final: is_runtime_final
            xdsl.ir.affine: AffineExpr.dimension AffineExpr.constant AffineExpr.eval
            xdsl.ir.affine: AffineMap.identity AffineMap.eval AffineMap.transpose_map
            xdsl.ir.affine: AffineMap.minor_identity
            xdsl.ir: Dialect.split_name Operation.get_attr_or_prop Operation.get_region_index
            xdsl.ir: Block.parent_region Block.get_operation_index IRWithUses.has_one_use
            xdsl.context: Context Context.clone
            xdsl.rewriter: InsertPoint.before InsertPoint.at_end
            xdsl.dialects.builtin: StringAttr IntegerType TensorType.get_shape
            xdsl.printer: Printer
        """,
        "ordered": """
            xdsl.utils.base_printer: BasePrinter.print_string
            xdsl.utils.scoped_dict: ScopedDict.__setitem__
            xdsl.utils.disjoint_set: IntDisjointSet.union IntDisjointSet.add
            xdsl.utils.worklist: Worklist.push Worklist.pop
            xdsl.utils.diagnostic: Diagnostic.add_message
            xdsl.utils.mlir_lexer: MLIRLexer.lex
            xdsl.utils.dialect_codegen: dump_dialect_pyfile
            xdsl.utils.runtime_final: runtime_final
            xdsl.ir: Operation.add_region Operation.detach Block.add_op Block.erase_arg
            xdsl.ir: Block.insert_op_before Region.add_block IRWithUses.add_use
            xdsl.context: Context.register_dialect Context.load_op
            xdsl.rewriter: Rewriter.erase_op Rewriter.insert_op
            xdsl.printer: Printer.print_float Printer.print_string_literal
            xdsl.transforms.dead_code_elimination: dce region_dce
            xdsl.transforms.common_subexpression_elimination: cse
            xdsl.parser: Parser.parse_module
            xdsl.irdl: irdl_op_definition
        """,
    },
    "pytest": {
        "pure": """
            _pytest.pathlib: get_extended_length_path_str parse_num fnmatch_ex parts commonpath
            _pytest.pathlib: bestrelpath module_name_from_path
            _pytest.mark.expression: Scanner
            _pytest.mark.structures: Mark.combined_with MarkDecorator.with_args
            _pytest._io.wcwidth: wcwidth wcswidth
            _pytest._io.terminalwriter: TerminalWriter.markup
            _pytest._code.source: deindent Source.strip Source.deindent Source.__getitem__
            _pytest._code.code: Code.__eq__
            _pytest.junitxml: bin_xml_escape mangle_test_address
            _pytest.pytester: LineMatcher.get_lines_after RunResult.parse_summary_nouns
            _pytest.terminal: pluralize format_session_duration format_node_duration
            _pytest.stash: Stash Stash.get
            _pytest.config.exceptions: UsageError
            _pytest.compat: safe_isclass
        """,
        "unordered": """
            _pytest.pathlib: safe_exists resolve_package_path samefile_nofollow
            _pytest.cacheprovider: Cache.get
        """,
        "ordered": """
            _pytest.pathlib: make_numbered_dir rm_rf symlink_or_skip absolutepath
            _pytest.mark.structures: store_mark
            _pytest.cacheprovider: Cache.set Cache.clear_cache
            _pytest._io.terminalwriter: TerminalWriter.write should_do_markup get_terminal_width
            _pytest.compat: running_on_ci get_user_id
            _pytest.monkeypatch: MonkeyPatch.setenv MonkeyPatch.undo MonkeyPatch.setattr
            _pytest.recwarn: WarningsRecorder.pop
            _pytest.junitxml: merge_family
            _pytest.nodes: Node.add_marker
            _pytest.stash: Stash.__setitem__ Stash.setdefault
            _pytest.timing: Instant
            _pytest.tmpdir: TempPathFactory.getbasetemp get_user
            _pytest.logging: ColoredLevelFormatter.add_color_level
        """,
    },
    "pytest-xdist": {
        "pure": """
            xdist.report: report_collection_diff
            xdist.plugin: parse_numprocesses
        """,
    },
    "numpy": {
        "pure": """
            numpy: mean dot concatenate where argsort percentile interp histogram unique pad
            numpy: tensordot kron trapezoid
            numpy.linalg: solve svd
            numpy.fft: rfft
            numpy.polynomial.polynomial: polyval
        """,
        "unordered": """
            numpy: load loadtxt
        """,
        "ordered": """
            numpy: save savez copyto fill_diagonal put set_printoptions seterr
            numpy.random: seed normal shuffle
        """,
    },
    "scipy": {
        "pure": """
            scipy.special: logsumexp softmax expit
            scipy.linalg: norm toeplitz
            scipy.stats: zscore rankdata
            scipy.signal: find_peaks butter
            scipy.spatial.distance: cosine
        """,
        "unordered": """
            scipy.io: loadmat
        """,
        "ordered": """
            scipy.io: savemat
            scipy.stats: norm.rvs
        """,
    },
    "jax": {
        "pure": """
            jax.numpy: dot einsum cumsum argmax linalg.inv fft.fft
            jax.nn: silu log_softmax one_hot
            jax.nn.initializers: glorot_uniform
            jax.lax: conv_general_dilated while_loop psum top_k
            jax.random: split categorical uniform
            jax.scipy.special: erf
            jax.scipy.stats.norm: logpdf
            jax.tree_util: tree_flatten tree_leaves
            jax: jvp vjp linearize ShapeDtypeStruct
        """,
        "ordered": """
            jax.debug: print callback
            jax.experimental: io_callback
            jax: config.update clear_caches
            jax.tree_util: register_pytree_node
            jax.profiler: start_trace
            jax.numpy: save
        """,
    },
    "the standard library": {
        "pure": """
            textwrap: wrap shorten
            difflib: get_close_matches unified_diff SequenceMatcher
            statistics: median linear_regression
            urllib.parse: urlparse parse_qs urlencode
            email.utils: parseaddr
            html: unescape
            ipaddress: ip_address IPv4Network
            colorsys: rgb_to_hsv
            string: capwords Formatter
            fractions: Fraction.limit_denominator
            datetime: datetime.strftime date.isocalendar
            calendar: monthrange isleap
            ast: parse literal_eval dump unparse
            shlex: split quote
            fnmatch: fnmatch translate
            operator: attrgetter
            itertools: groupby islice
            functools: cmp_to_key
            dataclasses: asdict replace
            copy: deepcopy
            bisect: bisect_left
            heapq: nsmallest
            collections: Counter ChainMap OrderedDict
            json: dumps loads
            pickle: dumps
            base64: b32encode
            hashlib: md5
            zlib: crc32
            pathlib: PurePath.with_suffix PurePath.match
            posixpath: splitext
            textwrap: indent
            re: sub findall
            uuid: uuid5
            secrets: compare_digest
            xml.sax.saxutils: escape
            contextlib: suppress
            graphlib: TopologicalSorter
        """,
        "unordered": """
            secrets: token_hex choice
            uuid: uuid4
            os: stat scandir
            os.path: getsize isfile
            pathlib: Path.read_text Path.iterdir
            glob: glob
            filecmp: cmp
            logging: info
            logging: Logger.error
            time: sleep
            builtins: print
            pprint: pprint
            linecache: getline
            tokenize: open
            urllib.request: urlopen
            socket: gethostbyname
            warnings: warn
        """,
        "ordered": """
            random: shuffle gauss seed
            bisect: insort
            heapq: heappush heapify heappop
            json: dump
            pickle: dump
            copyreg: pickle
            operator: setitem
            itertools: tee
            time: monotonic strftime
            datetime: date.today
            os: getenv chdir umask mkdir replace getcwd
            os.path: abspath expanduser
            pathlib: Path.write_bytes Path.touch Path.cwd
            shutil: copyfile move rmtree
            tempfile: mkstemp NamedTemporaryFile
            subprocess: check_output
            threading: Thread.start
            signal: signal
            atexit: register
            logging: basicConfig
            locale: setlocale getlocale
            decimal: getcontext setcontext
            warnings: simplefilter
            gc: collect
            sys: setrecursionlimit
            builtins: input exec
            sqlite3: connect
            smtplib: SMTP.sendmail
            csv: DictWriter.writerow
            collections: deque.rotate OrderedDict.move_to_end Counter.subtract
            array: array.byteswap
            contextvars: ContextVar.set
            zipfile: ZipFile.writestr
            configparser: ConfigParser.set
            asyncio: run
        """,
    },
}


def labelled() -> Iterator[Labelled]:
    """All of them, package by package."""
    for package, by_effect in LABELS.items():
        for effects, text in by_effect.items():
            for line in text.split("\n"):
                module, _, names = line.strip().partition(": ")
                yield from (
                    Labelled(package, f"{module}:{name}", effects) for name in names.split()
                )
