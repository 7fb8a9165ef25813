// The annexes as forms: rows come and go without a reload, what an answer elsewhere asks for shows with it, and the sum of
// the costs and the completion rate follow the typing. Without this script the buttons go to the server, every field is
// shown, and the server works out the same.
(function () {
  "use strict";
  // Rows. Names and ids carry the row's number: sellers-0-seller, annex-sellers-0-seller.
  function renumbered(row, table, to) {
    const number = new RegExp("^((?:annex-)?" + table + "-)\\d+(?=-|$)");
    row.querySelectorAll("[id], [name], [for], [value], [aria-describedby]").forEach(function (element) {
      ["id", "name", "for", "value", "aria-describedby"].forEach(function (attribute) {
        const value = element.getAttribute(attribute);
        const isTyped = attribute === "value" && element.tagName !== "BUTTON";
        if (value !== null && !isTyped) element.setAttribute(attribute, value.replace(number, "$1" + to));
      });
    });
  }
  function emptied(row) {
    row.querySelectorAll("input, textarea").forEach(function (control) {
      control.value = "";
      control.removeAttribute("value");
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    });
    row.querySelectorAll(".field-error").forEach(function (error) { error.remove(); });
    row.querySelectorAll(".has-error").forEach(function (cell) { cell.classList.remove("has-error"); });
  }
  function rowsOf(holder) {
    return Array.from(holder.querySelectorAll("[data-row]"));
  }
  function count(holder) {
    rowsOf(holder).forEach(function (row, at) {
      row.querySelectorAll("[data-row-number]").forEach(function (place) { place.textContent = String(at + 1); });
      renumbered(row, holder.dataset.growing, at);
    });
  }
  function changed(holder) {
    ["input", "change"].forEach(function (kind) { holder.dispatchEvent(new Event(kind, { bubbles: true })); });
  }
  function addRow(holder) {
    const last = rowsOf(holder).pop();
    const row = last.cloneNode(true);
    emptied(row);
    last.after(row);
    count(holder);
    row.querySelector("input, textarea").focus();
    changed(holder);
  }
  function removeRow(holder, row) {
    const rows = rowsOf(holder);
    const neighbour = rows[rows.indexOf(row) + 1] || rows[rows.indexOf(row) - 1] || row;
    if (rows.length === 1) emptied(row);
    else row.remove();
    count(holder);
    neighbour.querySelector("input, textarea").focus();
    changed(holder);
  }
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-add-row], [data-remove-row]");
    if (!button) return;
    event.preventDefault();
    const holder = button.closest("[data-growing]");
    if (button.hasAttribute("data-add-row")) addRow(holder);
    else removeRow(holder, button.closest("[data-row]"));
  });

  // What an answer in another section asks for.
  function show(root) {
    root.querySelectorAll("[data-asked-by]").forEach(function (asked) {
      const form = asked.closest("form");
      const chosen = form && form.querySelectorAll("[name='" + asked.dataset.askedBy + "']:checked");
      if (!chosen) return;
      asked.hidden = !Array.from(chosen).some(function (control) { return control.value === asked.dataset.askedWhen; });
    });
  }

  // Sum and rate, in hundredths and without floating point.
  function hundredths(text) {
    const plain = text.normalize("NFKC").replace(/[\s,¥元件%]/g, "");
    const found = /^(\d{1,15})(?:\.(\d{1,2})0*)?$/.exec(plain);
    return found ? BigInt(found[1]) * 100n + BigInt((found[2] || "").padEnd(2, "0")) : null;
  }
  function typedIn(ids) {
    return ids.split(" ").map(function (id) { return hundredths(document.getElementById(id).value); });
  }
  function words(value) {
    const whole = (value / 100n).toLocaleString("en-US");
    const rest = value % 100n;
    return rest ? whole + "." + String(rest).padStart(2, "0") : whole;
  }
  function workOut(root) {
    root.querySelectorAll("[data-sum-of]").forEach(function (place) {
      const costs = typedIn(place.dataset.sumOf).filter(function (cost) { return cost !== null; });
      place.textContent = costs.length ? words(costs.reduce(function (sum, cost) { return sum + cost; }, 0n)) : "—";
    });
    root.querySelectorAll("[data-rate-of]").forEach(function (place) {
      const [recalled, affected] = typedIn(place.dataset.rateOf);
      const can = recalled !== null && affected !== null && affected > 0n && recalled <= affected;
      // Rounded half up, as the portal does.
      place.textContent = can ? words((recalled * 20000n + affected) / (affected * 2n)) : "—";
    });
  }

  document.addEventListener("input", function (event) {
    const form = event.target.closest && event.target.closest("form");
    if (!form) return;
    show(form);
    workOut(form);
  });
  document.addEventListener("DOMContentLoaded", function () { show(document); workOut(document); });
  document.addEventListener("htmx:afterSettle", function () { show(document); workOut(document); });
})();
