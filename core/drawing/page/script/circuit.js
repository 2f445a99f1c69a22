// The circuit: the numbers on its wires as they are now, and what is lit.

const picture = () => document.querySelector("#picture svg");
const all = (selector) => document.querySelectorAll(`#picture ${selector}`);
const LEVELS = 4; // shades of an entry in the picture of an array
const MAP = { width: 48, height: 26, rows: 8, columns: 12 };
let chosen = null; // the wire that is looked at

function keysOf(one) {
    return one.dataset.flows ? one.dataset.flows.split(" ") : [];
}

function carriedBy(run) {
    return run.dataset.carries ? run.dataset.carries.split(" ") : [];
}

// Put a picture in place. It is parsed as an image, so that nothing in it is a script.
function install(view) {
    const place = element("picture");
    if (view.svg) {
        const parsed = new DOMParser().parseFromString(view.svg, "image/svg+xml");
        place.replaceChildren(document.importNode(parsed.documentElement, true));
    }
    const svg = picture();
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    whole = { width, height };
    chosen = null;
    showMap(view.nodes);
    for (const run of all(".run[data-carries]")) {
        run.addEventListener("click", () => choose(run));
    }
    for (const box of all(".box[data-node]")) {
        box.addEventListener("click", () => openBox(box));
    }
    frameFirst();
}

// Text in the room that it has: what needs more is drawn narrower.
function write(label, text, height = 13) {
    if (label.textContent === text) {
        return;
    }
    label.textContent = text;
    const allowed = Number(label.dataset.room);
    if (allowed && wide(text, height) > allowed) {
        label.setAttribute("textLength", allowed);
        label.setAttribute("lengthAdjust", "spacingAndGlyphs");
    } else {
        label.removeAttribute("textLength");
        label.removeAttribute("lengthAdjust");
    }
}

function showNumbers() {
    const computed = computedSlots();
    const visible = visibleLabels();
    const current = currentStep();
    const asked = current && covered() ? current : null;
    for (const label of all("[data-slot]")) {
        const slot = Number(label.dataset.slot);
        const value = now.values[slot];
        const secret = asked && asked.pass === "forward" && asked.slots.includes(slot);
        write(label, secret ? "?" : short(value));
        label.dataset.value = typeof value === "number" ? String(value) : short(value);
        label.classList.toggle("hidden", !computed.has(slot));
    }
    for (const label of all("[data-flows]")) {
        const number = Number(label.id.slice("gradient-".length));
        const gradient = sum(keysOf(label));
        const here = current !== null && current.pass === "backward" && current.labels.includes(number);
        write(label, here && asked ? "?" : short(gradient));
        label.dataset.gradient = typeof gradient === "number" ? String(gradient) : short(gradient);
        label.classList.toggle("hidden", !visible.has(number));
        label.classList.toggle("now", here);
    }
    for (const label of all("[data-local]")) {
        const key = label.dataset.local;
        const slope = now.slopes[key] ?? (stageOf(key)?.routes ? 0 : undefined);
        write(label, slope === undefined ? "" : `×${short(slope)}`, 11);
        label.classList.toggle("hidden", !computed.has(Number(key.split(".")[0])));
    }
    for (const heat of all(".heat")) {
        const back = heat.dataset.mapOf;
        const label = back ? element(back) : null;
        const value = back ? sum(keysOf(label)) : now.values[heat.dataset.map];
        const hidden = back ? label.classList.contains("hidden") : !computed.has(Number(heat.dataset.map));
        heat.classList.toggle("hidden", hidden);
        colour(heat, value);
    }
    showWires(visible);
    light(current);
    describe();
}

function stageOf(key) {
    return stages.get(Number(key.split(".")[0]));
}

// A wire is as broad as its gradient is large, next to the largest of all.
function showWires(visible) {
    const shown = new Set();
    for (const number of visible) {
        keysOf(element(`gradient-${number}`) ?? { dataset: {} }).forEach((key) => shown.add(key));
    }
    const runs = [...all(".run[data-carries]")];
    const sizes = runs.map((run) => {
        const keys = carriedBy(run).filter((key) => shown.has(key));
        return keys.length ? sizeOf(sum(keys)) : 0;
    });
    const largest = Math.max(...sizes.filter(Number.isFinite), 0);
    const broad = element("broad").checked;
    runs.forEach((run, place) => {
        const part = largest && Number.isFinite(sizes[place]) ? Math.sqrt(sizes[place] / largest) : 0;
        run.querySelector(".wire").style.strokeWidth = broad && part ? (1.5 + 4 * part).toFixed(2) : "";
    });
}

// What the step is about: its gate, and the wire that its number goes along.
function light(current) {
    for (const one of all(".lit, .at")) {
        one.classList.remove("lit", "at");
    }
    for (const mark of document.querySelectorAll("#map .mark")) {
        mark.classList.toggle("at", current !== null && Number(mark.dataset.node) === current.node);
    }
    if (current) {
        for (const gate of all(`[data-node="${current.node}"]`)) {
            gate.classList.add("at");
        }
        wiresOf(current).forEach((run) => run.classList.add("lit"));
        if (current.pass === "backward" && current.flows.length === 1) {
            for (const local of all(`[data-local="${current.flows[0]}"]`)) {
                local.classList.add("lit");
            }
        }
    }
    if (chosen) {
        chosen.classList.add("chosen");
    }
}

function wiresOf(current) {
    const runs = [...all(".run[data-carries]")];
    if (current.pass === "forward") {
        const wanted = new Set(current.slots.map(String));
        return runs.filter((run) => carriedBy(run).some((key) => key !== "outside" && wanted.has(key.split(".")[0])) && run.dataset.to);
    }
    const wanted = current.flows.join(" ");
    return runs.filter((run) => run.dataset.carries === wanted);
}

// The picture of an array: one shade for every entry, or for every block of them.
function colour(heat, value) {
    heat.replaceChildren();
    if (!value || !value.entries) {
        return;
    }
    const cells = cellsOf(value);
    const { rows, columns, numbers } = cells;
    const width = Math.min(8, MAP.width / columns), height = Math.min(8, MAP.height / rows);
    const left = Number(heat.dataset.x) + (MAP.width - columns * width) / 2;
    const top = Number(heat.dataset.y) + (MAP.height - rows * height) / 2;
    const largest = Math.max(...numbers.map(Math.abs).filter(Number.isFinite), 0);
    const shades = new Map();
    numbers.forEach((number, place) => {
        const level = largest ? Math.ceil((Math.abs(number) / largest) * LEVELS) : 0;
        const name = !Number.isFinite(number) ? "lost" : level ? `${number < 0 ? "low" : "high"}${level}` : "none";
        const x = left + (place % columns) * width, y = top + Math.floor(place / columns) * height;
        const cell = `M${x.toFixed(2)} ${y.toFixed(2)}h${width.toFixed(2)}v${height.toFixed(2)}h${(-width).toFixed(2)}z`;
        shades.set(name, (shades.get(name) ?? "") + cell);
    });
    for (const [name, path] of shades) {
        heat.append(drawnShape("path", { class: `shade ${name}`, d: path }));
    }
}

function cellsOf({ shape, entries }) {
    const across = shape[shape.length - 1] || 1;
    const down = Math.max(1, Math.floor(entries.length / across));
    const rows = Math.min(down, MAP.rows), columns = Math.min(across, MAP.columns);
    const sums = new Float64Array(rows * columns), counts = new Float64Array(rows * columns);
    entries.forEach((entry, place) => {
        const row = Math.floor((Math.floor(place / across) * rows) / down);
        const column = Math.floor(((place % across) * columns) / across);
        if (row < rows) {
            sums[row * columns + column] += entry;
            counts[row * columns + column] += 1;
        }
    });
    return { rows, columns, numbers: [...sums].map((total, place) => total / counts[place]) };
}

// The description follows the values, for those who can't see the picture.
function describe() {
    const words = picture()?.querySelector("desc");
    if (!words) {
        return;
    }
    const inputs = scene.inputs.map((input) => `${input.name} is ${short(now.values[input.slot])}`);
    const gates = scene.stages.slice(0, 40).map((stage) => `${stage.name} = ${stage.code} is ${short(now.values[stage.slot])}`);
    words.textContent = `A circuit of ${inputs.length} inputs and ${scene.gates} gates. ${[...inputs, ...gates].join(". ")}.`;
}

// A point that goes along the wires of a step: to the gate, or back from it.
function pulse(current) {
    if (!current || still()) {
        return;
    }
    for (const run of wiresOf(current).slice(0, 12)) {
        const wire = run.querySelector(".wire");
        const length = wire.getTotalLength();
        const dot = drawnShape("circle", { r: 5, class: `pulse ${current.pass}` });
        run.append(dot);
        const began = performance.now();
        const frame = (time) => {
            const part = Math.min(1, Math.max(0, (time - began) / 600));
            const at = wire.getPointAtLength(length * (current.pass === "forward" ? part : 1 - part));
            dot.setAttribute("cx", at.x);
            dot.setAttribute("cy", at.y);
            if (part < 1 && dot.isConnected) {
                requestAnimationFrame(frame);
            } else {
                dot.remove();
            }
        };
        requestAnimationFrame(frame);
    }
}
