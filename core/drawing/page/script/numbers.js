// Numbers: how they are written, and how they add up, also entry by entry.

const element = (id) => document.getElementById(id);
const DIGIT = 0.7, MINUS = 0.85, POINT = 0.4; // parts of its height that a character is wide
const FULL = 2; // entries of an array that are written out

function minus(text) {
    return String(text).replaceAll("-", "−");
}

// What JSON has no number for comes as a text: Infinity, NaN.
function revived(value) {
    if (typeof value === "string") {
        return Number(value);
    }
    if (value && value.entries) {
        return { ...value, entries: value.entries.map(revived) };
    }
    return value;
}

// The numbers at a point as they come from the library.
function revivedNumbers(found) {
    const each = (one) => Object.fromEntries(Object.entries(one).map(([key, value]) => [key, revived(value)]));
    return { ...found, values: each(found.values), flows: each(found.flows), slopes: each(found.slopes), outside: revived(found.outside ?? 1) };
}

// Two decimals, and more digits where those would say little: only zero is shown as 0.00.
function short(number) {
    if (typeof number !== "number") {
        return number ? shortArray(number) : "";
    }
    if (!Number.isFinite(number)) {
        return number > 0 ? "inf" : number < 0 ? "−inf" : "nan";
    }
    const size = Math.abs(number);
    if (size === 0 || (size >= 10 ** (1 - scene.decimals) && size < 1e5)) {
        return minus((number === 0 ? 0 : number).toFixed(scene.decimals));
    }
    return minus(digits(number, scene.decimals + 1));
}

function shortArray(array) {
    if (array.entries.length > FULL || array.shape.length > 1) {
        return array.shape.join("×");
    }
    return `[${array.entries.map((one) => minus(digits(one, scene.decimals + 1))).join(", ")}]`;
}

function digits(number, count) {
    if (!Number.isFinite(number) || number === 0) {
        return number === 0 ? "0" : String(number);
    }
    const [mantissa, power] = number.toExponential(count - 1).split("e");
    const exponent = Number(power);
    const bare = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
    if (exponent >= -4 && exponent < count) {
        return bare(number.toFixed(count - 1 - exponent));
    }
    const sign = exponent < 0 ? "-" : "+";
    return `${bare(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

// As many digits as a number needs in a field: 0.1, not 0.10000000000000009.
function tidy(number) {
    return Number(number.toPrecision(12));
}

function wide(text, height) {
    let em = 0;
    for (const char of text) {
        em += char === "−" || char === "+" ? MINUS : char === "." ? POINT : DIGIT;
    }
    return Math.ceil(em * height);
}

// A number as an operand of a formula: one that is negative stands in brackets.
function operand(number) {
    const text = short(number);
    return text.startsWith("−") ? `(${text})` : text;
}

function add(one, other) {
    if (typeof one === "number" && typeof other === "number") {
        return one + other;
    }
    if (typeof one === "number") {
        return one === 0 ? other : one;
    }
    if (typeof other === "number") {
        return other === 0 ? one : other;
    }
    return { ...one, entries: one.entries.map((entry, place) => entry + other.entries[place]) };
}

function sizeOf(number) {
    if (typeof number === "number") {
        return Math.abs(number);
    }
    return number ? Math.hypot(...number.entries) : 0;
}

function finite(number) {
    return typeof number === "number" ? Number.isFinite(number) : !number || number.entries.every(Number.isFinite);
}

// A message that a gate didn't send is 0.
function flow(key) {
    return key === "outside" ? now.outside ?? 1 : now.flows[key] ?? 0;
}

function sum(keys) {
    return keys.map(flow).reduce(add, 0);
}

function made(kind, attributes = {}, ...inside) {
    const found = document.createElement(kind);
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined && value !== false) {
            found.setAttribute(name, value === true ? "" : String(value));
        }
    }
    found.append(...inside);
    return found;
}

function drawnShape(kind, attributes = {}) {
    const found = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [name, value] of Object.entries(attributes)) {
        found.setAttribute(name, String(value));
    }
    return found;
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
