// The steps of both passes: first every gate forward, then every gradient backward.

const PACE = 1400, LECTURE = 2600; // milliseconds that a step stays while it plays
let step = 0; // 0 are the inputs alone, then each step, then both passes as a whole
let revealed = true; // in a lecture: has the number been shown?
let playing = 0;

const last = () => view.steps.length + 1;
const lecture = () => document.body.classList.contains("lecture");
const covered = () => lecture() && !revealed;
const currentStep = () => (step > 0 && step < last() ? view.steps[step - 1] : null);

function computedSlots() {
    const found = new Set(scene.inputs.map((input) => input.slot));
    Object.keys(scene.constants).forEach((slot) => found.add(Number(slot)));
    for (const one of view.steps.slice(0, step)) {
        (one.slots ?? []).forEach((slot) => found.add(slot));
    }
    return found;
}

function visibleLabels() {
    return new Set(view.steps.slice(0, step).flatMap((one) => one.labels ?? []));
}

function go(where, { alone = false } = {}) {
    const before = step;
    step = Math.max(0, Math.min(last(), where));
    revealed = step <= before || step === last();
    if (!alone) {
        stopPlaying();
    }
    show();
    follow();
    pulse(step > before ? currentStep() : null);
}

function onwards(options) {
    if (covered()) {
        revealed = true;
        show();
    } else {
        go(step + 1, options);
    }
}

function play() {
    if (playing) {
        stopPlaying();
        return;
    }
    if (step >= last()) {
        step = 0;
    }
    onwards({ alone: true });
    playing = setInterval(() => {
        onwards({ alone: true });
        if (step >= last()) {
            stopPlaying();
        }
    }, lecture() ? LECTURE : PACE);
    showBar();
}

function stopPlaying() {
    clearInterval(playing);
    playing = 0;
    showBar();
}

function showBar() {
    const forward = view.steps.filter((one) => one.pass === "forward").length;
    const back = view.steps.length - forward;
    const where = step === 0 ? "the inputs" : step === last() ? "both passes"
        : step <= forward ? `forward ${step}/${forward}` : `backward ${step - forward}/${back}`;
    element("count").textContent = where;
    element("progress").max = last();
    element("progress").value = step;
    element("progress").setAttribute("aria-valuetext", where);
    element("play").setAttribute("aria-pressed", String(playing !== 0));
    element("play").textContent = playing ? "Pause" : "Play";
    for (const [name, ended] of [["first", step === 0], ["back", step === 0], ["next", step === last()], ["all", step === last()]]) {
        element(name).setAttribute("aria-disabled", String(ended));
    }
    element("next").textContent = covered() ? "Reveal" : "Next";
}

// Keep what the step is about in sight.
function follow() {
    const current = currentStep();
    if (!current) {
        if (!chosenScale) {
            frameFirst();
        }
        return;
    }
    const node = view.nodes.find(([number]) => number === current.node);
    if (!node) {
        return;
    }
    const [, x, y, width, height] = node;
    const gate = { x: x + MARGIN - width / 2 - 60, y: y + MARGIN - height / 2 - 24, width: width + 150, height: height + 48 };
    const wanted = current.pass === "backward" ? joined(gate, labelOf(current)) : gate;
    const { width: across, height: down } = room();
    const scale = chosenScale || Math.max(aimed.scale, READABLE);
    const fits = wanted.width < across / scale && wanted.height < down / scale;
    reveal(fits ? wanted : gate, scale);
    stepAside(gate);
}

function labelOf(current) {
    const label = element(`gradient-${current.labels[0]}`);
    const wide = Number(label.dataset.room);
    return {
        x: Number(label.getAttribute("x")) + MARGIN - wide / 2, y: Number(label.getAttribute("y")) + MARGIN - 40,
        width: wide, height: 50,
    };
}

function joined(one, other) {
    const x = Math.min(one.x, other.x), y = Math.min(one.y, other.y);
    return {
        x, y,
        width: Math.max(one.x + one.width, other.x + other.width) - x,
        height: Math.max(one.y + one.height, other.y + other.height) - y,
    };
}

// The sentence.

function tell() {
    const current = currentStep();
    const said = element("said");
    said.replaceChildren();
    if (step === 0) {
        said.textContent = "The inputs. Step on: every gate computes its value, then every gradient comes back.";
    } else if (current === null) {
        said.textContent = "Both passes: values above the wires, gradients below. Move an input, click at a wire, or start over.";
    } else {
        const line = made("code", { class: current.pass });
        line.textContent = current.pass === "forward" ? forwardLine(current) : backwardLine(current);
        said.append(line, ` ${current.said}`);
    }
}

function forwardLine(current) {
    const stage = stages.get(current.slot);
    const value = covered() ? "?" : short(now.values[current.slot]);
    if (scene.arrays || current.slots.length > 1) {
        return `${stage.name} = ${minus(stage.code)}${covered() ? " = ?" : sized(now.values[current.slot])}`;
    }
    return `${stage.name} = ${minus(stage.code)} = ${filled(stage)} = ${value}`;
}

// What a value comes to: a number, or the shape of an array.
function sized(value) {
    return value && value.entries && value.entries.length > FULL ? `   (${short(value)})` : ` = ${short(value)}`;
}

// The stage with numbers in place of names.
function filled(stage) {
    const text = stage.numbers;
    return minus(text.replace(/ξ(\d+)ξ/g, (place, number, at) => {
        const written = short(now.values[stage.operands[Number(number)]]);
        const before = text.slice(0, at).trimEnd(), after = text.slice(at + place.length).trimStart();
        const bare = /(^|[(,[])$/.test(before) && !after.startsWith("**");
        return written.startsWith("−") && !bare ? `(${written})` : written;
    }));
}

function backwardLine(current) {
    const name = `d${scene.names[current.into]}`;
    const gradient = covered() ? "?" : short(sum(current.flows));
    if (current.flows.length > 1) {
        return `${name} = ${shares(current)} = ${gradient}`;
    }
    if (current.slot === null) {
        return `${name} = ${gradient}`;
    }
    const stage = stages.get(current.slot);
    const formula = stage.pull[current.place];
    const written = formula ? ` = ${minus(formula)}` : "";
    if (scene.arrays) {
        return `${name}${written}${dimensions(stage, current) || sized(sum(current.flows))}`;
    }
    const slope = now.slopes[current.flows[0]];
    const plain = formula === `d${stage.name}` || formula === `-d${stage.name}`;
    if (plain || slope === undefined) {
        return `${name}${written} = ${slope === undefined ? "nothing passes: " : ""}${gradient}`;
    }
    return `${name}${written} = ${operand(slope)} * ${operand(gradientOf(current.slot))} = ${gradient}`;
}

// Where gradients add up, what comes through each stage.
function shares(current) {
    const parts = current.flows.map((key) => {
        const through = key === "outside" ? "itself" : scene.names[key.split(".")[0]];
        return `${covered() ? "?" : short(flow(key))} through ${through}`;
    });
    return parts.join(" + ").replaceAll("+ −", "− ");
}

function gradientOf(slot) {
    return sum([...(users.get(slot) ?? []), ...(slot === scene.outputSlot ? ["outside"] : [])]);
}

// Why a product of matrices passes back what it does: the shapes fit in one way only.
function dimensions(stage, current) {
    if (stage.gate !== "matmul") {
        return "";
    }
    const shape = (value) => (value && value.shape ? value.shape : null);
    const coming = shape(gradientOf(stage.slot)), other = shape(now.values[stage.operands[1 - current.place]]);
    const wanted = shape(sum(current.flows));
    if (!coming || !other || !wanted || coming.length !== 2 || other.length !== 2) {
        return "";
    }
    const turned = [...other].reverse();
    const product = current.place === 0 ? [coming, turned] : [turned, coming];
    return `   (${product.map((one) => one.join("×")).join(" @ ")} → ${wanted.join("×")})`;
}
