// <a href="#id" data-dialog> opens <dialog id="id"> as a modal; without a script :target shows it in the page.
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    const opener = event.target.closest("a[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.hash.slice(1));
      if (!dialog || !dialog.showModal) return;
      event.preventDefault();
      dialog.showModal();
      return;
    }
    const closer = event.target.closest("[data-close]");
    const open = closer && closer.closest("dialog[open]");
    if (open) {
      event.preventDefault();
      open.close();
    }
  });
  // A second click on a final act must not send it twice; the button says that it is under way.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    window.addEventListener("pageshow", function () {
      delete form.dataset.sent;
    }, { once: true });
  });
})();
