# SPDX-License-Identifier: MIT
"""The accesses to shared words that a function of the library makes, and those its model makes.

A model has an inline for each function, of the same name but for the library's prefix, with the same
accesses and the same calls of one another in the same order. In C an access is a builtin,
__atomic_load_n(&lock->sleepers, __ATOMIC_RELAXED); in the model a macro, LOAD_RELAXED(sleepers). The
macro's name ends with the ordering unless that is sequentially consistent.
"""
import re

OPERATIONS = {"load_n": "LOAD", "store_n": "STORE", "fetch_or": "OR", "fetch_and": "AND",
              "exchange_n": "EXCHANGE", "compare_exchange_n": "CAS"}
NAMES = sorted(OPERATIONS.values(), key=len, reverse=True)

C_FUNCTION = re.compile(r"^(?:static |inline |extern )*\w[\w ]*[ *](\w+)\(([^;{]*?)\)\n\{\n(.*?)^\}",
                        re.MULTILINE | re.DOTALL)
C_TOKEN = re.compile(r"__atomic_(?P<operation>\w+)\(&?(?:\w+->)*(?P<word>\w+)(?P<rest>[^;{]*?)"
                     r"__ATOMIC_(?P<order>\w+)|\b(?P<call>\w+)\(", re.DOTALL)
MODEL_INLINE = re.compile(r"^inline (\w+)\(.*?\)\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
MODEL_TOKEN = re.compile(rf"\b(?P<operation>{'|'.join(NAMES)})(?P<order>_RELAXED|_ACQUIRE|_RELEASE)?"
                         r"\((?P<word>\w+)|\b(?P<call>\w+)\(")


def without_comments(text):
    """Source text, without what a reader alone reads."""
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def suffix(order):
    """How an ordering is told in a model's macro."""
    return "" if order == "SEQ_CST" else f"_{order}"


def short(name, prefix):
    """A function's name in a model."""
    return name.removeprefix(prefix).removeprefix("stile_")


def of_code(text, prefix, words):
    """{function: its accesses and calls} of C sources; only accesses to the words named."""
    found = {}
    for name, _, body in C_FUNCTION.findall(without_comments(text)):
        accesses = []
        for token in C_TOKEN.finditer(body):
            if token["call"]:
                accesses.append(short(token["call"], prefix))
            elif token["word"] in words:
                operation = OPERATIONS[token["operation"]]
                accesses.append(f"{operation}{suffix(token['order'])} {token['word']}")
        found[short(name, prefix)] = accesses
    return found


def of_model(text):
    """{inline: its accesses and calls} of a model."""
    found = {}
    for name, body in MODEL_INLINE.findall(without_comments(text)):
        found[name] = [f"{token['operation']}{token['order'] or ''} {token['word']}"
                       if token["operation"] else token["call"]
                       for token in MODEL_TOKEN.finditer(body)]
    return found


def only(accesses, calls):
    """Accesses, and of the calls those named."""
    return [access for access in accesses if " " in access or access in calls]


def calls_that_matter(functions, hypercalls):
    """The functions that access something themselves or by what they call, and the hypercalls."""
    calls = set(hypercalls)
    while True:
        more = {name for name, accesses in functions.items() if only(accesses, calls)} - calls
        if not more:
            return calls
        calls |= more


def differences(code, model, prefix, words, hypercalls=()):
    """What a model says otherwise than the code, a line each."""
    of_functions = of_code(code, prefix, words)
    of_inlines = of_model(model)
    calls = calls_that_matter(of_functions, hypercalls)
    lines = [f"{word}: an access that is not atomic" for word in words
             if re.search(rf"(?<![&\w>])(?:\w+->)+{word}\b", without_comments(code))]
    for name, accesses in of_functions.items():
        in_code = only(accesses, calls)
        if name not in of_inlines:
            if in_code:
                lines.append(f"{name}: not in the model")
            continue
        in_model = only(of_inlines[name], calls)
        if in_code != in_model:
            lines.append(f"{name}: the code has {in_code}, the model {in_model}")
    return lines
