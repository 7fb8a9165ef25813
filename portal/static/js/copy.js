// A button marked data-copy puts the value of a field into the clipboard. Without the script the field is selected by hand.
(function () {
  "use strict";
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-copy]").forEach(function (button) { button.hidden = false; });
  });
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    const done = function () { button.parentElement.querySelector("[data-copied]").hidden = false; };
    field.select();
    // Inside a network without HTTPS browsers offer the older way alone.
    if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(done);
    else if (document.execCommand("copy")) done();
  });
})();
