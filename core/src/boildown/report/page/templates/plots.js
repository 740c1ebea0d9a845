// The two plots; every text that comes from outside is escaped, since plotly reads some HTML.
"use strict";
(() => {
  const models = JSON.parse(document.getElementById("plots-data").textContent);
  if (!models.length) return;
  const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "pentagon", "hexagram", "triangle-down", "bowtie", "star-triangle-up"];
  // Okabe and Ito's colours, for all kinds of colour vision; lighter ones on a dark ground.
  const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#a6528c", "#b87f00", "#2f8fc4", "#6b6b6b"];
  const DARK = ["#56b4e9", "#ee8442", "#3fd0a4", "#e39bc4", "#f0b840", "#9ad5f7", "#b5b5b5"];
  const night = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 640px)");
  const touch = matchMedia("(pointer: coarse)");
  const control = (name) => document.getElementById(`plot-${name}`);
  let shown = new Set();
  let printing = false;

  const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const short = (text) => (text.length > 28 ? `${text.slice(0, 13)}…${text.slice(-14)}` : text);
  const kept = (model) => model.rows.filter((row) => shown.has(row.number));
  const listed = (rows) => `${rows.length > 1 ? "rows" : "row"} ${rows.map((row) => row.number).join(", ")}`;

  function theme() {
    const style = getComputedStyle(document.documentElement);
    const dark = night.matches && !printing;
    const read = (name) => style.getPropertyValue(`--${name}`).trim();
    const light = { ink: "#1b1f24", soft: "#59636e", line: "#d9dee3", paper: "#ffffff" };
    const found = printing ? light : { ink: read("ink"), soft: read("soft"), line: read("line"), paper: read("paper") };
    return { ...found, colours: dark ? DARK : LIGHT };
  }

  function bars(points, key, colour) {
    const known = points.some((point) => point[key]);
    if (!known) return undefined;
    return {
      type: "data", symmetric: false, thickness: 1, width: 0, color: colour,
      array: points.map((point) => point[key]?.[1] ?? 0),
      arrayminus: points.map((point) => point[key]?.[0] ?? 0),
    };
  }

  function told(point, title) {
    const latency = point.p50 === null ? "" : `<br>latency p50 ${point.p50} ms`;
    const size = point.size === null ? "" : `<br>${point.size.toPrecision(3)}× smaller, deflated`;
    const speed = point.speed === null ? "" : `<br>${point.speed.toPrecision(3)}× the speed of float32 in ONNX Runtime`;
    return `<b>${plain(title)}</b>${size}${speed}${latency}<br>difference ${plain(point.told)}`;
  }

  function scatter(name, points, plot, marker, titles) {
    return {
      type: "scatter", mode: "markers", name: plain(short(name)), marker, cliponaxis: false,
      x: points.map((point) => point[plot]), y: points.map((point) => point.difference),
      error_x: plot === "speed" ? bars(points, "speed_spread", marker.faint) : undefined,
      error_y: bars(points, "spread", marker.faint),
      customdata: points.map((point) => point.number ?? null),
      text: points.map((point, index) => told(point, titles[index])), hovertemplate: "%{text}<extra></extra>",
    };
  }

  function traces(model, plot, look) {
    const by = control("group").value;
    const names = [...new Set(model.rows.map((row) => row[by]))];
    const colour = (name) => look.colours[Math.max(0, names.indexOf(name)) % look.colours.length];
    const rows = kept(model).filter((row) => row[plot] !== null);
    const twins = model.twins.filter((twin) => twin[plot] !== null && twin.numbers.some((number) => shown.has(number)));
    const front = model.fronts[plot];
    const groups = names.map((name, index) => {
      const points = rows.filter((row) => row[by] === name);
      const marker = {
        size: points.map((row) => (row.rank === "front" ? 12 : 9)), symbol: SYMBOLS[index % SYMBOLS.length],
        color: colour(name), faint: `${colour(name)}88`, opacity: 0.9,
        line: { color: look.ink, width: points.map((row) => (row.rank === "front" ? 2 : 0)) },
      };
      return scatter(name, points, plot, marker, points.map((row) => `${row.number} ${row.recipe} · ${row.backend}`));
    });
    const line = {
      type: "scatter", mode: "lines", name: "front of these axes", hoverinfo: "skip",
      x: front.map(([x]) => x), y: front.map(([, y]) => y), line: { shape: "vh", dash: "dot", width: 1.5, color: look.soft },
    };
    const crosses = twins.map((twin, index) => {
      const own = by === "backend" ? colour(twin.backend) : look.soft;
      const marker = { size: 9, symbol: "x-thin-open", color: own, faint: `${own}88`, line: { width: 2 } };
      const trace = scatter("float twins", [twin], plot, marker, [`uncompressed on ${twin.backend}`]);
      return { ...trace, legendgroup: "float twins", showlegend: index === 0 };
    });
    const star = {
      type: "scatter", mode: "markers", name: "float32 input", x: [1], y: [0],
      marker: { size: 14, symbol: "star", color: look.ink }, hovertemplate: "<b>float32 input</b> in ONNX Runtime<extra></extra>",
    };
    return [line, ...groups, ...crosses, star];
  }

  function range(model) {
    if (control("range").value === "all" || !model.near) return undefined;
    return model.upwards ? [-model.near, model.near] : [model.near, -model.near];
  }

  function layout(model, plot, look) {
    const axis = { gridcolor: look.line, zerolinecolor: look.soft, linecolor: look.line };
    const y = range(model);
    const title = plot === "size" ? "times smaller, deflated" : "times as fast, CPU time";
    const small = narrow.matches && !printing;
    return {
      font: { family: "system-ui, sans-serif", size: small ? 11 : 12, color: look.ink },
      paper_bgcolor: look.paper, plot_bgcolor: look.paper, hovermode: "closest", dragmode: touch.matches ? false : "zoom",
      margin: { l: 68, r: 16, t: 8, b: 52 }, height: small ? 420 : 440, width: printing ? 460 : undefined,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, maxheight: 110, font: { size: 11 } },
      xaxis: { ...axis, title: { text: title, standoff: 10 }, rangemode: "tozero" },
      yaxis: {
        ...axis, title: { text: plain(`${model.metric} − float32 input${model.upwards ? "" : " (less is better)"}`) },
        tickformat: "+", ...(y ? { range: y } : { autorange: model.upwards ? true : "reversed" }),
      },
      hoverlabel: { bgcolor: look.paper, bordercolor: look.soft, font: { color: look.ink } },
    };
  }

  function outside(model, plot) {
    const limits = range(model);
    const far = limits ? kept(model).filter((row) => row[plot] !== null && Math.abs(row.difference) > model.near) : [];
    const place = document.getElementById(`outside-${plot}`);
    place.textContent = far.length ? `Outside of what is shown: ${listed(far)}.` : "";
  }

  function leftOut(model, plot) {
    const rows = kept(model);
    const out = rows.filter((row) => row[plot] === null);
    const place = document.getElementById(`left-out-${plot}`);
    place.textContent = out.length ? `Not measured here, so not in this plot: ${listed(out)}.` : "";
    if (!rows.length) place.textContent = "The filter of the table leaves no row to plot here.";
  }

  function draw() {
    const model = models[Number(control("model")?.value ?? 0)];
    const look = theme();
    for (const plot of ["size", "speed"]) {
      const place = document.getElementById(`plot-${plot}`);
      Plotly.react(place, traces(model, plot, look), layout(model, plot, look), { displayModeBar: false, responsive: true });
      leftOut(model, plot);
      outside(model, plot);
      if (place.dataset.listens) continue;
      place.dataset.listens = "yes";
      place.on("plotly_click", ({ points: [point] }) => {
        if (point.customdata) document.dispatchEvent(new CustomEvent("reveal-row", { detail: point.customdata }));
      });
    }
  }

  document.addEventListener("rows-shown", ({ detail }) => {
    shown = detail.numbers;
    const chosen = models.findIndex((model) => model.model === detail.model);
    if (chosen >= 0 && control("model")) control("model").value = chosen;
    draw();
  });
  for (const name of ["model", "group", "range"]) control(name)?.addEventListener("change", draw);
  for (const query of [night, narrow]) query.addEventListener("change", draw);
  addEventListener("beforeprint", () => { printing = true; draw(); });
  addEventListener("afterprint", () => { printing = false; draw(); });
})();
