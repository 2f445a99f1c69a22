// What the page does: inputs in, every wire out, and the steps of the backward pass.

const data = JSON.parse(document.getElementById("data").textContent);
const total = data.steps.length;
const point = data.inputs.map((input) => input.value);
let step = total;

const element = (id) => document.getElementById(id);

// Numbers as the picture writes them: two decimals, more digits where those would say nothing.
function short(number) {
    if (!Number.isFinite(number)) {
        return number > 0 ? "inf" : number < 0 ? "-inf" : "nan";
    }
    const size = Math.abs(number);
    if (size === 0 || (size >= 10 ** -data.decimals && size < 1e5)) {
        return (number === 0 ? 0 : number).toFixed(data.decimals);
    }
    return digits(number, data.decimals + 1);
}

function digits(number, count) {
    const [mantissa, power] = number.toExponential(count - 1).split("e");
    const exponent = Number(power);
    const bare = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
    if (exponent >= -4 && exponent < count) {
        return bare(number.toFixed(count - 1 - exponent));
    }
    const sign = exponent < 0 ? "-" : "+";
    return `${bare(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

// A message that a gate didn't send is 0.
function flow(flows, key) {
    return key === "outside" ? 1 : flows[key] ?? 0;
}

function sum(flows, keys) {
    return keys.reduce((found, key) => found + flow(flows, key), 0);
}

function keysOf(label) {
    return label.dataset.flows ? label.dataset.flows.split(" ") : [];
}

function show() {
    const { values, flows: traced, broken } = trace(point);
    element("guard").textContent = broken.length ? `${broken[0]}: read it again there.` : "";
    const moved = data.inputs.some((input, place) => input.value !== point[place]);
    const flows = moved || data.flows === null ? traced : data.flows;
    for (const label of document.querySelectorAll("[data-slot]")) {
        const value = values[label.dataset.slot];
        label.textContent = short(value);
        label.dataset.value = String(value);
    }
    const visible = new Set(data.steps.slice(0, step).map((one) => `gradient-${one.label}`));
    const current = step > 0 && step < total ? data.steps[step - 1] : null;
    for (const label of document.querySelectorAll("[data-flows]")) {
        const gradient = sum(flows, keysOf(label));
        label.textContent = short(gradient);
        label.dataset.gradient = String(gradient);
        label.classList.toggle("hidden", !visible.has(label.id));
        label.classList.toggle("now", current !== null && label.id === `gradient-${current.label}`);
    }
    const stage = current && current.stage !== null ? data.names[current.stage] : null;
    for (const gate of document.querySelectorAll(".gate")) {
        gate.classList.toggle("now", gate.dataset.stage === stage);
    }
    tell(current, flows);
    answer(flows);
    element("count").textContent = `${step} of ${total} gradients`;
    element("first").disabled = element("back").disabled = step === 0;
    element("next").disabled = element("all").disabled = step === total;
    keep();
}

// The sentence of the step that the backward pass has come to.
function tell(current, flows) {
    const said = element("said");
    said.textContent = "";
    if (current === null) {
        said.textContent = step === 0
            ? "Forward alone. Step back to see how the gradient comes from the output."
            : "Both passes. Start over to see the gradients one by one.";
        return;
    }
    const line = document.createElement("code");
    const formula = current.formula === null ? "" : `${current.formula} = `;
    line.textContent = `${current.name} = ${formula}${shares(current, flows)}${short(sum(flows, current.flows))}`;
    said.append(`${current.said} `, line);
}

// Where gradients add up, what comes through each stage.
function shares(current, flows) {
    if (current.flows.length < 2) {
        return "";
    }
    const parts = current.flows.map((key) => {
        const through = key === "outside" ? "itself" : data.names[key.split(".")[0]];
        return `${short(flow(flows, key))} through ${through}`;
    });
    return `${parts.join(" + ").replaceAll("+ -", "- ")} = `;
}

function answer(flows) {
    const rows = data.inputs.map((input, place) => {
        const row = document.createElement("tr");
        const name = document.createElement("td");
        name.textContent = `raise ${input.name} a little, and the output moves`;
        const number = document.createElement("td");
        number.className = "number";
        number.textContent = `${short(sum(flows, data.uses[place]))} times as much`;
        row.append(name, number);
        return row;
    });
    document.querySelector("#answers tbody").replaceChildren(...(step === total ? rows : []));
}

// The state lives in the address, after the #, so that a link brings it back.
function keep() {
    const state = new URLSearchParams();
    data.inputs.forEach((input, place) => state.set(input.name, String(point[place])));
    if (step < total) {
        state.set(" step", String(step));
    }
    history.replaceState(null, "", `#${state}`);
}

function restore() {
    const state = new URLSearchParams(location.hash.slice(1));
    data.inputs.forEach((input, place) => {
        const found = Number.parseFloat(state.get(input.name));
        if (Number.isFinite(found)) {
            point[place] = found;
        }
    });
    const found = Number.parseInt(state.get(" step"), 10);
    step = found >= 0 && found <= total ? found : total;
}

function control(input, place) {
    const label = document.createElement("label");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = input.name;
    const slider = document.createElement("input");
    const reach = Math.max(5, 2 * Math.abs(input.value));
    Object.assign(slider, { type: "range", min: -reach, max: reach, step: "any" });
    slider.setAttribute("aria-label", `${input.name}, slider`);
    const box = document.createElement("input");
    Object.assign(box, { type: "number", step: "any" });
    box.setAttribute("aria-label", input.name);
    const set = (value) => {
        slider.value = String(value);
        box.value = String(value);
    };
    set(point[place]);
    slider.addEventListener("input", () => {
        point[place] = Number(Number(slider.value).toPrecision(4));
        box.value = String(point[place]);
        show();
    });
    box.addEventListener("input", () => {
        const value = Number.parseFloat(box.value);
        if (Number.isFinite(value)) {
            point[place] = value;
            slider.value = String(value);
            show();
        }
    });
    label.append(name, slider, box);
    return { label, set };
}

function go(where) {
    step = Math.max(0, Math.min(total, where));
    show();
}

restore();
const controls = data.inputs.map(control);
element("inputs").append(...controls.map((one) => one.label));
element("inputs").addEventListener("submit", (event) => event.preventDefault());
element("first").addEventListener("click", () => go(0));
element("back").addEventListener("click", () => go(step - 1));
element("next").addEventListener("click", () => go(step + 1));
element("all").addEventListener("click", () => go(total));
document.addEventListener("keydown", (event) => {
    const keys = { ArrowLeft: () => go(step - 1), ArrowRight: () => go(step + 1), Home: () => go(0), End: () => go(total) };
    if (keys[event.key] && !event.target.closest("input, #picture") && !event.altKey && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        keys[event.key]();
    }
});
window.addEventListener("hashchange", () => {
    restore();
    controls.forEach((one, place) => one.set(point[place]));
    show();
});
show();
