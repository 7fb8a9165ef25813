// Menus are <details>: they open by themselves. This closes them as one expects: Escape, a click outside.
(function () {
  "use strict";
  function closeAll(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }
  document.addEventListener("click", function (event) {
    closeAll(event.target.closest("details.menu"));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = event.target.closest("details.menu[open]");
    closeAll(null);
    if (menu) menu.querySelector("summary").focus();
  });
  // Leaving a menu with the Tab key closes it, so that it never covers what has the focus.
  document.addEventListener("focusin", function (event) {
    closeAll(event.target.closest("details.menu"));
  });
})();
