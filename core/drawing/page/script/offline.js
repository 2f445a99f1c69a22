// The page as a file: what it was made of stands in it, and a script of its own computes.

function offline() {
    const data = JSON.parse(element("data").textContent);
    const start = data.now ? revivedNumbers(data.now) : null;
    engine = {
        arrays: false,
        at: (points, done) => done(points.map((at) => {
            const here = !at.some((value, place) => !scene.inputs[place].array && value !== scene.inputs[place].value);
            return here && start ? start : typeof trace === "function" ? trace(at) : null;
        })),
        view: (name, done) => done(pictures[name], name),
        panel: () => undefined,
    };
    load(data, "restore");
    watch();
    compute(follow);
}

offline();
