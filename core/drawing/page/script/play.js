// The page of `backprop play`: the program can be typed, and the library answers.

const QUIET = 20; // milliseconds without a key before a program is asked about
const begun = JSON.parse(element("data").textContent);
let values = {}; // what every variable is given, by name
let unit = "";
let wish = ""; // which boxes are open
let asked = 0; // programs that were asked about
let waiting = 0;
let shownPanel = {}; // for which program and point a panel was asked for
let busy = null, next = null; // the point that is asked about, and the latest one after it

async function ask(question) {
    const reply = await fetch("ask", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question),
    });
    if (!reply.ok) {
        return { error: `error: the server refuses: ${await reply.text()}` };
    }
    return reply.json();
}

async function tryAsk(question) {
    try {
        return await ask(question);
    } catch {
        return { error: "error: backprop play has ended; start it again" };
    }
}

function typed() {
    return { text: element("text").value, unit, values };
}

// The program, as it is typed.

function openSoon() {
    clearTimeout(waiting);
    waiting = setTimeout(() => openProgram("fresh"), QUIET);
}

async function openProgram(how) {
    const number = (asked += 1);
    const question = { ask: "program", ...typed(), view: wish };
    const found = await tryAsk(question);
    if (number !== asked) {
        return;
    }
    if (found.error) {
        complain(found);
        return;
    }
    element("error").textContent = "";
    element("needs").replaceChildren();
    document.body.classList.remove("stale");
    const same = how === "keep" || (how === "fresh" && sameSteps(found));
    stopPlaying();
    load(found, same ? "keep" : how === "restore" ? "restore" : "fresh");
    now = revivedNumbers(found.now);
    values = Object.fromEntries(scene.inputs.map((input, place) => [input.name, point[place]]));
    element("notes").textContent = found.notes.join(" ");
    showUnits(found.units);
    show();
    follow();
    element("text").dataset.shown = question.text;
    if (how === "restore" && moved()) {
        compute();
    }
}

function sameSteps(found) {
    const { steps } = found.pictures[found.start];
    return step < last() && steps.length === view.steps.length;
}

function complain({ error, names = [] }) {
    element("error").textContent = error;
    document.body.classList.add("stale");
    const before = element("needs").contains(document.activeElement);
    if (before) {
        return;
    }
    element("needs").replaceChildren(...names.map((name) => {
        const field = made("input", { type: "text", value: shownValue(values[name]), "aria-label": `value of ${name}`, spellcheck: "false" });
        field.addEventListener("input", () => {
            values[name] = field.value;
            openSoon();
        });
        return made("label", {}, made("span", { class: "name" }, name), field);
    }));
}

function shownValue(value) {
    return value === undefined ? "" : String(value);
}

function showUnits(units) {
    const select = element("unit");
    select.hidden = units.length < 2;
    if ([...select.options].map((one) => one.value).join() !== units.join()) {
        select.replaceChildren(...units.map((name) => made("option", { value: name }, name)));
        select.value = unit || units[units.length - 1] || "";
    }
}

function reopen() {
    scene.inputs.forEach((input, place) => (values[input.name] = point[place]));
    openProgram("keep");
}

function begin(text, given) {
    element("text").value = text;
    values = { ...given };
    unit = "";
    wish = "";
    grow();
    openProgram("fresh");
}

// The field is as high as its program, up to a third of the page.
function grow() {
    const field = element("text");
    field.rows = Math.min(10, Math.max(1, field.value.split("\n").length));
}

// Numbers at a point: one question at a time, and after it the latest point alone.

function at(points, done) {
    if (points.length === 1) {
        next?.done([]);
        next = { points, done };
        if (!busy) {
            askNext();
        }
        return;
    }
    tryAsk({ ask: "points", ...typed(), names: scene.inputs.map((one) => one.name), points }).then((found) => done((found.points ?? []).map(revivedNumbers)));
}

async function askNext() {
    while (next) {
        busy = next;
        next = null;
        const names = scene.inputs.map((one) => one.name);
        const program = asked;
        const found = await tryAsk({ ask: "points", ...typed(), names, points: busy.points });
        const { done, points } = busy;
        if (found.points && program === asked) {
            names.forEach((name, place) => (values[name] = points[0][place]));
            if (found.points[0].structure !== scene.structure) {
                openProgram("keep"); // a source that goes another way there
                done([]);
                continue;
            }
            element("error").textContent = "";
            document.body.classList.remove("stale");
            done(found.points.map(revivedNumbers));
        } else if (found.error) {
            element("error").textContent = found.error;
            document.body.classList.add("stale");
            done([]);
        }
    }
    busy = null;
}

// Panels that only the library can fill.

let panelTimer = 0;

function panel(name) {
    const key = JSON.stringify([typed(), name === "code" ? element("lang").value : ""]);
    if (shownPanel[name] === key) {
        return;
    }
    clearTimeout(panelTimer);
    panelTimer = setTimeout(() => fillPanel(name, key), name === "verdict" ? 400 : 120);
}

async function fillPanel(name, key) {
    shownPanel[name] = key;
    const place = element(`${name}-lines`);
    if (name === "verdict") {
        place.replaceChildren(made("p", { class: "hint" }, "SymPy, 50 digits and a numeric difference are at work …"));
    }
    const found = await tryAsk({ ask: name, ...typed(), lang: element("lang").value });
    if (shownPanel[name] !== key) {
        return;
    }
    if (found.error) {
        place.replaceChildren(made("pre", {}, found.error));
    } else if (name === "code") {
        element("lang").value = found.lang;
        shownPanel.code = JSON.stringify([typed(), found.lang]);
        place.replaceChildren(made("pre", { class: "code" }, found.text));
    } else {
        place.replaceChildren(...found.lines.map(sheetPart));
    }
}

function sheetPart(part) {
    if (!part.rows) {
        return made("pre", { class: `line ${part.kind}` }, part.text || " ");
    }
    const heads = part.heads.map((head) => made("th", { scope: "col" }, head));
    const rows = part.rows.map((cells) => made("tr", {}, ...cells.map((cell, place) => made("td", { class: part.kinds[place] || null }, minus(cell)))));
    return made("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Stages" },
        made("table", { class: "sheet" }, made("thead", {}, made("tr", {}, ...heads)), made("tbody", {}, ...rows)));
}

async function savePage() {
    notice("The page is being made …");
    const found = await tryAsk({ ask: "page", ...typed() });
    notice(found.error ?? "The page is one file, and needs no network.");
    if (found.page) {
        save(found.page, "circuit.html", "text/html");
    }
}

function playPrograms() {
    engine = {
        arrays: true,
        at,
        panel,
        reopen,
        address: () => ({ " program": element("text").value, ...(unit ? { " unit": unit } : {}) }),
        view: async (name, done) => {
            wish = /^\d+$/.test(name) && /^[\d,]+$/.test(current) ? toggled(current, name) : name;
            const found = await tryAsk({ ask: "view", ...typed(), view: wish });
            done(found.picture, found.name);
        },
    };
    watch();
    element("text").addEventListener("input", () => {
        grow();
        openSoon();
    });
    element("unit").addEventListener("change", () => {
        unit = element("unit").value;
        openProgram("fresh");
    });
    element("examples").append(...begun.examples.map(([title], place) => made("option", { value: place }, title)));
    element("examples").addEventListener("change", () => {
        const [, text, given] = begun.examples[Number(element("examples").value)] ?? [];
        if (text) {
            begin(text, given);
        }
    });
    element("lang").addEventListener("change", () => panel("code"));
    element("save-page").addEventListener("click", savePage);
    const linked = new URLSearchParams(location.hash.slice(1));
    element("text").value = linked.get(" program") ?? begun.text;
    unit = linked.get(" unit") ?? begun.unit;
    values = linked.has(" program") ? Object.fromEntries([...linked].filter(([name]) => !name.startsWith(" "))) : begun.values;
    grow();
    openProgram(linked.has(" program") ? "restore" : "fresh");
}

// Boxes that are open, one more or one less.
function toggled(open, name) {
    const found = new Set(open.split(","));
    if (!found.delete(name)) {
        found.add(name);
    }
    return [...found].join(",") || "none";
}

playPrograms();
