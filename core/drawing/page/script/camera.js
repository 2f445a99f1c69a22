// The camera: which part of the picture is seen. It follows the step, the wheel, fingers and keys.

const MARGIN = 20; // around a picture, in its own units
const READABLE = 0.8; // the smallest scale at which numbers are read without effort
const LEAST = 0.6; // the smallest that a picture begins with
const CLOSE = 3; // the largest scale
const camera = { x: 0, y: 0, scale: 1 };
const aimed = { x: 0, y: 0, scale: 1 }; // where the camera is going
const touches = new Map();
let moving = 0;
let chosenScale = 0; // that somebody asked for; 0 if nobody did
let whole = { width: 1, height: 1 };

function room() {
    const { clientWidth, clientHeight } = element("picture");
    return { width: clientWidth || 1, height: clientHeight || 1 };
}

function aim() {
    const svg = picture();
    const { width, height } = room();
    if (!svg) {
        return;
    }
    svg.setAttribute("viewBox", [camera.x, camera.y, width / camera.scale, height / camera.scale].join(" "));
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    showFrame();
}

// The picture stays in sight: in the middle where there is room, else no farther than its end.
function bounded(start, length, seen) {
    return length <= seen ? (length - seen) / 2 : Math.max(0, Math.min(start, length - seen));
}

function moveTo(x, y, scale = camera.scale, slowly = false) {
    const { width, height } = room();
    const goal = {
        x: bounded(x, whole.width, width / scale),
        y: bounded(y, whole.height, height / scale),
        scale,
    };
    Object.assign(aimed, goal);
    cancelAnimationFrame(moving);
    if (!slowly || still()) {
        Object.assign(camera, goal);
        aim();
        return;
    }
    const start = { ...camera };
    const began = performance.now();
    const frame = (time) => {
        const part = Math.min(1, Math.max(0, (time - began) / 250));
        const eased = 1 - (1 - part) ** 3;
        for (const name of ["x", "y", "scale"]) {
            camera[name] = start[name] + (goal[name] - start[name]) * eased;
        }
        aim();
        moving = part < 1 ? requestAnimationFrame(frame) : 0;
    };
    moving = requestAnimationFrame(frame);
}

function fitting() {
    const { width, height } = room();
    return Math.min(width / whole.width, height / whole.height, 1.5);
}

function fit() {
    chosenScale = 0;
    moveTo(0, 0, fitting());
}

// All of it where that can be read at all, else its end, where the backward pass begins.
function frameFirst() {
    document.querySelector("main").classList.toggle("wide", whole.width > Math.max(1000, 3 * whole.height));
    const scale = Math.max(fitting(), LEAST);
    moveTo(whole.width, (whole.height - room().height / scale) / 2, scale);
}

function zoom(factor, x = room().width / 2, y = room().height / 2) {
    const scale = Math.max(Math.min(fitting(), 0.2), Math.min(CLOSE, camera.scale * factor));
    chosenScale = scale;
    moveTo(camera.x + x / camera.scale - x / scale, camera.y + y / camera.scale - y / scale, scale);
}

function pan(x, y) {
    moveTo(camera.x + x / camera.scale, camera.y + y / camera.scale);
}

// Move as little as shows a part of the picture at a scale, with some space around.
function reveal(box, scale) {
    const { width, height } = room();
    const seen = { width: width / scale, height: height / scale };
    const space = Math.min(24 / scale, seen.width / 8);
    const along = (start, size, from, length) => {
        if (size + 2 * space > length) {
            return start + size / 2 - length / 2;
        }
        return Math.min(start - space, Math.max(from, start + size + space - length));
    };
    // From the middle of what is seen, where the scale changes.
    const x = aimed.x + (width / aimed.scale - seen.width) / 2, y = aimed.y + (height / aimed.scale - seen.height) / 2;
    moveTo(along(box.x, box.width, x, seen.width), along(box.y, box.height, y, seen.height), scale, true);
}

function point2d(event) {
    const { left, top } = element("picture").getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
}

function watchCamera() {
    const view = element("picture");
    view.addEventListener("wheel", (event) => {
        event.preventDefault();
        const { x, y } = point2d(event);
        zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), x, y);
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => touches.set(event.pointerId, { ...point2d(event), far: 0 }));
    window.addEventListener("pointerup", (event) => touches.delete(event.pointerId));
    window.addEventListener("pointercancel", (event) => touches.delete(event.pointerId));
    view.addEventListener("pointermove", (event) => {
        const before = touches.get(event.pointerId);
        if (!before) {
            return;
        }
        const after = point2d(event);
        const other = [...touches].find(([id]) => id !== event.pointerId)?.[1];
        after.far = before.far + Math.hypot(after.x - before.x, after.y - before.y);
        if (other) {
            const stretch = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
            zoom(stretch(after) / stretch(before), other.x, other.y);
        } else if (after.far > 3) {
            pan(before.x - after.x, before.y - after.y);
        }
        touches.set(event.pointerId, after);
    });
    view.addEventListener("keydown", (event) => {
        const keys = {
            ArrowLeft: () => pan(-60, 0), ArrowRight: () => pan(60, 0), ArrowUp: () => pan(0, -60), ArrowDown: () => pan(0, 60),
            "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
        };
        if (keys[event.key] && !event.altKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            keys[event.key]();
        }
    });
    window.addEventListener("beforeprint", () => picture()?.setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`));
    window.addEventListener("afterprint", aim);
    new ResizeObserver(() => refit()).observe(view);
    element("zoom-in").addEventListener("click", () => zoom(1.25));
    element("zoom-out").addEventListener("click", () => zoom(0.8));
    element("fit").addEventListener("click", fit);
    const map = element("map");
    const jump = (event) => {
        const { left, top, width } = map.getBoundingClientRect();
        const scale = whole.width / width;
        const { width: across, height: down } = room();
        moveTo((event.clientX - left) * scale - across / camera.scale / 2, (event.clientY - top) * scale - down / camera.scale / 2);
    };
    map.addEventListener("pointerdown", (event) => {
        map.setPointerCapture(event.pointerId);
        jump(event);
    });
    map.addEventListener("pointermove", (event) => event.buttons && jump(event));
}

function refit() {
    if (picture()) {
        frameFirst();
        follow();
    }
}

// The map of a large circuit: a mark for every gate, and a frame for what is seen.
function showMap(nodes) {
    const map = element("map");
    map.replaceChildren();
    map.classList.toggle("shown", nodes.length > 40);
    map.setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`);
    for (const [node, x, y, width, height] of nodes) {
        map.append(drawnShape("rect", {
            x: x + MARGIN - width / 2, y: y + MARGIN - height / 2, width, height, rx: 6, "data-node": node, class: "mark",
        }));
    }
    map.append(drawnShape("rect", { class: "frame" }));
}

// The map leaves the corner in which the current gate is.
function stepAside(box) {
    const map = element("map");
    const { width, height } = room();
    const left = (box.x - aimed.x) * aimed.scale, top = (box.y - aimed.y) * aimed.scale;
    const low = top + box.height * aimed.scale > height - map.clientHeight - 16;
    map.classList.toggle("aside", low && left + box.width * aimed.scale > width - map.clientWidth - 24);
}

function showFrame() {
    const frame = document.querySelector("#map .frame");
    const { width, height } = room();
    if (frame) {
        const seen = { x: camera.x, y: camera.y, width: width / camera.scale, height: height / camera.scale };
        Object.entries(seen).forEach(([name, value]) => frame.setAttribute(name, value));
    }
}
