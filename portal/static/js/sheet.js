// The sheet: the contents at the left show where one is, and the conditions that hold are marked in the form.
// Both follow from what the server answers; without a script the page says the same beside the sheet.
(function () {
  "use strict";
  function markConditions() {
    const words = document.getElementById("dock-words");
    if (!words) return;
    const holding = words.dataset.clauses.split("|");
    document.querySelectorAll("[data-clause]").forEach(function (line) {
      line.classList.toggle("met", holding.includes(line.dataset.clause));
    });
  }
  let here = "";
  function markPlace() {
    document.querySelectorAll("#sheet-contents a").forEach(function (link) {
      if (here && link.hash === "#" + here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  function follow() {
    if (!("IntersectionObserver" in window)) return;
    const watcher = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) here = entry.target.id;
      });
      markPlace();
    }, { rootMargin: "-30% 0px -60% 0px" });
    document.querySelectorAll("#sheet [id^='section-'], #sign").forEach(function (section) { watcher.observe(section); });
  }
  document.addEventListener("DOMContentLoaded", function () {
    if (!document.getElementById("sheet-contents")) return;
    markConditions();
    follow();
  });
  document.addEventListener("htmx:afterSettle", function () {
    if (!document.getElementById("sheet-contents")) return;
    markConditions();
    markPlace();
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("a[href='#reference']")) {
      const folded = document.querySelector("#reference details");
      if (folded) folded.open = true;
    }
  });
})();
