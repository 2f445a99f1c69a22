// The inputs: a slider and a field for each number, with a range that can be set; arrays as
// pictures with their numbers on demand.

let controls = [];

function move(place, value) {
    point[place] = value;
    controls[place]?.set(value);
    compute();
}

function control(input, place) {
    if (input.array) {
        return { row: arrayRow(input, place), set: () => undefined };
    }
    const slider = made("input", { type: "range", min: input.low, max: input.high, step: input.step, "aria-label": `${input.name}, slider` });
    const box = made("input", { type: "number", step: "any", "aria-label": input.name });
    const low = made("input", { type: "number", step: "any", value: input.low, "aria-label": `${input.name}, lowest` });
    const high = made("input", { type: "number", step: "any", value: input.high, "aria-label": `${input.name}, highest` });
    const set = (value) => {
        slider.value = String(value);
        slider.setAttribute("aria-valuetext", `${input.name} is ${short(value)}`);
        if (document.activeElement !== box || Number(box.value) !== value) {
            box.value = String(value);
        }
    };
    slider.addEventListener("input", () => move(place, tidy(Number(slider.value))));
    box.addEventListener("input", () => {
        const value = Number.parseFloat(box.value);
        if (Number.isFinite(value)) {
            move(place, value);
        }
    });
    const bound = () => {
        const [from, to] = [low, high].map((one) => Number.parseFloat(one.value));
        if (from < to) {
            const step = 10 ** (Math.floor(Math.log10(to - from)) - 2);
            Object.assign(slider, { min: from, max: to, step });
            set(point[place]);
        }
    };
    low.addEventListener("change", bound);
    high.addEventListener("change", bound);
    const row = made("div", { class: "input" },
        made("span", { class: "name" }, input.name), slider, box,
        made("span", { class: "range" }, "from ", low, " to ", high));
    set(point[place]);
    return { row, set };
}

function arrayRow(input, place) {
    const { shape } = input.value;
    const name = made("span", { class: "name" }, input.name);
    const size = made("span", { class: "size" }, `an array ${shape.join("×")}`);
    const field = made("textarea", { rows: 2, spellcheck: "false", "aria-label": input.name });
    field.value = written(input.value);
    field.readOnly = !engine.arrays;
    field.addEventListener("change", () => {
        point[place] = field.value;
        engine.reopen();
    });
    return made("div", { class: "input array" }, name, size, field);
}

// An array as a list of lists.
function written({ shape, entries }) {
    let items = entries.map((one) => String(tidy(one)));
    for (const size of [...shape].reverse()) {
        const rows = [];
        for (let at = 0; at < items.length; at += size || 1) {
            rows.push(`[${items.slice(at, at + size).join(", ")}]`);
        }
        items = rows;
    }
    return items.join(", ");
}

function buildInputs() {
    const form = element("inputs");
    const focused = form.contains(document.activeElement) ? document.activeElement.ariaLabel : null;
    controls = scene.inputs.map(control);
    form.replaceChildren(...controls.map((one) => one.row));
    [...form.querySelectorAll("input, textarea")].find((one) => one.ariaLabel === focused)?.focus();
}

function reset() {
    scene.inputs.forEach((input, place) => {
        if (!input.array) {
            point[place] = input.value;
            controls[place].set(input.value);
        }
    });
    compute();
}

function moved() {
    return scene.inputs.some((input, place) => !input.array && input.value !== point[place]);
}

// What the gradient says of every input.
function answer() {
    const rows = scene.inputs.map((input, place) => {
        const gradient = sum(scene.uses[place]);
        const text = typeof gradient === "number" ? short(gradient) : `an array ${gradient.shape.join("×")}`;
        return made("tr", {}, made("td", {}, `d${scene.output}/d${input.name}`), made("td", { class: "number" }, text),
            made("td", {}, typeof gradient === "number" ? meaning(gradient) : ""));
    });
    document.querySelector("#answers tbody").replaceChildren(...(step === last() ? rows : []));
}

function meaning(gradient) {
    if (!Number.isFinite(gradient)) {
        return "no finite slope";
    }
    const way = gradient > 0 ? "rises" : "falls";
    return gradient === 0 ? `${scene.output} doesn't move` : `raise it, and ${scene.output} ${way} ${short(Math.abs(gradient))} times as much`;
}

// The first stage that made a number that is none, and of what.
function domainError() {
    for (const [place, stage] of scene.stages.entries()) {
        const fed = stage.operands.map((slot) => now.values[slot]);
        if (!finite(now.values[stage.slot]) && fed.every(finite)) {
            const written = scene.arrays ? stage.code : filled(stage);
            const result = scene.arrays ? "not finite" : short(now.values[stage.slot]);
            return `Stage ${place + 1} (${stage.name}, ${stage.gate}): ${written} is ${result}.`;
        }
    }
    return "";
}

// The state lives in the address, after the #, so that a link brings it back. Browsers refuse an
// address that changes too often, as it would while a slider moves.
const SETTLED = 400; // milliseconds
let kept = -SETTLED, keeping = 0;

function keep() {
    clearTimeout(keeping);
    if (performance.now() - kept < SETTLED) {
        keeping = setTimeout(keepNow, SETTLED);
    } else {
        keepNow();
    }
}

function keepNow() {
    kept = performance.now();
    const state = new URLSearchParams(engine.address?.() ?? {});
    scene.inputs.forEach((input, place) => {
        if (!input.array || typeof point[place] === "string") {
            state.set(input.name, String(point[place]));
        }
    });
    if (step < last()) {
        state.set(" step", String(step));
    }
    history.replaceState(null, "", `#${state}`);
}

function restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    scene.inputs.forEach((input, place) => {
        const found = Number.parseFloat(state.get(input.name));
        if (!input.array && Number.isFinite(found)) {
            point[place] = found;
        }
    });
    const found = Number.parseInt(state.get(" step"), 10);
    step = found >= 0 && found < last() ? found : last();
    revealed = true;
}
