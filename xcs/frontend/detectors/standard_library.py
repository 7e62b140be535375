"""The standard library: what each module does to the world.

A path that is not in the table is left to the analysis of its Python code, if it has any.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Final

from xcs.frontend.classification import Classification
from xcs.frontend.detectors.identity import Identity, identify
from xcs.frontend.detectors.public_names import PublicNames
from xcs.frontend.detectors.tables import (
    ACCUMULATOR,
    CLOCK,
    CONSOLE,
    DATABASE,
    ENTROPY,
    ENVIRONMENT,
    HIGHER_ORDER,
    ITERATOR,
    LOGGING,
    MUTATOR,
    NETWORK,
    PRINTS,
    PROCESS,
    PURE_ENTRY,
    RANDOM,
    READS_ENVIRONMENT,
    READS_FILES,
    SETTINGS,
    SLEEP,
    TOOL,
    UNKNOWN,
    WRITES_FILES,
    Table,
    alike,
    changing,
    entries,
    filling,
    giving,
    lookup_callable,
    mapping,
    opening,
    private,
    returning,
    sharing,
    streaming,
    yielding,
)

PRIORITY = -40

_NUMBERS: Final[Table] = (
    entries("", "math cmath numbers statistics fractions colorsys", PURE_ENTRY)
    # Decimals are computed in the context of the thread.
    | entries("", "decimal.Decimal", SETTINGS)
    | entries("", "decimal.Decimal() decimal.Context()", PURE_ENTRY)
    | entries("decimal", "getcontext", sharing("the decimal context"))
    | entries("decimal", "setcontext localcontext Context", ENVIRONMENT)
    | returning(
        {
            "float": [
                f"math.{name}"
                for name in [
                    "acos",
                    "acosh",
                    "asin",
                    "asinh",
                    "atan",
                    "atan2",
                    "atanh",
                    "cbrt",
                    "copysign",
                    "cos",
                    "cosh",
                    "degrees",
                    "dist",
                    "erf",
                    "erfc",
                    "exp",
                    "exp2",
                    "expm1",
                    "fabs",
                    "fmod",
                    "fsum",
                    "gamma",
                    "hypot",
                    "ldexp",
                    "lgamma",
                    "log",
                    "log10",
                    "log1p",
                    "log2",
                    "nextafter",
                    "pow",
                    "radians",
                    "remainder",
                    "sin",
                    "sinh",
                    "sqrt",
                    "tan",
                    "tanh",
                    "ulp",
                ]
            ],
            "int": [
                f"math.{name}" for name in ["comb", "factorial", "gcd", "isqrt", "lcm", "perm"]
            ],
            "bool": [f"math.{name}" for name in ["isclose", "isfinite", "isinf", "isnan"]],
        }
    )
)

_MATCHERS: Final = ("match", "search", "fullmatch")

_TEXT: Final[Table] = (
    entries(
        "",
        "string textwrap difflib unicodedata stringprep html re fnmatch shlex keyword token"
        " ast tokenize quopri base64 binascii codecs urllib.parse mimetypes.guess_type email.utils"
        " email.header encodings pprint.pformat pprint.saferepr ipaddress"
        " configparser.ConfigParser() csv.Sniffer",
        PURE_ENTRY,
    )
    | entries(
        "gettext",
        "gettext ngettext pgettext npgettext dgettext dngettext dpgettext dnpgettext",
        SETTINGS,
    )
    | entries("codecs", "register register_error unregister", ENVIRONMENT)
    | entries("codecs", "open", opening((1, "mode")))
    | entries("html.parser", "HTMLParser", UNKNOWN)
    | entries("ast base64 quopri tokenize", "main", PROCESS)
    | entries("", "base64.test", PROCESS)
    | entries("base64", "encode decode", filling((1, "output")))
    | entries("quopri", "encode decode", filling((1, "output")))
    # Codecs that keep a state between calls.
    | entries(
        "codecs",
        "BufferedIncrementalDecoder BufferedIncrementalEncoder IncrementalDecoder"
        " IncrementalEncoder StreamReader StreamReaderWriter StreamRecoder StreamWriter",
        MUTATOR,
    )
    | entries("difflib.SequenceMatcher", "set_seqs set_seq1 set_seq2", MUTATOR)
    | entries("email.header.Header", "append", MUTATOR)
    | entries("tokenize", "tokenize generate_tokens detect_encoding", HIGHER_ORDER)
    | entries("tokenize", "Untokenizer", MUTATOR)
    | entries("urllib.parse", "clear_cache", ENVIRONMENT)
    | entries("fnmatch", "fnmatch fnmatchcase filter translate", PURE_ENTRY)
    | entries("shlex.shlex", "get_token push_token read_token push_source pop_source", MUTATOR)
    | entries("pprint", "pprint pp", streaming((1, "stream")))
    | entries("re", "sub subn", HIGHER_ORDER)
    | entries("re.Pattern", "sub subn", HIGHER_ORDER)
    | entries("re", "purge", ENVIRONMENT)
    | entries("email.utils", "localtime formatdate make_msgid", CLOCK)
    | entries("tokenize", "open", READS_FILES)
    | entries("ast.NodeTransformer", "visit generic_visit", UNKNOWN)
    | entries("ast.NodeVisitor", "visit generic_visit", UNKNOWN)
    | entries("ast", "fix_missing_locations increment_lineno", changing((0, "node")))
    | entries("ast", "copy_location", changing((0, "new_node")))
    | returning(
        {
            "str": [
                "textwrap.fill",
                "textwrap.dedent",
                "textwrap.indent",
                "textwrap.shorten",
                "html.escape",
                "html.unescape",
                "urllib.parse.quote",
                "urllib.parse.quote_plus",
                "urllib.parse.unquote",
                "urllib.parse.unquote_plus",
                "urllib.parse.urlencode",
                "urllib.parse.urljoin",
                "re.escape",
                "pprint.pformat",
                "shlex.quote",
                "shlex.join",
                "unicodedata.normalize",
            ],
            "bytes": [
                "base64.b64encode",
                "base64.b64decode",
                "base64.urlsafe_b64encode",
                "base64.urlsafe_b64decode",
                "binascii.hexlify",
                "binascii.unhexlify",
            ],
            "list": [
                "textwrap.wrap",
                "re.findall",
                "re.split",
                "re.Pattern.findall",
                "re.Pattern.split",
                "shlex.split",
            ],
            "re.Pattern": ["re.compile"],
            "re.Match": [f"{m}.{n}" for m in ("re", "re.Pattern") for n in _MATCHERS],
        }
    )
)

_DATA: Final[Table] = (
    entries(
        "",
        "collections collections.abc enum types typing copy operator bisect heapq array struct"
        " dataclasses json marshal.dumps marshal.loads pickle.dumps zlib graphlib"
        " plistlib.dumps plistlib.loads tomllib._parser.loads gzip.compress gzip.decompress"
        " bz2.compress"
        " bz2.decompress lzma.compress lzma.decompress abc contextlib.nullcontext"
        " contextlib.suppress inspect traceback.format_exc traceback.format_exception"
        " traceback.format_tb warnings.catch_warnings weakref.ref",
        PURE_ENTRY,
    )
    | entries("inspect", "getsource getsourcelines getfile getsourcefile findsource", READS_FILES)
    | entries("inspect", "stack currentframe trace", ENVIRONMENT)
    | entries("inspect", "BoundArguments.apply_defaults BlockFinder.tokeneater", MUTATOR)
    | entries("inspect", "markcoroutinefunction", changing((0, "func")))
    # These take an open file, and move its position.
    | entries("json", "dump", filling((1, "fp")))
    | entries("json", "load", changing((0, "fp"), row=READS_FILES))
    | entries("", "pickle.dump marshal.dump", filling((1, "file")))
    | entries("", "pickle.load marshal.load", changing((0, "file"), row=READS_FILES))
    | entries("plistlib", "dump", filling((1, "fp")))
    | entries("", "tomllib._parser.load plistlib.load", changing((0, "fp"), row=READS_FILES))
    # Unpickling runs whatever the data names.
    | entries("", "pickle.loads pickle.Unpickler pickle.Pickler shelve", UNKNOWN)
    | entries(
        "operator",
        "setitem delitem iadd iand iconcat ifloordiv ilshift imatmul imod imul ior ipow irshift"
        " isub itruediv ixor",
        changing((0, "a")),
    )
    | entries("operator", "call methodcaller.__call__", UNKNOWN)
    | entries("bisect", "insort insort_left insort_right", changing((0, "a")))
    | entries(
        "heapq",
        "heappush heappop heapify heapreplace heappushpop _heapify_max _heappop_max"
        " _heapreplace_max",
        changing((0, "heap")),
    )
    | entries("heapq", "nlargest nsmallest", HIGHER_ORDER)
    | entries("struct", "pack_into", changing((1, "buffer")))
    | entries("struct", "Struct.pack_into", changing((0, "buffer")))
    | entries("copy", "copy deepcopy replace", PURE_ENTRY)
    | entries(
        "array.array",
        "append extend insert pop remove reverse byteswap fromlist frombytes fromfile fromunicode"
        " clear __setitem__ __delitem__ __iadd__ __imul__",
        MUTATOR,
    )
    | entries("array.array", "tofile", WRITES_FILES)
    | entries("collections.deque", "append appendleft extend extendleft", ACCUMULATOR)
    | entries(
        "collections.deque",
        "pop popleft insert remove clear rotate reverse __setitem__ __delitem__ __iadd__ __imul__",
        MUTATOR,
    )
    | entries("collections.defaultdict", "__missing__", MUTATOR)
    | entries("collections.defaultdict", "__init__", MUTATOR)
    | entries(
        "collections.OrderedDict",
        "move_to_end pop popitem setdefault update clear __setitem__ __delitem__ __init__",
        MUTATOR,
    )
    | entries("collections.Counter", "update subtract __init__ __delitem__", MUTATOR)
    | entries("collections.ChainMap", "pop popitem clear __setitem__ __delitem__", MUTATOR)
    | entries(
        "collections.UserDict",
        "pop popitem setdefault update clear __setitem__ __delitem__ __init__",
        MUTATOR,
    )
    | entries(
        "collections.UserList",
        "append extend insert pop remove clear reverse sort __setitem__ __delitem__ __init__",
        MUTATOR,
    )
    | entries("dataclasses", "dataclass", changing((0, "cls")))
    | entries("dataclasses", "field make_dataclass", PURE_ENTRY)
    | entries("abc", "ABCMeta.register", MUTATOR)
    | entries("abc", "update_abstractmethods", changing((0, "cls")))
    | entries("abc", "get_cache_token", READS_ENVIRONMENT)
    | entries("enum", "global_enum", ENVIRONMENT)
    # Files in annotations; and decorators, which mark what they are given.
    | entries("typing", "IO TextIO BinaryIO", MUTATOR)
    | entries("typing", "runtime_checkable", changing((0, "cls")))
    | entries("typing", "final", changing((0, "f")))
    | entries("typing", "no_type_check", changing((0, "arg")))
    | entries("typing", "overload clear_overloads", ENVIRONMENT)
    | entries("typing", "get_overloads", READS_ENVIRONMENT)
    | entries("typing", "reveal_type", PRINTS)
    | entries("collections.abc.MutableMapping", "clear pop popitem setdefault update", MUTATOR)
    | entries(
        "collections.abc.MutableSequence",
        "append clear extend insert pop remove reverse",
        MUTATOR,
    )
    | entries("collections.abc.MutableSet", "add clear discard pop remove", MUTATOR)
    | entries("collections.abc", "Generator Coroutine AsyncGenerator", MUTATOR)
    | entries(
        "weakref.WeakKeyDictionary weakref.WeakValueDictionary",
        "pop popitem setdefault update clear",
        MUTATOR,
    )
    | entries("weakref.WeakSet", "add clear discard pop remove update", MUTATOR)
    | entries("zlib", "Compress Decompress", MUTATOR)
    | entries("types.SimpleNamespace", "__init__", MUTATOR)
    | entries("types", "coroutine", PURE_ENTRY)
    | entries(
        "weakref",
        "WeakKeyDictionary WeakValueDictionary WeakSet proxy getweakrefcount getweakrefs",
        PURE_ENTRY,
    )
    | entries("contextvars.ContextVar", "set reset", ENVIRONMENT)
    | entries("contextvars.ContextVar", "get", READS_ENVIRONMENT)
    | entries("contextvars", "copy_context", READS_ENVIRONMENT)
    | entries("contextvars", "Context", ENVIRONMENT)
    | entries("", "contextvars.ContextVar() contextvars.Context()", PURE_ENTRY)
    | entries("graphlib.TopologicalSorter", "add prepare get_ready done static_order", MUTATOR)
    | returning(
        {
            "str": ["json.dumps", "traceback.format_exc"],
            "bytes": [
                "struct.pack",
                "zlib.compress",
                "zlib.decompress",
                "gzip.compress",
                "gzip.decompress",
                "bz2.compress",
                "bz2.decompress",
                "lzma.compress",
                "lzma.decompress",
                "pickle.dumps",
            ],
            "int": [
                "zlib.crc32",
                "zlib.adler32",
                "bisect.bisect",
                "bisect.bisect_left",
                "bisect.bisect_right",
                "struct.calcsize",
            ],
            "tuple": ["struct.unpack", "struct.unpack_from"],
        }
    )
)

_FUNCTIONS: Final[Table] = (
    entries("", "functools", HIGHER_ORDER)
    | entries("", "itertools csv.reader csv.DictReader()", ITERATOR)
    | entries("itertools", "starmap", mapping(ITERATOR))
    | entries("re", "finditer Pattern.finditer", yielding("re.Match"))
    | entries("heapq", "merge", ITERATOR)
    | entries("functools", "update_wrapper", changing((0, "wrapper")))
    | entries("functools", "total_ordering", changing((0, "cls")))
    | entries("itertools", "tee", changing((0, "iterable")))
    | entries(
        "functools",
        "partial partialmethod lru_cache cache cmp_to_key cached_property singledispatch"
        " singledispatchmethod wraps",
        PURE_ENTRY,
    )
    | entries("functools", "singledispatchmethod.register", MUTATOR)
    # An instance hides the function it wraps; structure, not name, decides about its calls.
    | entries("functools", "_lru_cache_wrapper.cache_clear", ENVIRONMENT)
    | entries("functools", "_lru_cache_wrapper.cache_info", READS_ENVIRONMENT)
)

_CRYPTO: Final[Table] = (
    entries(
        "",
        "hashlib hmac _blake2 _md5 _sha1 _sha2 _sha256 _sha512 _sha3",
        PURE_ENTRY,
    )
    | entries("hashlib", "HASH.update HASHXOF.update", MUTATOR)
    | entries("hashlib", "file_digest", changing((0, "fileobj"), row=READS_FILES))
    | entries("hmac", "HMAC.update", MUTATOR)
    | entries("_blake2", "blake2b.update blake2s.update", MUTATOR)
    | entries("", "secrets uuid.uuid1 uuid.uuid4 os.urandom uuid.getnode ssl.RAND_bytes", ENTROPY)
    | entries("secrets", "compare_digest", PURE_ENTRY)
    | entries("", "uuid.UUID uuid.uuid3 uuid.uuid5", PURE_ENTRY)
    | returning({"bool": ["hmac.compare_digest"]})
)

_TIME: Final[Table] = (
    entries("", "datetime zoneinfo.ZoneInfo calendar sched.scheduler()", PURE_ENTRY)
    | entries("zoneinfo", "ZoneInfo.clear_cache", ENVIRONMENT)
    | entries("calendar", "setfirstweekday", ENVIRONMENT)
    | entries("calendar.Calendar", "setfirstweekday", MUTATOR)
    | entries("calendar.TextCalendar", "prmonth prweek pryear", PRINTS)
    | entries("calendar", "main", PROCESS)
    | entries("datetime.datetime", "now utcnow today", CLOCK)
    | entries("datetime.date", "today", CLOCK)
    | entries("time", "sleep", SLEEP)
    | entries(
        "time",
        "time time_ns perf_counter perf_counter_ns monotonic monotonic_ns process_time"
        " process_time_ns thread_time thread_time_ns localtime gmtime ctime asctime strftime"
        " clock_gettime clock_gettime_ns get_clock_info",
        CLOCK,
    )
    | entries("time", "strptime mktime struct_time", PURE_ENTRY)
    | entries("time", "tzset clock_settime", ENVIRONMENT)
    | entries("timeit", "default_timer", CLOCK)
    | entries("timeit", "timeit repeat Timer.timeit Timer.repeat", UNKNOWN)
    | entries("", "random", RANDOM)
    | entries("random", "Random", PURE_ENTRY)
    | entries(
        "random.Random",
        "random uniform randint randrange choice choices sample gauss normalvariate"
        " lognormvariate expovariate vonmisesvariate gammavariate betavariate paretovariate"
        " weibullvariate triangular getrandbits randbytes seed getstate setstate"
        " binomialvariate _randbelow __init__",
        private(RANDOM),
    )
    | entries("random.Random", "shuffle", private(changing((0, "x"), row=RANDOM)))
    | entries("random", "SystemRandom", ENTROPY)
)

_PATHS: Final = "pathlib.Path pathlib.PathBase"
"""Python 3.13 defines a part of the methods in a base class."""

_FILES: Final[Table] = (
    entries(
        "os.path",
        "join split splitext splitdrive splitroot basename dirname normpath normcase isabs"
        " commonprefix commonpath",
        PURE_ENTRY,
    )
    | entries("os", "_path_normpath _path_splitroot_ex", PURE_ENTRY)  # the same, written in C
    | returning(
        {
            "str": [
                f"os.path.{name}"
                for name in ["join", "basename", "dirname", "normpath", "normcase"]
            ]
            + ["os._path_normpath"],
            "bool": ["os.path.isabs"],
        }
    )
    | entries(
        "os.path",
        "abspath realpath relpath expanduser expandvars",
        READS_ENVIRONMENT,
    )
    | entries(
        "os.path",
        "exists lexists isfile isdir islink ismount getsize getmtime getatime getctime samefile"
        " sameopenfile samestat isjunction isdevdrive",
        READS_FILES,
    )
    | entries(
        "os", "listdir scandir walk fwalk stat lstat fstat access readlink statvfs", READS_FILES
    )
    | entries("os", "fspath", PURE_ENTRY)
    | entries(
        "os",
        "mkdir makedirs remove unlink rmdir removedirs rename renames replace link symlink chmod"
        " chown utime truncate open close read write lseek fsync mkfifo sendfile copy_file_range"
        " pipe dup dup2 ftruncate pread pwrite",
        WRITES_FILES,
    )
    | entries(
        "os",
        "getcwd getcwdb getenv getpid getppid getuid getgid geteuid getlogin uname cpu_count times"
        " getloadavg get_terminal_size sched_getaffinity isatty sysconf get_exec_path getpgid"
        " getsid process_cpu_count _Environ",
        READS_ENVIRONMENT,
    )
    | entries(
        "os",
        "strerror major minor makedev WCOREDUMP WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED"
        " WIFSTOPPED WSTOPSIG WTERMSIG waitstatus_to_exitcode",
        PURE_ENTRY,
    )
    | entries("", "stat", PURE_ENTRY)
    | entries("os", "DirEntry", READS_FILES)
    | entries("os", "chdir fchdir putenv unsetenv umask sched_setaffinity nice", ENVIRONMENT)
    | entries(
        "os._Environ",
        "__setitem__ __delitem__ pop popitem setdefault update clear __ior__",
        ENVIRONMENT,
    )
    | entries("os", "fdopen", opening((1, "mode")))
    | entries(
        "os",
        "system popen fork forkpty kill killpg wait waitpid abort _exit spawnl spawnv spawnve"
        " posix_spawn execv execve execl execlp execvp execle startfile",
        PROCESS,
    )
    | entries("", "pathlib", PURE_ENTRY)
    | entries(
        "pathlib.PurePath",
        "joinpath relative_to with_name with_stem with_suffix",
        alike(PURE_ENTRY),
    )
    | entries(
        _PATHS,
        "read_text read_bytes exists is_file is_dir is_symlink is_mount is_socket is_fifo"
        " is_block_device is_char_device stat lstat iterdir glob rglob walk owner group samefile"
        " readlink is_junction",
        READS_FILES,
    )
    | entries(
        _PATHS,
        "write_text write_bytes mkdir rmdir unlink rename replace touch chmod lchmod"
        " symlink_to hardlink_to copy move copy_into move_into",
        WRITES_FILES,
    )
    | entries(_PATHS, "open", opening((0, "mode")))
    | entries(_PATHS, "cwd home absolute resolve expanduser", READS_ENVIRONMENT)
    | entries("", "shutil zipfile tarfile tempfile fileinput dbm", WRITES_FILES)
    | entries("shutil", "disk_usage", READS_FILES)
    | entries("shutil", "which get_terminal_size", READS_ENVIRONMENT)
    | entries("shutil", "copyfileobj", changing((0, "fsrc"), (1, "fdst"), row=WRITES_FILES))
    | entries("tempfile", "gettempdir gettempprefix", READS_ENVIRONMENT)
    | entries("", "zipfile.ZipFile() tarfile.TarFile.open", opening((1, "mode")))
    | entries("zipfile", "is_zipfile ZipFile.read ZipFile.namelist ZipFile.infolist", READS_FILES)
    | entries("tarfile", "is_tarfile TarFile.getnames TarFile.getmembers", READS_FILES)
    | entries("", "glob linecache importlib.resources pkgutil.get_data filecmp", READS_FILES)
    | entries("glob", "escape translate has_magic", PURE_ENTRY)
    | entries("", "gzip bz2 lzma", WRITES_FILES)
    | entries("", "gzip.open bz2.open lzma.open", opening((1, "mode")))
    # A writer holds on to its file, and changes it later.
    | entries("csv", "writer", changing((0, "csvfile")))
    | entries("csv", "DictWriter()", changing((0, "f")))
    | entries("csv", "DictReader.__next__", MUTATOR)
    | entries("csv", "DictWriter.writerow DictWriter.writerows DictWriter.writeheader", MUTATOR)
    | entries("csv", "writer.writerow writer.writerows", MUTATOR)
    | entries("csv", "register_dialect unregister_dialect field_size_limit", ENVIRONMENT)
    | entries("io", "StringIO BytesIO", PURE_ENTRY)
    | entries("io", "StringIO.getvalue BytesIO.getvalue BytesIO.getbuffer", PURE_ENTRY)
    | entries(
        "io.StringIO",
        "write writelines read readline readlines seek truncate close __next__ __iter__ __init__",
        MUTATOR,
    )
    | entries(
        "io.BytesIO",
        "write writelines read read1 readinto readinto1 readline readlines seek truncate close"
        " __next__ __init__",
        MUTATOR,
    )
    | entries("", "io", private(WRITES_FILES))
    | entries("io._IOBase", "isatty fileno readable seekable writable", READS_ENVIRONMENT)
    | entries("io.TextIOWrapper", "isatty fileno readable seekable writable", READS_ENVIRONMENT)
)

_SYSTEM: Final[Table] = (
    entries("", "sys locale getpass pwd grp resource sysconfig site gc", ENVIRONMENT)
    | entries(
        "sys",
        "getdefaultencoding getfilesystemencoding getrecursionlimit getswitchinterval exc_info"
        " _getframe getprofile gettrace getallocatedblocks",
        READS_ENVIRONMENT,
    )
    | entries("sys", "intern getsizeof getrefcount", PURE_ENTRY)
    | entries("locale", "getlocale localeconv getpreferredencoding getencoding", READS_ENVIRONMENT)
    | entries("locale", "format_string currency str atof atoi strcoll strxfrm delocalize", SETTINGS)
    | entries("sysconfig", "get_path get_paths get_config_var get_config_vars", READS_ENVIRONMENT)
    | entries("", "pwd grp getpass.getuser", READS_ENVIRONMENT)
    # What machine this is does not change while a process runs.
    | entries("", "platform", PURE_ENTRY)
    | entries("platform", "freedesktop_os_release libc_ver", READS_FILES)
    | entries("sys", "exit", PROCESS)
    | entries("getpass", "getpass", CONSOLE)
    | entries("", "argparse.ArgumentParser", UNKNOWN)
    | entries("", "logging", ENVIRONMENT)
    | entries("logging", "debug info warning warn error critical exception log fatal", LOGGING)
    | entries(
        "logging.Logger",
        "debug info warning warn error critical exception log fatal handle _log",
        LOGGING,
    )
    | entries(
        "logging.LoggerAdapter",
        "debug info warning warn error critical exception log",
        LOGGING,
    )
    | entries("logging", "LogRecord Formatter Formatter.format", PURE_ENTRY)
    # The same logger comes back for the same name: creating one cannot be told from finding it.
    | entries("logging", "getLogger Logger.getChild Logger.isEnabledFor getLevelName", PURE_ENTRY)
    | entries("logging", "Logger.getEffectiveLevel LoggerAdapter.isEnabledFor", PURE_ENTRY)
    # What becomes of a warning is for filters to say, and for whoever catches warnings.
    | entries(
        "warnings",
        "warn warn_explicit",
        replace(LOGGING, writes=("log", "warnings that are caught")),
    )
    | entries(
        "warnings",
        "filterwarnings simplefilter resetwarnings catch_warnings.__enter__"
        " catch_warnings.__exit__",
        ENVIRONMENT,
    )
    | entries("warnings", "showwarning", streaming((4, "file")))
    | entries("syslog", "syslog", LOGGING)
    | entries("traceback", "print_exc", streaming((1, "file")))
    | entries("traceback", "print_stack print_tb", streaming((2, "file")))
    | entries("traceback", "print_exception", streaming((4, "file")))
    | entries("", "subprocess multiprocessing threading concurrent.futures signal atexit", PROCESS)
    | entries("", "faulthandler pdb cProfile profile runpy code codeop trace tracemalloc", PROCESS)
    | entries("threading", "current_thread get_ident main_thread active_count", READS_ENVIRONMENT)
    | entries(
        "threading",
        "Lock RLock Event Condition Semaphore BoundedSemaphore local _local allocate_lock",
        PURE_ENTRY,
    )
    | entries(
        "threading",
        "Event.wait Event.set Event.clear Condition.wait Condition.notify Condition.notify_all"
        " Condition.wait_for Semaphore.acquire Semaphore.release lock.acquire lock.release"
        " RLock.acquire RLock.release BoundedSemaphore.release",
        PROCESS,
    )
    | entries("", "queue", PROCESS)
    | entries("queue", "Queue SimpleQueue LifoQueue PriorityQueue", PURE_ENTRY)
    | entries(
        "queue",
        "Queue.get Queue.put Queue.get_nowait Queue.put_nowait Queue.join Queue.task_done"
        " Queue.shutdown SimpleQueue.get SimpleQueue.put SimpleQueue.get_nowait"
        " SimpleQueue.put_nowait SimpleQueue.qsize SimpleQueue.empty Queue.qsize Queue.empty"
        " Queue.full",
        PROCESS,
    )
    | entries("", "asyncio", PROCESS)
    | entries("asyncio", "sleep", SLEEP)
    | entries("asyncio.tasks", "sleep", SLEEP)
    | entries("asyncio.tasks", "gather wait wait_for as_completed shield", HIGHER_ORDER)
    | entries("asyncio.threads", "to_thread", replace(HIGHER_ORDER, blocking=True))
    | entries("asyncio.locks", "Lock() Event() Semaphore() Condition()", PURE_ENTRY)
    | entries("asyncio", "iscoroutinefunction iscoroutine isfuture", PURE_ENTRY)
    | entries("", "importlib pkgutil", ENVIRONMENT)
    | entries(
        "", "unittest doctest ctypes mmap fcntl termios tty pty curses tkinter turtle", UNKNOWN
    )
    | entries("", "contextlib.redirect_stdout contextlib.redirect_stderr", ENVIRONMENT)
)

_NETWORK: Final[Table] = (
    entries("", "urllib.request http.client xmlrpc ftplib poplib imaplib", TOOL)
    | entries("urllib.request", "Request", PURE_ENTRY)
    | entries(
        "urllib.request.Request",
        "add_header add_unredirected_header remove_header set_proxy",
        MUTATOR,
    )
    | entries("urllib.request", "install_opener", ENVIRONMENT)
    | entries("http.client", "HTTPConnection() HTTPSConnection()", PURE_ENTRY)
    | entries("http.client", "HTTPConnection HTTPSConnection", NETWORK)
    | entries("http.client.HTTPResponse", "read", MUTATOR)
    | entries("http", "HTTPStatus", PURE_ENTRY)
    # A message that was sent stays sent, and people see the order of messages.
    | entries("", "smtplib socket ssl socketserver", NETWORK)
    | entries("", "select selectors", PROCESS)
    | entries("socket", "gethostbyname getaddrinfo gethostbyaddr getfqdn", TOOL)
    | entries(
        "socket", "htons htonl ntohs ntohl inet_aton inet_ntoa inet_pton inet_ntop", PURE_ENTRY
    )
    | entries("", "webbrowser", PROCESS)
    # A database keeps state between statements of one connection.
    | entries("", "sqlite3", DATABASE)
)

_EFFECTS: Final[Table] = (
    _NUMBERS | _TEXT | _DATA | _FUNCTIONS | _CRYPTO | _TIME | _FILES | _SYSTEM | _NETWORK
)

TABLE: Final[Table] = _EFFECTS | giving(
    _EFFECTS,
    {
        "float": [f"time.{name}" for name in ("time", "perf_counter", "monotonic", "process_time")]
        + [f"random.Random.{name}" for name in ("random", "uniform", "gauss", "expovariate")]
        + ["os.path.getsize", "os.path.getmtime"],
        "int": [f"time.{name}_ns" for name in ("time", "perf_counter", "monotonic")]
        + [f"random.Random.{name}" for name in ("randint", "randrange", "getrandbits")]
        + ["os.getpid", "os.getuid", "os.cpu_count", "threading.get_ident"],
        "str": [f"time.{name}" for name in ("asctime", "ctime", "strftime")]
        + [f"os.path.{name}" for name in ("abspath", "realpath", "relpath", "expanduser")]
        + ["os.getcwd", "secrets.token_hex", "secrets.token_urlsafe"]
        + [f"platform.{name}" for name in ("machine", "node", "platform", "system", "release")]
        + ["pathlib.Path.read_text", "tempfile.gettempdir", "tempfile.mkdtemp"]
        + ["locale.getpreferredencoding", "sys.getfilesystemencoding", "getpass.getuser"]
        + ["gettext.gettext", "gettext.ngettext", "hashlib.HASH.hexdigest"],
        "bytes": [
            *("os.urandom", "secrets.token_bytes", "pathlib.Path.read_bytes"),
            *("hashlib.HASH.digest", "hmac.HMAC.digest", "random.Random.randbytes"),
        ],
        "bool": [f"os.path.{name}" for name in ("exists", "isdir", "isfile", "islink", "samefile")]
        + [f"pathlib.Path.{name}" for name in ("exists", "is_dir", "is_file", "is_symlink")],
        "csv.writer": ["csv.writer"],
        "list": ["os.listdir", "glob.glob"],
        "pathlib.Path": [f"pathlib.Path.{name}" for name in ("absolute", "cwd", "home", "resolve")],
        "datetime.datetime": [f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")],
        "datetime.date": ["datetime.date.today"],
        "hashlib.HASH": [
            f"hashlib.openssl_{name}" for name in ("md5", "sha1", "sha224", "sha256", "sha384")
        ]
        + ["hashlib.openssl_sha512"],
        "hmac.HMAC": ["hmac.new"],
    },
)

PUBLIC_NAMES: Final = PublicNames({"os": {"fsencode fsdecode": PURE_ENTRY}})
"""Functions that are made by others, and so have no name of their own."""

_PROTOCOL: Final = frozenset(
    {"__next__", "send", "throw", "__setitem__", "__delitem__", "__setattr__"}
)


def _in_standard_library(identity: Identity) -> bool:
    return identity.root in sys.stdlib_module_names


def detect(fn: Any) -> Classification | None:
    """Recognise a standard library callable by its path, or by the class that defines it."""
    identity = identify(fn)
    if not _in_standard_library(identity):
        return None
    if (found := PUBLIC_NAMES.find(fn)) is not None:
        return found[1](found[0])
    if identity.method in _PROTOCOL and identity.path not in TABLE:
        return MUTATOR(identity.path)
    if identity.name == "_lru_cache_wrapper.__call__":
        return None
    return lookup_callable(TABLE, identity)
