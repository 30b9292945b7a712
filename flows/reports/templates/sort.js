"use strict";

const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/* What a cell is sorted by: a number where its column holds numbers. */
function key(row, column, isNumber) {
  const cell = row.cells[column];
  const text = cell.dataset.by ?? cell.textContent.trim();
  return isNumber ? parseFloat(text.replaceAll(",", "").replace("−", "-")) : text;
}

/* Numbers begin with the largest, words with A; what is unknown comes last. */
function sort(table, head) {
  const isNumber = head.classList.contains("n");
  const first = isNumber ? "descending" : "ascending";
  const second = isNumber ? "ascending" : "descending";
  const order = head.ariaSort === first ? second : first;
  const sign = order === "ascending" ? 1 : -1;
  const keyed = [...table.tBodies[0].rows].map((row) => [
    key(row, head.cellIndex, isNumber), row,
  ]);
  keyed.sort(([a], [b]) => {
    if (!isNumber) return sign * words.compare(a, b);
    return isNaN(a) - isNaN(b) || sign * (a - b) || 0;
  });
  for (const other of head.parentNode.cells) other.ariaSort = null;
  head.ariaSort = order;
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table:not(.twins)")) {
  for (const head of table.querySelectorAll("thead th:not(.drawn)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head));
  }
}

/* So that "bjork" finds Björk. */
const plain = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();

const field = document.getElementById("filter");
if (field) {
  const rows = [...document.getElementById("all").tBodies[0].rows];
  const names = new Map(rows.map((row) => [row, plain(row.cells[0].textContent)]));
  const found = document.getElementById("found");
  field.parentNode.hidden = false;
  field.addEventListener("input", () => {
    const sought = plain(field.value);
    for (const row of rows) row.hidden = !names.get(row).includes(sought);
    const left = rows.filter((row) => !row.hidden).length;
    found.value = sought ? `${left.toLocaleString("en")} found` : "";
  });
}
