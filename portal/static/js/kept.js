// What could not be saved is kept in the tab (sessionStorage) and put back when the same person opens the same form:
// after an expired log-in, a reload, a broken network. Passwords and files are never kept; logging out clears it.
(function () {
  "use strict";
  const PREFIX = "portal:kept:";
  const NEVER = ["hidden", "password", "file", "submit", "button"];

  function keyOf(form) {
    const person = document.querySelector('meta[name="person"]');
    return person && person.content && form.id ? PREFIX + person.content + ":" + location.pathname + "#" + form.id : "";
  }
  function controlsOf(form) {
    return Array.from(form.elements).filter(function (control) {
      return control.name && !control.disabled && !NEVER.includes(control.type);
    });
  }
  function keep(form) {
    const key = keyOf(form);
    if (!key) return;
    const values = controlsOf(form).map(function (control) {
      if (control.type === "checkbox" || control.type === "radio") return [control.name, control.value, control.checked];
      if (control.multiple) return [control.name, Array.from(control.selectedOptions, function (o) { return o.value; })];
      return [control.name, control.value];
    });
    try {
      sessionStorage.setItem(key, JSON.stringify(values));
    } catch (error) {
      // Storage may be full or forbidden; the words beside the form already say that it is not saved.
    }
  }
  function putBack(form) {
    const key = keyOf(form);
    const kept = key && sessionStorage.getItem(key);
    if (!kept) return;
    const values = JSON.parse(kept);
    const controls = controlsOf(form);
    // A form that has changed its fields since then is left as the server gave it.
    const fits = values.length === controls.length && values.every(function (value, i) {
      return value[0] === controls[i].name;
    });
    sessionStorage.removeItem(key);
    if (!fits) return;
    controls.forEach(function (control, i) {
      if (control.type === "checkbox" || control.type === "radio") {
        control.checked = control.value === values[i][1] && values[i][2];
      } else if (control.multiple) {
        Array.from(control.options).forEach(function (option) { option.selected = values[i][1].includes(option.value); });
      } else {
        control.value = values[i][1];
      }
    });
    // As if typed again: the form shows that it is not saved, and sends itself.
    window.setTimeout(function () { form.dispatchEvent(new CustomEvent("input", { bubbles: true })); }, 0);
  }

  // The answer to an expired log-in leads away by a header: keep first, then go without a warning.
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    const form = event.detail.elt.closest("form[data-autosave]");
    if (!form || !event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    keep(form);
    delete form.dataset.unsaved;
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    const form = event.detail.elt.closest("form[data-autosave]");
    if (!form || event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    if (!event.detail.successful) keep(form);
    else if (keyOf(form)) sessionStorage.removeItem(keyOf(form));
  });
  document.addEventListener("submit", function (event) {
    if (event.target.hasAttribute("data-log-out")) sessionStorage.clear();
  });
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("form[data-autosave]").forEach(putBack);
  });
})();
