"""Forms that say the same, as text: `old => new`. The letters a, b, c, d stand for anything.

Wherever both sides have a value, and what follows `if` holds, it is the same one: a test proves
each row. A row of REMEDIES says
at once what keeps more digits; those of STEPS are steps on the way, which a search may take. The
`closes` of the gate table are rows of this list as well.
"""

from __future__ import annotations

# What loses digits, and what doesn't, beside the patterns of the gate table.
REMEDIES = (
    "1 - cos(a) => 2*sin(a/2)**2",
    "cos(a) - 1 => -2*sin(a/2)**2",
    "sqrt(a*a + b*b) - a => b*b/(hypot(a, b) + a)",
    "sqrt(a**2 + b**2) - a => b**2/(hypot(a, b) + a)",
    "sqrt(a**2 + 1) - a => 1/(hypot(a, 1) + a)",
    "sqrt(a + 1) - sqrt(a) => 1/(sqrt(a + 1) + sqrt(a))",
    "1 - sqrt(1 - a) => a/(1 + sqrt(1 - a))",
    "a**2 - b**2 => (a - b)*(a + b)",
    "a*a - b*b => (a - b)*(a + b)",
    "exp(a)/(exp(a) + exp(b)) => sigmoid(a - b)",
    "exp(a)/(exp(b) + exp(a)) => sigmoid(a - b)",
    "exp(a)/(exp(a) + exp(b) + exp(c)) => 1/(1 + exp(b - a) + exp(c - a))",
    "exp(a)/(exp(b) + exp(a) + exp(c)) => 1/(1 + exp(b - a) + exp(c - a))",
    "exp(a)/(exp(b) + exp(c) + exp(a)) => 1/(1 + exp(b - a) + exp(c - a))",
    "log(exp(a) + exp(b) + exp(c)) => logaddexp(logaddexp(a, b), c)",
    "1 - 1/(1 + exp(-a)) => sigmoid(-a)",
    "1 - sigmoid(a) => sigmoid(-a)",
    "1 - tanh(a)**2 => 1/cosh(a)**2",
    "log(a) - log(b) => log(a/b)",
    "1 - erf(a) => erfc(a)",
)

# Steps: some lose digits or stop short where others go on.
STEPS = (
    # sums, products, quotients
    "a/b - c/d => (a*d - b*c)/(b*d)",
    "a/b + c/d => (a*d + b*c)/(b*d)",
    "1/(a*b) => (1/a)/b",
    "a/(b*c) => (a/b)/c",
    "(a/b)/c => a/(b*c)",
    "(a*b)/(c*d) => (a/c)*(b/d)",
    "(a*b)/c => a*(b/c)",
    "a*(b/c) => (a*b)/c",
    "a*(b*c) => (a*b)*c",
    "a/b => 1/(b/a)",
    "a*(b + c) => a*b + a*c",
    "a*b + a*c => a*(b + c)",
    "a*b - a*c => a*(b - c)",
    "(a + b)/c => a/c + b/c",
    "(a - b)/c => a/c - b/c",
    "(a + b)/(a*b) => 1/a + 1/b",
    "a + b - a => b",
    "(a + b) - (a + c) => b - c",
    "(a - b) + c => (a + c) - b",
    "(a + b) + c => a + (b + c)",
    "(a + b) - c => a + (b - c)",
    "(a - b) - c => a - (b + c)",
    "a + (b - c) => (a + b) - c",
    "-a + b => b - a",
    "-a - b => -(a + b)",
    "(-a)/b => -(a/b)",
    "a**2 => a*a",
    "a*a => a**2",
    "a**2/b**2 => (a/b)**2",
    "(a*b)/(c*c) => (a/c)*(b/c)",
    # roots
    "a - sqrt(b) => (a**2 - b)/(a + sqrt(b))",
    "a + sqrt(b) => (a**2 - b)/(a - sqrt(b))",
    "sqrt(b) - a => (b - a**2)/(a + sqrt(b))",
    "sqrt(a) - sqrt(b) => (a - b)/(sqrt(a) + sqrt(b))",
    "cbrt(a) - cbrt(b) => (a - b)/(cbrt(a)**2 + cbrt(a)*cbrt(b) + cbrt(b)**2)",
    "sqrt(b*b - a) - b => -a/(b + sqrt(b*b - a))",
    "sqrt(a*b) => sqrt(abs(a))*sqrt(abs(b))",
    "sqrt(-(a*b)) => sqrt(abs(a))*sqrt(abs(b))",
    "sqrt(a/b) => sqrt(a)/sqrt(b)",
    "sqrt(-a) => sqrt(abs(a))",
    "sqrt(a*a - b) => where(b < 0, hypot(a, sqrt(-b)), "
    "sqrt(abs(a) - sqrt(b))*sqrt(abs(a) + sqrt(b)))",
    "sqrt(a*a - b*c) => where(b*c < 0, hypot(a, sqrt(abs(b))*sqrt(abs(c))), "
    "sqrt(abs(a) - sqrt(abs(b))*sqrt(abs(c)))*sqrt(abs(a) + sqrt(abs(b))*sqrt(abs(c))))",
    "sqrt(a*a - 4*(b*c)) => where(b*c < 0, hypot(a, 2*sqrt(abs(b))*sqrt(abs(c))), "
    "sqrt(abs(a) - 2*sqrt(abs(b))*sqrt(abs(c)))*sqrt(abs(a) + 2*sqrt(abs(b))*sqrt(abs(c))))",
    # quadratic equations
    "-b + sqrt(b*b - d) => where(b < 0, sqrt(b*b - d) - b, -(d/(b + sqrt(b*b - d))))",
    "-b - sqrt(b*b - d) => where(b < 0, d/(sqrt(b*b - d) - b), -(b + sqrt(b*b - d)))",
    "(-b + sqrt(b*b - a*c))/a => where(b < 0, (sqrt(b*b - a*c) - b)/a, -(c/(b + sqrt(b*b - a*c))))",
    "(-b - sqrt(b*b - a*c))/a => where(b < 0, c/(sqrt(b*b - a*c) - b), -((b + sqrt(b*b - a*c))/a))",
    "(-b + sqrt(b*b - 4*(a*c)))/(2*a) => where(b < 0, (sqrt(b*b - 4*(a*c)) - b)/a/2, "
    "-(2*(c/(b + sqrt(b*b - 4*(a*c))))))",
    "(-b - sqrt(b*b - 4*(a*c)))/(2*a) => where(b < 0, 2*(c/(sqrt(b*b - 4*(a*c)) - b)), "
    "-((b + sqrt(b*b - 4*(a*c)))/a/2))",
    # exponentials and logarithms
    "1 - exp(a) => -expm1(a)",
    "exp(a) - b => expm1(a) + (1 - b)",
    "exp(-a) => 1/exp(a)",
    "exp(2*a) - 1 => (exp(a) - 1)*(exp(a) + 1)",
    "exp(a)/(exp(a) - 1) => 1/(1 - exp(-a))",
    "exp(a)/(exp(a) - b) => 1/(1 - b*exp(-a))",
    "expm1(a + b)/(expm1(a)*expm1(b)) => 1 + 1/expm1(a) + 1/expm1(b)",
    "exp(a) + exp(-a) => 2*cosh(a)",
    "exp(a) - exp(-a) => 2*sinh(a)",
    "2*cosh(a) - 2 => 4*sinh(a/2)**2",
    "cosh(a) - 1 => 2*sinh(a/2)**2",
    "log(1 - a) => log1p(-a)",
    "log(a/b) => log(a) - log(b)",
    "log(a/b) => log1p((a - b)/b)",
    "log(a*b) => log(a) + log(b)",
    "log1p(a) - log(b) => log((1 + a)/b)",
    "log1p(a) - log1p(-a) => 2*atanh(a)",
    "log((1 + a)/(1 - a)) => 2*atanh(a)",
    "log((1 - a)/(1 + a)) => -2*atanh(a)",
    "log(a + sqrt(a*a + 1)) => asinh(a)",
    "log(a + sqrt(a**2 + 1)) => asinh(a)",
    "log(a + sqrt(a*a - 1)) => acosh(a)",
    "log(a + sqrt(a**2 - 1)) => acosh(a)",
    "a**b - 1 => expm1(b*log(a))",
    "a**c - b**c => b**c*(exp(c*log(a/b)) - 1)",
    "a**c - b**c => exp(c*log(b))*(exp(c*log(a/b)) - 1)",
    "-log(1/a) => log(a)",
    # angles
    "1 - cos(a) => sin(a)*tan(a/2)",
    "(1 - cos(a))/sin(a) => tan(a/2)",
    "sin(a) - sin(b) => 2*cos((a + b)/2)*sin((a - b)/2)",
    "cos(a) - cos(b) => -2*sin((a + b)/2)*sin((a - b)/2)",
    "tan(a) - tan(b) => sin(a - b)/(cos(a)*cos(b))",
    "sin(a + b) => sin(a)*cos(b) + cos(a)*sin(b)",
    "cos(a + b) => cos(a)*cos(b) - sin(a)*sin(b)",
    "atan(a) - atan(b) => atan((a - b)/(1 + a*b)) if 1 + a*b > 0",
)
