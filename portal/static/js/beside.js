// Material opens in the page (#viewer) where it has room for two columns; else in a tab of its own, as the link says.
(function () {
  "use strict";
  const WIDE = window.matchMedia("(min-width: 1101px)");
  let opener = null;
  function show(link) {
    const viewer = document.getElementById("viewer");
    const frame = viewer.querySelector("iframe");
    frame.src = link.href + "?beside=1";
    frame.title = link.dataset.view;
    document.getElementById("viewer-title").textContent = link.dataset.view;
    viewer.hidden = false;
    const folded = link.closest("#reference details");
    if (folded) folded.open = false;
    opener = folded ? document.getElementById("reference") : link;
    document.getElementById("main").classList.add("with-material");
    viewer.focus({ preventScroll: true });
  }
  document.addEventListener("click", function (event) {
    const link = event.target.closest("[data-view]");
    if (link && WIDE.matches && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(link);
    }
    if (event.target.closest("[data-view-close]")) {
      const viewer = document.getElementById("viewer");
      viewer.hidden = true;
      viewer.querySelector("iframe").removeAttribute("src");
      document.getElementById("main").classList.remove("with-material");
      if (opener) opener.focus();
    }
  });
})();
