"""The standard library: what each module does to the world.

A path that is not in the table is left to the analysis of its Python code, if it has any.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from xcs.frontend.classification import Classification
from xcs.frontend.detectors.identity import Identity, identify
from xcs.frontend.detectors.tables import (
    ACCUMULATOR,
    CLOCK,
    CONSOLE,
    ENTROPY,
    ENVIRONMENT,
    HIGHER_ORDER,
    ITERATOR,
    LOGGING,
    MUTATOR,
    PROCESS,
    PURE_ENTRY,
    RANDOM,
    READS_FILES,
    SLEEP,
    TOOL,
    UNKNOWN,
    WRITES_FILES,
    Table,
    entries,
    lookup_callable,
    returning,
)

PRIORITY = -40

_NUMBERS: Final[Table] = (
    entries("", "math cmath numbers statistics fractions decimal.Decimal colorsys", PURE_ENTRY)
    | entries("decimal", "getcontext setcontext localcontext Context", ENVIRONMENT)
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
        " email.header encodings pprint.pformat pprint.saferepr gettext.gettext ipaddress"
        " configparser.ConfigParser() csv.Sniffer",
        PURE_ENTRY,
    )
    | entries("codecs", "register register_error unregister", ENVIRONMENT)
    | entries("codecs", "open", WRITES_FILES)
    | entries("html.parser", "HTMLParser", UNKNOWN)
    | entries("fnmatch", "fnmatch fnmatchcase filter translate", PURE_ENTRY)
    | entries("shlex.shlex", "get_token push_token read_token", MUTATOR)
    | entries("pprint", "pprint pp", CONSOLE)
    | entries("re", "sub subn", HIGHER_ORDER)
    | entries("re.Pattern", "sub subn", HIGHER_ORDER)
    | entries("re", "purge", ENVIRONMENT)
    | entries("email.utils", "localtime formatdate make_msgid", CLOCK)
    | entries("tokenize", "open", READS_FILES)
    | entries("ast.NodeTransformer", "visit generic_visit", UNKNOWN)
    | entries("ast.NodeVisitor", "visit generic_visit", UNKNOWN)
    | entries("ast", "fix_missing_locations increment_lineno copy_location", MUTATOR)
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
    | entries("inspect", "markcoroutinefunction", MUTATOR)
    | entries("json", "dump", WRITES_FILES)
    # These three take an open file and advance it.
    | entries(
        "", "json.load pickle.load tomllib._parser.load marshal.load plistlib.load", READS_FILES
    )
    | entries("", "pickle.dump marshal.dump plistlib.dump", WRITES_FILES)
    # Unpickling runs whatever the data names.
    | entries("", "pickle.loads pickle.Unpickler pickle.Pickler shelve", UNKNOWN)
    | entries(
        "operator",
        "setitem delitem iadd iand iconcat ifloordiv ilshift imatmul imod imul ior ipow irshift"
        " isub itruediv ixor",
        MUTATOR,
    )
    | entries("operator", "call methodcaller.__call__", UNKNOWN)
    | entries("bisect", "insort insort_left insort_right", MUTATOR)
    | entries("heapq", "heappush heappop heapify heapreplace heappushpop _heapify_max", MUTATOR)
    | entries("heapq", "nlargest nsmallest", HIGHER_ORDER)
    | entries("struct", "pack_into Struct.pack_into", MUTATOR)
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
    | entries("dataclasses", "dataclass field make_dataclass", PURE_ENTRY)
    | entries("types.SimpleNamespace", "__init__", MUTATOR)
    | entries("types", "coroutine", PURE_ENTRY)
    | entries(
        "", "weakref.WeakKeyDictionary weakref.WeakValueDictionary weakref.WeakSet", PURE_ENTRY
    )
    | entries("contextvars.ContextVar", "set reset", ENVIRONMENT)
    | entries("contextvars.ContextVar", "get", ENVIRONMENT)
    | entries("contextvars", "copy_context Context", ENVIRONMENT)
    | entries("", "contextvars.ContextVar", PURE_ENTRY)
    | entries("graphlib.TopologicalSorter", "add prepare get_ready done", MUTATOR)
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
    | entries("", "itertools csv.reader csv.DictReader() re.finditer re.Pattern.finditer", ITERATOR)
    | entries("heapq", "merge", ITERATOR)
    | entries("functools", "wraps update_wrapper total_ordering", MUTATOR)
    | entries("itertools", "tee", MUTATOR)
    | entries(
        "functools",
        "partial partialmethod lru_cache cache cmp_to_key cached_property singledispatch"
        " singledispatchmethod",
        PURE_ENTRY,
    )
    # An instance hides the function it wraps; structure, not name, decides about its calls.
    | entries("functools", "_lru_cache_wrapper.cache_clear", ENVIRONMENT)
    | entries("functools", "_lru_cache_wrapper.cache_info", ENVIRONMENT)
)

_CRYPTO: Final[Table] = (
    entries(
        "",
        "hashlib hmac _blake2 _md5 _sha1 _sha2 _sha256 _sha512 _sha3",
        PURE_ENTRY,
    )
    | entries("hashlib", "HASH.update HASHXOF.update file_digest", MUTATOR)
    | entries("hmac", "HMAC.update", MUTATOR)
    | entries("_blake2", "blake2b.update blake2s.update", MUTATOR)
    | entries("", "secrets uuid.uuid1 uuid.uuid4 os.urandom uuid.getnode ssl.RAND_bytes", ENTROPY)
    | entries("secrets", "compare_digest", PURE_ENTRY)
    | entries("", "uuid.UUID uuid.uuid3 uuid.uuid5", PURE_ENTRY)
    | returning({"bool": ["hmac.compare_digest"]})
)

_TIME: Final[Table] = (
    entries("", "datetime zoneinfo.ZoneInfo calendar sched.scheduler", PURE_ENTRY)
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
        "random uniform randint randrange choice choices shuffle sample gauss normalvariate"
        " lognormvariate expovariate vonmisesvariate gammavariate betavariate paretovariate"
        " weibullvariate triangular getrandbits randbytes seed getstate setstate"
        " binomialvariate _randbelow __init__",
        RANDOM,
    )
    | entries("random", "SystemRandom", ENTROPY)
)

_PATHS: Final = "pathlib.Path pathlib.PathBase"
"""Python 3.13 defines a part of the methods in a base class."""

_FILES: Final[Table] = (
    entries(
        "os.path",
        "join split splitext splitdrive splitroot basename dirname normpath normcase isabs"
        " commonprefix commonpath expandvars",
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
        "abspath realpath relpath expanduser",
        ENVIRONMENT,
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
    | entries("os", "fspath fsencode fsdecode", PURE_ENTRY)
    | entries(
        "os",
        "mkdir makedirs remove unlink rmdir removedirs rename renames replace link symlink chmod"
        " chown utime truncate open close read write lseek fsync mkfifo sendfile copy_file_range"
        " pipe dup dup2 ftruncate pread pwrite",
        WRITES_FILES,
    )
    | entries(
        "os",
        "getcwd getcwdb chdir fchdir getenv putenv unsetenv environ getpid getppid getuid getgid"
        " geteuid getlogin uname cpu_count umask times getloadavg get_terminal_size"
        " sched_getaffinity sched_setaffinity nice isatty strerror sysconf get_exec_path"
        " getpgid getsid process_cpu_count _Environ",
        ENVIRONMENT,
    )
    | entries(
        "os",
        "system popen fork forkpty kill killpg wait waitpid abort _exit spawnl spawnv spawnve"
        " posix_spawn execv execve execl execlp execvp execle startfile",
        PROCESS,
    )
    | entries("", "pathlib", PURE_ENTRY)
    | entries(
        _PATHS,
        "read_text read_bytes exists is_file is_dir is_symlink is_mount is_socket is_fifo"
        " is_block_device is_char_device stat lstat iterdir glob rglob walk owner group samefile"
        " readlink is_junction",
        READS_FILES,
    )
    | entries(
        _PATHS,
        "write_text write_bytes open mkdir rmdir unlink rename replace touch chmod lchmod"
        " symlink_to hardlink_to copy move copy_into move_into",
        WRITES_FILES,
    )
    | entries(_PATHS, "cwd home absolute resolve expanduser", ENVIRONMENT)
    | entries("", "shutil zipfile tarfile tempfile fileinput dbm", WRITES_FILES)
    | entries("shutil", "disk_usage which", READS_FILES)
    | entries("shutil", "get_terminal_size", ENVIRONMENT)
    | entries("tempfile", "gettempdir gettempprefix", ENVIRONMENT)
    | entries("zipfile", "is_zipfile ZipFile.read ZipFile.namelist ZipFile.infolist", READS_FILES)
    | entries("tarfile", "is_tarfile TarFile.getnames TarFile.getmembers", READS_FILES)
    | entries("", "glob linecache importlib.resources pkgutil.get_data filecmp", READS_FILES)
    | entries("glob", "escape translate has_magic", PURE_ENTRY)
    | entries("", "gzip bz2 lzma", WRITES_FILES)
    | entries("", "csv.writer csv.DictWriter()", PURE_ENTRY)
    | entries("csv", "DictReader.__next__", MUTATOR)
    | entries("csv", "DictWriter.writerow DictWriter.writerows DictWriter.writeheader", MUTATOR)
    | entries("csv.Writer", "writerow writerows", MUTATOR)
    | entries("_csv", "writer.writerow writer.writerows", MUTATOR)
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
    | entries("", "io", WRITES_FILES)
)

_SYSTEM: Final[Table] = (
    entries("", "sys platform locale getpass pwd grp resource sysconfig site gc", ENVIRONMENT)
    | entries("sys", "intern getsizeof getrefcount", PURE_ENTRY)
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
    | entries("warnings", "warn warn_explicit", LOGGING)
    | entries("warnings", "filterwarnings simplefilter resetwarnings", ENVIRONMENT)
    | entries("syslog", "syslog", LOGGING)
    | entries("", "traceback.print_exc traceback.print_exception traceback.print_stack", CONSOLE)
    | entries("", "subprocess multiprocessing threading concurrent.futures signal atexit", PROCESS)
    | entries("", "faulthandler pdb cProfile profile runpy code codeop trace tracemalloc", PROCESS)
    | entries("threading", "current_thread get_ident main_thread active_count", ENVIRONMENT)
    | entries(
        "threading", "Lock RLock Event Condition Semaphore BoundedSemaphore local", PURE_ENTRY
    )
    | entries(
        "threading",
        "Event.wait Event.set Event.clear Condition.wait Condition.notify Condition.notify_all"
        " Condition.wait_for Semaphore.acquire Semaphore.release lock.acquire lock.release"
        " RLock.acquire RLock.release Condition.acquire Condition.release",
        PROCESS,
    )
    | entries("", "queue", PROCESS)
    | entries("queue", "Queue SimpleQueue LifoQueue PriorityQueue", PURE_ENTRY)
    | entries(
        "queue",
        "Queue.get Queue.put Queue.get_nowait Queue.put_nowait Queue.join Queue.task_done"
        " Queue.shutdown SimpleQueue.get SimpleQueue.put Queue.qsize Queue.empty Queue.full",
        PROCESS,
    )
    | entries("", "asyncio", PROCESS)
    | entries("asyncio", "sleep", SLEEP)
    | entries("asyncio.tasks", "sleep", SLEEP)
    | entries("asyncio.tasks", "gather wait wait_for as_completed shield", HIGHER_ORDER)
    | entries("asyncio.locks", "Lock Event Semaphore Condition", PURE_ENTRY)
    | entries("asyncio.locks", "Lock.acquire Lock.release Event.set Event.wait", PROCESS)
    | entries("asyncio", "iscoroutinefunction iscoroutine isfuture", PURE_ENTRY)
    | entries("", "importlib imp pkgutil", ENVIRONMENT)
    | entries(
        "", "unittest doctest ctypes mmap fcntl termios tty pty curses tkinter turtle", UNKNOWN
    )
    | entries("", "contextlib.redirect_stdout contextlib.redirect_stderr", ENVIRONMENT)
)

_NETWORK: Final[Table] = (
    entries("", "urllib.request http.client xmlrpc ftplib poplib imaplib telnetlib", TOOL)
    | entries("urllib.request", "Request", PURE_ENTRY)
    | entries("urllib.request", "install_opener", ENVIRONMENT)
    | entries("http.client", "HTTPConnection HTTPSConnection", PURE_ENTRY)
    | entries("http.client.HTTPConnection", "request getresponse connect close send", PROCESS)
    | entries("http.client.HTTPResponse", "read", MUTATOR)
    | entries("http", "HTTPStatus", PURE_ENTRY)
    # A message that was sent stays sent, and people see the order of messages.
    | entries("", "smtplib socket ssl socketserver select selectors nntplib", PROCESS)
    | entries("socket", "gethostbyname getaddrinfo gethostbyaddr getfqdn", TOOL)
    | entries(
        "socket", "htons htonl ntohs ntohl inet_aton inet_ntoa inet_pton inet_ntop", PURE_ENTRY
    )
    | entries("", "webbrowser", PROCESS)
    # A database keeps state between statements of one connection.
    | entries("", "sqlite3", PROCESS)
)

_TABLE: Final[Table] = (
    _NUMBERS | _TEXT | _DATA | _FUNCTIONS | _CRYPTO | _TIME | _FILES | _SYSTEM | _NETWORK
)

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
    if identity.method in _PROTOCOL and identity.path not in _TABLE:
        return MUTATOR(identity.path)
    if identity.name == "_lru_cache_wrapper.__call__":
        return None
    return lookup_callable(_TABLE, identity)
