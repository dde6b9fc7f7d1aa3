"use strict";
// Sorts and filters the worklist where it lies. Without it the page is a plain table.
(() => {
  const table = document.getElementById("patients");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const filters = document.getElementById("filters");
  const find = document.getElementById("find");
  const boxes = [...filters.querySelectorAll("input[type=checkbox]")];
  const count = document.getElementById("count");
  const all = document.getElementById("all");
  const nobody = document.getElementById("nobody");
  let most = 500; // lines that a browser lays out without a pause
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const known = new Set(boxes.map((box) => box.value));
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const rows = [...body.rows].map((row) => ({
    row,
    text: plain(row.textContent.replace(/\s+/g, " ")),
    urgencies: row.dataset.urgencies.split(" "),
    keys: [...row.cells].map((cell) => cell.dataset.order ?? cell.textContent.trim()),
  }));

  function sortBy(head) {
    const column = head.cellIndex;
    const rising = head.getAttribute("aria-sort") !== "ascending";
    rows.sort((a, b) => {
      const order = collator.compare(a.keys[column], b.keys[column]);
      return rising ? order : -order;
    });
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    body.remove(); // many rows move faster where nobody looks
    body.append(...rows.map((each) => each.row));
    table.append(body);
    filter();
  }

  function filter() {
    const wanted = plain(find.value.trim().replace(/\s+/g, " "));
    const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let found = 0;
    for (const each of rows) {
      // what no box names is never hidden by one
      const named = each.urgencies.some((one) => chosen.has(one) || !known.has(one));
      const fits = named && each.text.includes(wanted);
      found += fits;
      each.row.hidden = !fits || found > most;
    }
    const noun = rows.length === 1 ? "patient" : "patients";
    const share = found === rows.length ? `${found} ${noun}` : `${found} of ${rows.length} ${noun}`;
    count.textContent = found > most ? `${share}; the first ${most} are listed` : share;
    all.hidden = found <= most;
    nobody.hidden = found > 0;
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(head));
    head.append(button);
  }
  find.addEventListener("input", filter);
  all.addEventListener("click", () => {
    most = Infinity;
    filter();
    count.focus();
  });
  for (const box of boxes) box.addEventListener("change", filter);
  filters.hidden = false;
  filter(); // a browser that goes back to the page keeps what was chosen
})();
