// The page itself: what is shown of which program, and who answers for its numbers.

let scene = { decimals: 2, inputs: [], stages: [] };
let view = { steps: [], nodes: [] };
let now = { values: {}, flows: {}, slopes: {}, broken: [] };
let point = [];
let pictures = {};
let stages = new Map();
let users = new Map();
let engine = null;
let current = "all"; // which picture

// Show another program: its scene, its pictures, and the numbers that belong to them. Its state is
// that of the address (restore), that of before (keep), or the beginning (fresh).
function load(data, state) {
    scene = data.scene;
    scene.inputs.forEach((input) => (input.value = revived(input.value)));
    for (const [slot, value] of Object.entries(scene.constants)) {
        scene.constants[slot] = revived(value);
    }
    pictures = data.pictures;
    point = scene.inputs.map((input) => (input.array ? written(input.value) : input.value));
    stages = new Map(scene.stages.map((stage) => [stage.slot, stage]));
    users = new Map();
    for (const stage of scene.stages) {
        stage.operands.forEach((slot, place) => users.set(slot, [...(users.get(slot) ?? []), `${stage.slot}.${place}`]));
    }
    showBoxes(data.boxes, data.start);
    view = pictures[data.start];
    view.svg ??= new XMLSerializer().serializeToString(picture());
    current = data.start;
    step = state === "keep" ? Math.min(step, last()) : last();
    revealed = true;
    element("title").textContent = scene.title;
    document.title = scene.title;
    buildInputs();
    buildDescent();
    if (state === "restore") {
        restore();
        controls.forEach((one, place) => one.set(point[place]));
    }
    install(view);
    listWires();
}

// Boxes that stand for several gates, opened and closed one by one.

let boxes = [];

function showBoxes(labels, start) {
    boxes = labels;
    const all = made("button", { type: "button", "data-view": "all", "aria-pressed": start === "all" }, "All gates");
    const none = made("button", { type: "button", "data-view": "none", "aria-pressed": start === "none" }, "Boxes");
    const single = labels.map((label, place) => made("button", { type: "button", "data-view": place, "aria-pressed": false }, label));
    element("boxes").replaceChildren(...(labels.length ? [all, none, ...single] : []));
}

function openBox(box) {
    const place = [...all(".box[data-node]")].indexOf(box);
    // In a picture with one box open its own place is taken.
    const opened = Number(current);
    changeView(String(Number.isInteger(opened) && place >= opened ? place + 1 : place));
}

function changeView(name) {
    engine.view(name === current ? "none" : name, (found, actual) => {
        if (!found) {
            return;
        }
        stopPlaying();
        view = found;
        current = actual;
        step = last();
        install(view);
        listWires();
        for (const button of element("boxes").children) {
            button.setAttribute("aria-pressed", String(button.dataset.view === current));
        }
        show();
    });
}

// Ask for the numbers at the point as it is, and show them.
function compute(done = () => undefined) {
    engine.at([point], ([found]) => {
        if (found) {
            now = found;
            show();
        }
        done();
    });
}

function show() {
    showNumbers();
    tell();
    showBar();
    showPanel();
    const broken = now.broken?.length ? `${now.broken[0]}: read it again there.` : "";
    element("guard").textContent = broken || domainError();
    keep();
}

function watch() {
    watchCamera();
    watchTabs();
    const clicks = {
        first: () => go(0), back: () => go(step - 1), next: () => onwards(), all: () => go(last()), play,
        reset, link: copyLink, "save-svg": () => save(standalone(), "circuit.svg", "image/svg+xml"), "save-png": savePng,
        "descend-step": () => descendOnce(), run: runDescent, "descend-reset": undoDescent,
    };
    for (const [name, act] of Object.entries(clicks)) {
        element(name).addEventListener("click", (event) => event.currentTarget.getAttribute("aria-disabled") !== "true" && act());
    }
    element("progress").addEventListener("input", () => go(Number(element("progress").value)));
    element("broad").addEventListener("change", showNumbers);
    element("lecture").addEventListener("click", () => {
        const on = document.body.classList.toggle("lecture");
        element("lecture").setAttribute("aria-pressed", String(on));
        revealed = true;
        show();
        requestAnimationFrame(refit);
    });
    element("boxes").addEventListener("click", (event) => event.target.dataset.view && changeView(event.target.dataset.view));
    element("wire").addEventListener("change", () => choose(element("wire").value === "" ? null : all(".run[data-carries]")[Number(element("wire").value)]));
    element("nudge-by").addEventListener("input", showNudge);
    element("inputs").addEventListener("submit", (event) => event.preventDefault());
    element("ranges").addEventListener("click", () => {
        const on = element("inputs").classList.toggle("ranged");
        element("ranges").setAttribute("aria-pressed", String(on));
    });
    document.addEventListener("keydown", (event) => {
        const keys = {
            ArrowLeft: () => go(step - 1), ArrowRight: () => onwards(), Home: () => go(0), End: () => go(last()), " ": play,
        };
        const taken = event.target.closest?.("input, select, textarea, button, summary, a, [role=tab], #picture");
        if (keys[event.key] && !taken && !event.altKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            keys[event.key]();
        }
    });
    window.addEventListener("hashchange", () => {
        restore();
        controls.forEach((one, place) => one.set(point[place]));
        compute(follow);
    });
}
