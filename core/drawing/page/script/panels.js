// The panels beside the circuit: the table, a nudge, a descent, and what is written to files.

// Tabs, as the pattern of WAI-ARIA has them.

function tabs() {
    return [...document.querySelectorAll("[role=tab]")];
}

function showTab(name) {
    for (const tab of tabs()) {
        const here = tab.id === `tab-${name}`;
        tab.setAttribute("aria-selected", String(here));
        tab.tabIndex = here ? 0 : -1;
        element(tab.getAttribute("aria-controls")).hidden = !here;
    }
    showPanel();
}

function openTab() {
    return tabs().find((tab) => tab.getAttribute("aria-selected") === "true").id.slice("tab-".length);
}

function watchTabs() {
    for (const tab of tabs()) {
        tab.addEventListener("click", () => showTab(tab.id.slice("tab-".length)));
        tab.addEventListener("keydown", (event) => {
            const list = tabs(), at = list.indexOf(tab);
            const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: list.length - 1 }[event.key];
            if (goal !== undefined) {
                event.preventDefault();
                event.stopPropagation();
                const next = list[(goal + list.length) % list.length];
                showTab(next.id.slice("tab-".length));
                next.focus();
            }
        });
    }
}

function showPanel() {
    const panels = { inputs: answer, chain: showWire, table: showTable, nudge: showNudge, descend: showDescent };
    (panels[openTab()] ?? (() => engine.panel(openTab())))();
}

// The table of stages.

function showTable() {
    const rows = scene.inputs.map((input) => rowOf(input.name, "", input.slot, ""));
    for (const stage of scene.stages) {
        const local = stage.places.map((place) => {
            const slope = now.slopes[`${stage.slot}.${place}`];
            const formula = stage.local[place];
            return slope === undefined ? formula : formula && formula !== short(slope) ? `${formula} = ${short(slope)}` : short(slope);
        });
        rows.push(rowOf(stage.name, stage.code, stage.slot, local.filter(Boolean).join("; ")));
    }
    document.querySelector("#table tbody").replaceChildren(...rows);
}

function rowOf(name, code, slot, local) {
    return made("tr", {}, made("th", { scope: "row" }, name), made("td", { class: "code" }, code),
        made("td", { class: "number value" }, short(now.values[slot])), made("td", { class: "number gradient" }, short(gradientOf(slot))),
        made("td", { class: "code" }, minus(local)));
}

// A nudge: each input raised by a little, what the chain rule predicts and what happens.

function showNudge() {
    const size = Number.parseFloat(element("nudge-by").value) || 0;
    const numbers = scene.inputs.map((input, place) => ({ input, place })).filter(({ input }) => !input.array);
    const points = numbers.map(({ place }) => point.map((value, other) => (other === place ? value + size : value)));
    const before = now.values[scene.outputSlot];
    if (typeof before !== "number" || !numbers.length) {
        document.querySelector("#nudges tbody").replaceChildren();
        return;
    }
    engine.at(points, (found) => {
        const rows = numbers.map(({ input, place }, k) => {
            const predicted = sum(scene.uses[place]) * size;
            const actual = found[k] ? found[k].values[scene.outputSlot] - before : NaN;
            return made("tr", {}, made("th", { scope: "row" }, input.name), made("td", { class: "number" }, fine(predicted)),
                made("td", { class: "number" }, fine(actual)), made("td", { class: "number" }, fine(actual - predicted)));
        });
        document.querySelector("#nudges tbody").replaceChildren(...rows);
    });
}

function fine(number) {
    return Number.isFinite(number) ? minus(digits(number, 4)) : short(number);
}

// A descent: parameters moved against their gradient.

const descent = { losses: [], memory: {}, timer: 0, steps: 0, start: null };
const METHODS = {
    descent: (gradient) => gradient,
    momentum: (gradient, kept) => (kept.speed = 0.9 * (kept.speed ?? 0) + gradient),
    nesterov: (gradient, kept) => gradient + 0.9 * (kept.speed = 0.9 * (kept.speed ?? 0) + gradient),
    adam: (gradient, kept, count) => {
        kept.mean = 0.9 * (kept.mean ?? 0) + 0.1 * gradient;
        kept.square = 0.999 * (kept.square ?? 0) + 0.001 * gradient * gradient;
        return kept.mean / (1 - 0.9 ** count) / (Math.sqrt(kept.square / (1 - 0.999 ** count)) + 1e-8);
    },
};

function buildDescent() {
    stopDescent();
    Object.assign(descent, { losses: [], memory: {}, steps: 0, start: null });
    const choices = scene.inputs.map((input, place) => (input.array ? "" : made("label", { class: "choice" },
        made("input", { type: "checkbox", value: place, checked: true }), input.name)));
    element("parameters").replaceChildren(made("legend", {}, "Parameters"), ...choices);
}

function descendOnce(done = () => undefined) {
    const loss = now.values[scene.outputSlot];
    if (!descent.losses.length) {
        descent.losses.push(loss);
        descent.start = [...point];
    }
    descent.steps += 1;
    const rate = Number.parseFloat(element("rate").value) || 0;
    const method = METHODS[element("method").value];
    for (const box of document.querySelectorAll("#parameters input:checked")) {
        const place = Number(box.value);
        const kept = (descent.memory[place] ??= {});
        const value = point[place] - rate * method(sum(scene.uses[place]), kept, descent.steps);
        point[place] = value;
        controls[place].set(value);
    }
    compute(() => {
        descent.losses.push(now.values[scene.outputSlot]);
        showDescent();
        done();
    });
}

function runDescent() {
    if (descent.timer) {
        stopDescent();
        return;
    }
    const next = () => descendOnce(() => {
        const loss = now.values[scene.outputSlot];
        if (descent.timer && Number.isFinite(loss) && descent.steps < 2000) {
            descent.timer = setTimeout(next, 40);
        } else {
            stopDescent();
        }
    });
    descent.timer = setTimeout(next, 0);
    element("run").textContent = "Stop";
}

function stopDescent() {
    clearTimeout(descent.timer);
    descent.timer = 0;
    element("run").textContent = "Run";
}

function undoDescent() {
    stopDescent();
    if (descent.start) {
        descent.start.forEach((value, place) => (point[place] = value));
        controls.forEach((one, place) => one.set(point[place]));
    }
    Object.assign(descent, { losses: [], memory: {}, steps: 0, start: null });
    compute();
}

function showDescent() {
    const { losses } = descent;
    const good = losses.filter(Number.isFinite);
    element("losses").textContent = losses.length < 2 ? "No step yet."
        : `After ${descent.steps} steps ${scene.output} is ${fine(losses[losses.length - 1])}; it began at ${fine(losses[0])}.`;
    const low = Math.min(...good), high = Math.max(...good), span = high - low || 1;
    const dots = losses.map((loss, place) => (Number.isFinite(loss)
        ? `${(20 + (place / Math.max(1, losses.length - 1)) * 300).toFixed(1)},${(130 - ((loss - low) / span) * 110).toFixed(1)}` : "")).filter(Boolean);
    const curve = element("curve");
    curve.replaceChildren();
    if (losses.length > 1) {
        curve.append(drawnShape("polyline", { points: "20,10 20,135 325,135", class: "axis" }), drawnShape("polyline", { points: dots.join(" "), class: "loss" }));
        for (const [text, y] of [[fine(high), 18], [fine(low), 128]]) {
            const label = drawnShape("text", { x: 26, y, class: "tick" });
            label.textContent = text;
            curve.append(label);
        }
    }
    curve.classList.toggle("shown", losses.length > 1);
}

// Files.

function save(content, name, type) {
    const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    made("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// The whole circuit as it is now, with the rules that it is drawn by.
function standalone() {
    const copy = picture().cloneNode(true);
    copy.setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`);
    copy.setAttribute("width", whole.width);
    copy.setAttribute("height", whole.height);
    copy.querySelectorAll(".broad, .pulse").forEach((one) => one.remove());
    copy.querySelectorAll(".chosen, .lit, .at, .path, .now").forEach((one) => one.classList.remove("chosen", "lit", "at", "path", "now"));
    copy.querySelectorAll("[style]").forEach((one) => {
        one.setAttribute("stroke-width", one.style.strokeWidth);
        one.removeAttribute("style");
    });
    const style = drawnShape("style");
    style.textContent = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText)
        .filter((text) => text.includes(".circuit") || text.includes(":root")).join("\n");
    copy.prepend(style);
    return new XMLSerializer().serializeToString(copy);
}

function savePng() {
    const svg = standalone();
    const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    const image = new Image();
    image.onload = () => {
        const scale = Math.min(2, 8000 / whole.width, 8000 / whole.height);
        const canvas = made("canvas", { width: Math.round(whole.width * scale), height: Math.round(whole.height * scale) });
        const pen = canvas.getContext("2d");
        pen.fillStyle = getComputedStyle(document.body).backgroundColor;
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob((blob) => save(blob, "circuit.png"));
        URL.revokeObjectURL(address);
    };
    image.src = address;
}

async function copyLink() {
    keepNow();
    try {
        await navigator.clipboard.writeText(location.href);
        notice("The link is copied: it holds the point and the step.");
    } catch {
        notice("The address of this page is the link: it holds the point and the step.");
    }
}

function notice(text) {
    element("notice").textContent = text;
}
