// A long form, one section at a time on a phone: [data-pages] holds [data-page] sections and a .pageturn.
// Without a script, and on a wide screen, it stays one page; what is typed is never taken out of the form.
(function () {
  "use strict";
  function pagesOf(holder) {
    return Array.from(holder.querySelectorAll(":scope > [data-page]"));
  }
  function show(holder, index, move) {
    const pages = pagesOf(holder);
    const turn = holder.querySelector(":scope > .pageturn");
    pages.forEach(function (page, i) {
      page.toggleAttribute("data-shown", i === index);
    });
    holder.dataset.at = String(index);
    turn.querySelector("[data-turn='-1']").disabled = index === 0;
    turn.querySelector("[data-turn='1']").disabled = index === pages.length - 1;
    turn.querySelector("[data-place]").textContent = "第 " + (index + 1) + " / " + pages.length + " 节";
    if (move) pages[index].scrollIntoView({ block: "start" });
  }
  function start(root) {
    root.querySelectorAll("[data-pages]:not([data-paged])").forEach(function (holder) {
      const turn = holder.querySelector(":scope > .pageturn");
      if (!turn) return;
      turn.hidden = false;
      holder.dataset.paged = "1";
      const wanted = document.getElementById(location.hash.slice(1));
      const at = pagesOf(holder).findIndex(function (page) { return page.contains(wanted); });
      show(holder, Math.max(at, 0), false);
    });
  }
  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-turn]");
    const holder = button && button.closest("[data-paged]");
    if (holder) show(holder, Number(holder.dataset.at) + Number(button.dataset.turn), true);
  });
  // A link to a field, from the error summary or the list of what is missing, turns to its section first.
  function reveal(target) {
    const holder = target && target.closest("[data-paged]");
    if (!holder) return;
    const index = pagesOf(holder).findIndex(function (page) { return page.contains(target); });
    if (index >= 0) show(holder, index, false);
  }
  document.addEventListener("portal:reveal", function (event) { reveal(event.detail); });
  window.addEventListener("hashchange", function () { reveal(document.getElementById(location.hash.slice(1))); });
  document.addEventListener("DOMContentLoaded", function () { start(document); });
  document.addEventListener("htmx:load", function (event) { start(event.detail.elt.parentElement || document); });
})();
