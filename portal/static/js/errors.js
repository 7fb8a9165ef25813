// The error summary takes the focus, on a full page and after a fragment; its links open what hides the field.
(function () {
  "use strict";
  function focusSummary(root) {
    const summary = root.querySelector(".errsum");
    if (summary) summary.focus();
  }
  function reveal(field) {
    for (let folded = field.closest("details"); folded; folded = folded.parentElement.closest("details")) {
      folded.open = true;
    }
  }
  document.addEventListener("DOMContentLoaded", function () {
    focusSummary(document);
  });
  document.addEventListener("htmx:afterSettle", function (event) {
    // A draft that saves itself answers while the person types: it must not take the focus away.
    const cause = event.detail.requestConfig && event.detail.requestConfig.triggeringEvent;
    if (cause && cause.type === "submit") focusSummary(document);
  });
  document.addEventListener("click", function (event) {
    const link = event.target.closest(".errsum a[href^='#'], .miss a[href^='#']");
    const target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("portal:reveal", { detail: target }));
    reveal(target);
    const control = target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea");
    target.scrollIntoView({ block: "center" });
    (control || target).focus({ preventScroll: true });
  });
  // Show or hide a password; the button is hidden until a script can serve it.
  document.querySelectorAll("[data-show-password]").forEach(function (button) {
    const input = document.getElementById(button.dataset.showPassword);
    button.hidden = false;
    button.addEventListener("click", function () {
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  });
})();
