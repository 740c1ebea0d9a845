// Sorting, filtering and opening the rows of the results table.
"use strict";
(() => {
  const table = document.getElementById("results");
  const every = [...table.tBodies];
  const jobs = every.filter((body) => body.classList.contains("job"));
  const order = new Map(every.map((body, index) => [body, index]));
  const headings = [...table.tHead.rows[0].cells];
  const selects = ["model", "recipe", "backend", "status"].map((name) => [
    name, document.getElementById(`filter-${name}`),
  ]);
  const text = document.getElementById("filter-text");
  const front = document.getElementById("filter-front");
  // Versions and paths name toolkits that had no part in a row, so provenance is not searched.
  const words = new Map(jobs.map((body) => {
    // The style hides the model's name where there is only one, so what is seen is not asked.
    const parts = [...body.rows[0].cells, ...body.querySelectorAll(".standing, .reason, .warnings, .steps")];
    return [body, parts.map((part) => part.textContent).join(" ").toLowerCase()];
  }));
  const ranks = ["front", "near", "dominated", "unranked"];

  // A figure begins with its number: "3.53×", "-0.0012 ±0.0021"; what is missing comes last.
  function value(body, column, kind) {
    // The float32 inputs have no number, but stand first.
    if (kind === "number") return order.get(body);
    if (kind === "mark") return body.dataset.rank ? ranks.indexOf(body.dataset.rank) : NaN;
    const shown = body.rows[0].cells[column].textContent.trim();
    return kind === "text" ? shown : Number.parseFloat(shown.replaceAll(",", ""));
  }

  function compare(one, other) {
    if (typeof one === "string") return one.localeCompare(other, "en", { numeric: true });
    return one - other;
  }

  function sort(heading) {
    const descending = heading.getAttribute("aria-sort") === "ascending";
    const column = headings.indexOf(heading);
    const missing = (found) => found === "" || Number.isNaN(found);
    const keyed = every.map((body) => [value(body, column, heading.dataset.kind), body]);
    keyed.sort(([one, left], [other, right]) => {
      const same = order.get(left) - order.get(right);
      if (missing(one) || missing(other)) return missing(one) - missing(other) || same;
      return (descending ? -1 : 1) * compare(one, other) || same;
    });
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    table.append(...keyed.map(([, body]) => body));
  }

  function wanted(body) {
    const chosen = selects.every(([name, select]) => !select.value || body.dataset[name] === select.value);
    const ranked = !front.checked || ["front", "near"].includes(body.dataset.rank);
    const terms = text.value.toLowerCase().split(/\s+/);
    return chosen && ranked && terms.every((term) => words.get(body).includes(term));
  }

  function filter() {
    for (const body of jobs) body.hidden = !wanted(body);
    const models = new Set(jobs.filter((body) => !body.hidden).map((body) => body.dataset.model));
    // Without a job nothing can be filtered out.
    for (const body of every) if (!words.has(body)) body.hidden = jobs.length > 0 && !models.has(body.dataset.model);
    const left = jobs.filter((body) => !body.hidden);
    document.getElementById("shown").textContent = `${left.length} of ${jobs.length} rows`;
    const numbers = new Set(left.map((body) => Number(body.dataset.number)));
    const model = selects[0][1].value;
    document.dispatchEvent(new CustomEvent("rows-shown", { detail: { numbers, model } }));
  }

  function reset() {
    for (const [, select] of selects) select.value = "";
    text.value = "";
    front.checked = false;
    filter();
  }

  function toggle(body, open) {
    const button = body.querySelector("button[aria-expanded]");
    const detail = body.querySelector(".detail");
    detail.hidden = !(open ?? detail.hidden);
    button.setAttribute("aria-expanded", String(!detail.hidden));
    if (!detail.hidden) document.dispatchEvent(new CustomEvent("row-opened", { detail: body }));
  }

  function reveal(number) {
    const body = document.getElementById(`row-${number}`);
    if (!body) return;
    if (body.hidden) reset();
    toggle(body, true);
    const button = body.querySelector("button");
    button.focus({ preventScroll: true });
    body.scrollIntoView({ block: "start" });
  }

  function follow() {
    if (location.hash.startsWith("#row-")) reveal(location.hash.slice(5));
  }

  for (const [name, select] of selects) {
    const found = [...new Set(jobs.map((body) => body.dataset[name]))];
    select.append(...found.map((choice) => new Option(choice, choice)));
    select.addEventListener("change", filter);
  }
  for (const heading of headings) heading.firstElementChild.addEventListener("click", () => sort(heading));
  for (const body of jobs) {
    const [line] = body.rows;
    line.addEventListener("click", (event) => {
      // A click that ends the marking of words to copy is not meant to open their row.
      const marked = String(getSelection()) && getSelection().containsNode(line, true);
      if (marked && !event.target.closest("button")) return;
      toggle(body);
      event.stopPropagation();
    });
  }
  text.addEventListener("input", filter);
  front.addEventListener("change", filter);
  document.getElementById("filter-reset").addEventListener("click", reset);
  document.addEventListener("reveal-row", (event) => reveal(event.detail));
  addEventListener("hashchange", follow);
  document.addEventListener("DOMContentLoaded", () => {
    filter();
    follow();
  });
})();
