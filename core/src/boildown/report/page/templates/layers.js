// The layers and the log of a job, inflated when the first row is opened and drawn for each.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 132;
  const HEIGHT = 30;
  let unpacked = null;

  function unpack() {
    const text = document.getElementById("packed").textContent;
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  // `share` is this side's tallest bar as a share of the taller of both, so that they compare.
  function outline(bars, letters, share) {
    const step = WIDTH / bars.length;
    const tops = [...bars].map((letter, index) => {
      const height = (HEIGHT - 1) * share * (letters.indexOf(letter) / (letters.length - 1));
      const y = (HEIGHT - height).toFixed(1);
      return `V${y}H${((index + 1) * step).toFixed(1)}`;
    });
    return `M0 ${HEIGHT}${tops.join("")}V${HEIGHT}Z`;
  }

  function path(shape, kind) {
    const made = document.createElementNS(SVG, "path");
    made.setAttribute("d", shape);
    made.setAttribute("class", kind);
    return made;
  }

  function histogram([width, first, before, tallestBefore, after, tallestAfter], { texts, letters }) {
    const most = Math.max(1, tallestBefore, tallestAfter);
    const svg = document.createElementNS(SVG, "svg");
    const low = Number((first * width).toPrecision(3));
    const high = Number(((first + texts[before].length) * width).toPrecision(3));
    const told = `values other than zero from ${low} to ${high}, before (grey) and after`;
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", told);
    const title = document.createElementNS(SVG, "title");
    title.textContent = told;
    svg.append(title, path(outline(texts[after], letters, tallestAfter / most), "after"));
    svg.append(path(outline(texts[before], letters, tallestBefore / most), "before"));
    return [svg, element("span", `${low} … ${high}`, { class: "ends" })];
  }

  function row([name, op, shape, changed, bits, sparsity, distinct, lies], all) {
    const made = element("tr");
    made.append(element("th", all.texts[name], { scope: "row" }));
    const cells = [all.texts[op], all.texts[shape], changed ? "yes" : "no", bits, `${(100 * sparsity).toFixed(1)} %`, distinct.toLocaleString("en")];
    const labels = ["operator", "shape", "changed", "bits", "zeros", "values"];
    cells.forEach((cell, index) => made.append(element("td", cell, { "data-label": labels[index] })));
    const drawn = element("td", undefined, { "data-label": "weights", class: "drawn" });
    drawn.append(...(lies ? histogram(lies, all) : ["–"]));
    made.append(drawn);
    return made;
  }

  function layers(found, all) {
    const box = element("details", undefined, { open: "", class: "layers" });
    box.append(element("summary", `Layers (${found.length})`));
    box.append(element("p", "Counted in the saved file. Weights: how the values other than zero lie, before as a line and after as bars, in 64 steps of height; the counts stand in comparison.json.", { class: "soft" }));
    const table = element("table");
    const head = element("tr");
    for (const title of ["layer", "operator", "shape", "changed", "bits", "zeros", "distinct values", "weights"]) {
      head.append(element("th", title, { scope: "col" }));
    }
    const thead = element("thead");
    thead.append(head);
    const body = element("tbody");
    body.append(...found.map((layer) => row(layer, all)));
    table.append(thead, body);
    const scroll = element("div", undefined, { class: "scroll" });
    scroll.append(table);
    box.append(scroll);
    return box;
  }

  function log(text) {
    const box = element("details", undefined, { class: "log" });
    box.append(element("summary", "End of the log"), element("pre", text));
    return box;
  }

  document.addEventListener("row-opened", async ({ detail: body }) => {
    const place = body.querySelector(".more");
    if (!place || place.dataset.filled) return;
    place.dataset.filled = "yes";
    try {
      unpacked ??= unpack();
      const all = await unpacked;
      const more = all.rows[body.dataset.number];
      if (more.layers.length) place.append(layers(more.layers, all));
      if (more.log) place.append(log(more.log));
      body.classList.add("filled");
    } catch (error) {
      place.append(element("p", `Layers and log cannot be shown by this browser: ${error}`, { class: "notice" }));
    }
  });
})();
