// One wire: its gradient as the sum over all paths from it to the output, each path the product
// of the local derivatives on its way.

const PATHS = 24; // that are written out

function choose(run) {
    all(".chosen").forEach((one) => one.classList.remove("chosen"));
    chosen = run;
    run?.classList.add("chosen");
    element("wire").value = run ? String([...all(".run[data-carries]")].indexOf(run)) : "";
    if (run) {
        showTab("chain");
    }
    showWire();
}

function listWires() {
    const options = [...all(".run[data-carries]")].map((run, place) => {
        const to = run.dataset.to ? ` to ${run.dataset.to}` : ", all that leaves it";
        return made("option", { value: place }, `from ${run.dataset.from}${to}`);
    });
    element("wire").replaceChildren(made("option", { value: "" }, "choose a wire"), ...options);
}

function showWire() {
    const about = element("paths");
    about.replaceChildren();
    if (!chosen || !chosen.isConnected) {
        about.append(made("p", { class: "hint" }, "Click at a wire, or choose one above: its gradient is the product along each path to the output, and where it forks, the sum over all paths."));
        return;
    }
    const keys = carriedBy(chosen);
    const name = scene.names[Number(chosen.dataset.valueOf)];
    const gradient = sum(keys);
    about.append(made("p", {}, "value ", made("b", { class: "value" }, short(now.values[chosen.dataset.valueOf])), ", gradient ", made("b", { class: "gradient" }, short(gradient))));
    if (scene.arrays) {
        keys.filter((key) => key !== "outside").forEach((key) => about.append(arrayFlow(key, name)));
        about.append(...tables(now.values[chosen.dataset.valueOf], gradient));
        return;
    }
    const { found, count } = pathsFrom(keys);
    const list = made("ol", { class: "paths" });
    for (const path of found) {
        const item = made("li", { tabindex: 0 }, made("span", { class: "way" }, wayOf(path, name)), made("code", {}, productOf(path)));
        for (const kind of ["pointerenter", "focus"]) {
            item.addEventListener(kind, () => lightPath(path, true));
        }
        for (const kind of ["pointerleave", "blur"]) {
            item.addEventListener(kind, () => lightPath(path, false));
        }
        list.append(item);
    }
    about.append(list);
    if (count > found.length) {
        about.append(made("p", {}, `and ${(count - found.length).toLocaleString("en")} more paths`));
    }
    if (count > 1) {
        const products = found.map((path) => valueOf(path));
        const line = count <= 6 ? `${products.map(operand).join(" + ")} = ` : "";
        about.append(made("p", {}, `The sum over ${count.toLocaleString("en")} paths: `, made("code", {}, `d${name} = ${line}${short(gradient)}`)));
    }
}

// Every path as the messages along it, from the wire to the output.
function pathsFrom(keys) {
    const counts = new Map();
    const ways = (key) => (key === "outside" ? 1 : counts.get(Number(key.split(".")[0])) ?? 0);
    const leaving = (slot) => [...(users.get(slot) ?? []), ...(slot === scene.outputSlot ? ["outside"] : [])];
    for (const stage of [...scene.stages].reverse()) {
        counts.set(stage.slot, leaving(stage.slot).reduce((total, key) => total + ways(key), 0));
    }
    const found = [];
    const waiting = [...keys].reverse().map((key) => [key]);
    while (waiting.length && found.length < PATHS) {
        const path = waiting.pop();
        const end = path[path.length - 1];
        if (end === "outside") {
            found.push(path.slice(0, -1));
            continue;
        }
        for (const key of leaving(Number(end.split(".")[0])).reverse()) {
            if (ways(key)) {
                waiting.push([...path, key]);
            }
        }
    }
    return { found, count: keys.reduce((total, key) => total + ways(key), 0) };
}

function slopesOf(path) {
    return path.map((key) => now.slopes[key] ?? 0);
}

// A message that a gate didn't send stops the path, also where what comes after is infinite.
function valueOf(path) {
    return path.some((key) => now.flows[key] === undefined && now.slopes[key] === undefined) ? 0
        : slopesOf(path).reduce((product, slope) => product * slope, 1);
}

function wayOf(path, name) {
    return [name, ...path.map((key) => scene.names[Number(key.split(".")[0])])].join(" → ");
}

function productOf(path) {
    const factors = slopesOf(path).map(operand);
    return factors.length > 1 ? `${factors.join(" * ")} = ${short(valueOf(path))}` : factors[0] ?? "1.00";
}

function lightPath(path, on) {
    const keys = new Set(path);
    for (const run of all(".run[data-carries]")) {
        if (carriedBy(run).some((key) => keys.has(key)) && run.dataset.to) {
            run.classList.toggle("path", on);
        }
    }
}

// Arrays: what passes back as a formula, and the numbers themselves.

function arrayFlow(key, name) {
    const stage = stageOf(key);
    const place = Number(key.split(".")[1]);
    const formula = stage.pull[place];
    const into = { flows: [key], place };
    return made("p", {}, made("code", {}, `d${name} = ${formula ? minus(formula) : "…"}${dimensions(stage, into)}`), ` through ${stage.name}`);
}

function tables(value, gradient) {
    return [["value", value], ["gradient", gradient]]
        .filter(([, one]) => one && one.entries)
        .map(([kind, one]) => made("details", { open: one.entries.length <= 64 },
            made("summary", {}, `${kind}, ${one.shape.join("×")}`), tableOf(one, kind)));
}

function tableOf({ shape, entries }, kind) {
    const across = Math.min(shape[shape.length - 1] || 1, 32);
    const real = shape[shape.length - 1] || 1;
    const largest = Math.max(...entries.map(Math.abs).filter(Number.isFinite), 0);
    const rows = [];
    for (let row = 0; row * real < entries.length && row < 64; row++) {
        const cells = entries.slice(row * real, row * real + across).map((entry) => {
            const level = largest && Number.isFinite(entry) ? Math.ceil((Math.abs(entry) / largest) * LEVELS) : 0;
            const shade = level ? `${entry < 0 ? "low" : "high"}${level}` : "none";
            return made("td", { class: `cell ${shade}` }, short(entry));
        });
        rows.push(made("tr", {}, ...cells));
    }
    const cut = across < real || rows.length * real < entries.length;
    return made("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${kind} in numbers` },
        made("table", { class: `heat ${kind}` }, made("tbody", {}, ...rows)), cut ? "…" : "");
}
