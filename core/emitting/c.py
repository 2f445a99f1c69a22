"""C99: `double f(const double in[], double grad[])`, a file that needs nothing but math.h."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from backprop.emitting.code import Input, Line, Routine, Wish, words_in
from backprop.emitting.language import WIDTH, Curly
from backprop.emitting.steps import Walk
from backprop.program.program import Program

KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline
int long register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while alignas alignof asm atomic bool complex constexpr false generic
imaginary noreturn nullptr static_assert thread_local true typeof typeof_unqual linux unix i386
near far
"""
MACROS = """
NAN INFINITY HUGE_VAL HUGE_VALF HUGE_VALL HUGE NULL EOF EDOM ERANGE MAXFLOAT DOMAIN SING
OVERFLOW UNDERFLOW PLOSS TLOSS X_TLOSS MATH_ERRNO MATH_ERREXCEPT math_errhandling isnan isinf
isfinite isnormal signbit fpclassify isgreater isgreaterequal isless islessequal islessgreater
isunordered
"""
# What a function of a C program should not be called: the linker knows only one of each name.
FUNCTIONS = """
acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 exp10 pow10
expm1 fabs fdim floor fma fmax fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma llrint
llround log log10 log1p log2 logb lrint lround modf nan nearbyint nextafter nexttoward pow
remainder remquo rint round scalb scalbln scalbn significand drem sin sincos sinh sqrt tan tanh
tgamma trunc y0 y1 yn main abs labs llabs div ldiv lldiv abort exit atexit atof atoi atol strtod
strtol strtof malloc calloc realloc free rand srand qsort bsearch system getenv printf fprintf
sprintf snprintf scanf sscanf puts putchar getchar gets fopen fclose fread fwrite fputs fputc
fgets fgetc getc putc ungetc fflush fseek ftell rewind remove rename tmpfile perror memcpy
memmove memset memcmp memchr strlen strcpy strncpy strcat strncat strcmp strncmp strchr strrchr
strstr strtok strdup index rindex bcmp bcopy bzero ffs toupper tolower isalpha isdigit isspace
isupper islower isalnum iscntrl isgraph isprint ispunct isxdigit time clock difftime mktime
signal raise setjmp longjmp read write open close link unlink pipe fork wait kill sleep alarm
select send recv bind listen accept connect socket stat access dup exec execl execv alloca conj
creal cimag cabs carg cexp clog cpow csin ccos csqrt environ stdin stdout stderr errno
"""

SOURCE = """
// The cube root, after one step of Newton's method the nearest float nearly always.
static double cube_root(double a) {
    const double root = cbrt(a);
    if (!(1e-290 < fabs(a) && fabs(a) < 1e290)) {
        return root;
    }
    return root - (root * root * root - a) / (3.0 * root * root);
}


// 1, 0 or -1; nan for nan.
static double sign(double a) {
    return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a == 0.0 ? 0.0 : a;
}


// The remainder with the sign of b, where that of fmod is a's.
static double mod(double a, double b) {
    const double rest = fmod(a, b);
    return rest != 0.0 ? (rest < 0.0) != (b < 0.0) ? rest + b : rest : copysign(0.0, b);
}


// The maximum; nan if an operand is.
static double largest(double a, double b) {
    return a >= b || a != a ? a : b;
}


// The minimum; nan if an operand is.
static double smallest(double a, double b) {
    return a <= b || a != a ? a : b;
}


// The maximum of n numbers; nan if one is.
static double largest_of(int n, const double a[]) {
    double found = a[0];
    for (int i = 1; i < n; i++) {
        found = found >= a[i] || found != found ? found : a[i];
    }
    return found;
}


// The minimum of n numbers; nan if one is.
static double smallest_of(int n, const double a[]) {
    double found = a[0];
    for (int i = 1; i < n; i++) {
        found = found <= a[i] || found != found ? found : a[i];
    }
    return found;
}


// The length of n numbers. They are scaled by a power of two, so that no square overflows, and
// what a sum of squares rounds off is added in the end.
static double length_of(int n, const double a[]) {
    double most = 0.0, sum = 0.0, rest = 0.0;
    int exponent, nans = 0;
    for (int i = 0; i < n; i++) {
        nans += a[i] != a[i];
        most = fabs(a[i]) > most ? fabs(a[i]) : most;
    }
    if (most == INFINITY || nans || most == 0.0) {
        return most == INFINITY ? most : nans ? NAN : 0.0;
    }
    frexp(most, &exponent);
    for (int i = 0; i < n; i++) {
        const double x = ldexp(a[i], -exponent), square = x * x, total = sum + square;
        rest += sum >= square ? sum - total + square : square - total + sum;
        sum = total;
    }
    return ldexp(sqrt(sum + rest), exponent);
}
"""
MANY = {"max": "largest_of", "min": "smallest_of", "hypot": "length_of"}


class C(Curly):
    name = "c"
    title = "C"
    unicode = False
    own: ClassVar = {"abs": "fabs", "round": "rint", "cbrt": "cube_root",
                     "gamma": "tgamma", "lgamma": "log_gamma"}  # fmt: skip
    few: ClassVar = {"max": "largest", "min": "smallest", "hypot": "hypot"}
    words: ClassVar = {"and": "&&", "or": "||", "true": "1", "false": "0"}
    nan = "NAN"
    infinity = "INFINITY"
    reserved = frozenset(
        [*KEYWORDS.split(), *MACROS.split(), "in", "grad", "fabs", "rint", "frexp", "ldexp"]
    )
    forbidden = r"_[A-Z_].*|M_.*|FP_.*|E[A-Z0-9].*|.*__.*"
    taken = frozenset(FUNCTIONS.split())
    source = SOURCE

    def write(self, program: Program, wish: Wish) -> str:
        return Walk(program, self, wish.ties, wish.wrt).file(wish)

    def literal(self, value: float, alone: bool) -> str:
        return super().literal(value, True)

    def has(self, gate: str) -> bool:
        return super().has(gate) or gate in self.taken

    def call(self, gate: str, operands: Sequence[str]) -> str:
        if gate in MANY and len(operands) > 2:
            array = f"(const double[]){{{', '.join(operands)}}}"
            return f"{MANY[gate]}({len(operands)}, {array})"
        return super().call(gate, operands)

    def declared(self, line: Line) -> str:
        return {"let": "const double", "vary": "double", "flag": "int"}[line.kind]

    def heading(self, name: str, parameters: Sequence[str]) -> str:
        return f"static double {name}({', '.join(f'double {p}' for p in parameters)}) {{"

    def file(self, routine: Routine, helpers: Sequence[str], header: Sequence[str]) -> str:
        code = "\n".join([*self.head(routine), *self.body(routine), "}"])
        parts = [*helpers, code]
        used = {word for part in parts for word in words_in(part)}
        if used & {*FUNCTIONS.split(), *MACROS.split()}:
            parts = ["#include <math.h>", *parts]
        top = "\n".join([self.remark(line) for line in header])
        return "\n\n".join([*([top] if top else []), *parts]) + "\n"

    def head(self, routine: Routine) -> list[str]:
        """What the function is for, the order of its arrays, and its first line."""
        lines = [f"// Value of {routine.output}; its gradient goes to grad."]
        parameters = "const double in[], double grad[]"
        if routine.gradient is None:
            lines, parameters = [f"// Value of {routine.output}."], "const double in[]"
        lines += spread("in:  ", [described(given) for given in routine.inputs])
        lines += spread("grad:", [f"d{routine.output}/d{n}" for n, _ in routine.gradient or ()])
        return [*lines, f"double {routine.name}({parameters}) {{"]

    def body(self, routine: Routine) -> list[str]:
        """The lines between the braces; what a loop over many points can hold as well."""
        names = [
            f"    const double {given.code} = in[{place}];"
            for place, given in enumerate(routine.inputs)
            if given.code in routine.used
        ]
        if not names:
            names = ["    (void)in;"]
        gradient = routine.gradient
        stored = [f"    grad[{place}] = {text};" for place, (_, text) in enumerate(gradient or ())]
        if gradient is not None and not stored:
            stored = ["    (void)grad;"]
        lines = [one for line in routine.lines for one in self.refused(line, len(gradient or ()))]
        return [*names, *self.block(lines), *stored, f"    return {routine.result};"]

    def refused(self, line: Line, count: int) -> list[Line]:
        """Where the function can't go on, all that it gives is nan."""
        if line.kind != "refuse":
            return [line]
        nothing = Line("code", text=f"for (int i = 0; i < {count}; i++) grad[i] = NAN;")
        note = Line("note", text=self.remark(line.text).removeprefix(f"{self.comment} "))
        return [note, *([nothing] if count else []), Line("code", text="return NAN;")]


def described(given: Input) -> str:
    return (
        given.name if given.default is None else f"{given.name} ({given.default!r} in the program)"
    )


def spread(head: str, items: Sequence[str]) -> list[str]:
    """Items in comments, as many a line as there is room for."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 2 <= WIDTH:
            lines[-1] += f", {item}"
        else:
            lines.append(f"// {' ' * len(head) if lines else head} {item}")
    return lines


LANGUAGE = C()
