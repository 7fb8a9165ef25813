// htmx requests carry the token of the page, as a form would (design/security: CSRF on all, htmx included).
(function () {
  "use strict";
  document.addEventListener("htmx:configRequest", function (event) {
    const meta = document.querySelector('meta[name="csrf-token"]');
    if (meta) event.detail.headers["X-CSRFToken"] = meta.content;
  });
})();
