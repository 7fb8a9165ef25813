// The session's page: what follows what happens is swapped in by htmx (#live asks every other second); this leaves alone
// what has not changed or is being written in, lets the time of a speech run, says when the connection is lost, and
// brings a reader back to the same spot.
(function () {
  "use strict";
  const LOST_AFTER = 2; // failures in a row: one alone is nothing to worry about
  const shown = new Map(); // id of a part → what the server has last said of it
  let failures = 0;
  let focused = "";

  function isLive(target) {
    return target.id.startsWith("live-") && document.getElementById("live") !== null;
  }
  document.addEventListener("htmx:oobBeforeSwap", function (event) {
    const target = event.detail.target;
    if (!isLive(target) || target.id === "live-since") return;
    const told = event.detail.fragment.innerHTML;
    const isWritten = target.querySelector("form[data-unsaved]") !== null;
    if (isWritten || shown.get(target.id) === told) {
      event.detail.shouldSwap = false;
      return;
    }
    shown.set(target.id, told);
    const active = document.activeElement;
    focused = active && target.contains(active) ? active.id : "";
    event.detail.opened = Array.from(target.querySelectorAll("details[open][id]"), function (one) { return one.id; });
  });
  document.addEventListener("htmx:oobAfterSwap", function (event) {
    if (!isLive(event.detail.target)) return;
    (event.detail.opened || []).forEach(function (id) {
      const folded = document.getElementById(id);
      if (folded) folded.open = true;
    });
    const again = focused && document.getElementById(focused);
    if (again) again.focus({ preventScroll: true });
    focused = "";
    startClock();
  });

  // The time of a speech runs on from what the server said, by this machine's steady clock: its own hour may be wrong.
  function startClock() {
    document.querySelectorAll("[data-speech]:not([data-since])").forEach(function (place) {
      place.dataset.since = String(performance.now() - Number(place.dataset.speech) * 1000);
    });
    tick();
  }
  function minutes(seconds) {
    return Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");
  }
  function tick() {
    document.querySelectorAll("[data-since]").forEach(function (place) {
      const seconds = Math.max(0, (performance.now() - Number(place.dataset.since)) / 1000);
      const over = seconds - Number(place.dataset.planned) * 60;
      place.textContent = minutes(seconds);
      const words = place.closest("section").querySelector("[data-speech-words]");
      words.textContent = "计划 " + place.dataset.planned + " 分钟" + (over > 0 ? "，已超出 " + minutes(over) : "");
    });
  }

  // An expired log-in leads away from the page; what is just being typed is kept first, by the form's own answer.
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.elt.id !== "live" || !event.detail.xhr.getResponseHeader("HX-Redirect")) return;
    if (document.querySelector("form[data-unsaved]")) event.preventDefault();
  });
  // A connection that is lost comes back by itself: the next question is asked two seconds later.
  document.addEventListener("htmx:afterRequest", function (event) {
    const bar = document.getElementById("live-lost");
    if (!bar || event.detail.elt.id !== "live") return;
    const status = event.detail.xhr.status;
    failures = status === 0 || status >= 500 ? failures + 1 : 0;
    bar.hidden = failures < LOST_AFTER;
  });

  // Scroll position and what is unfolded are kept in the tab, for a reload or an expired log-in.
  function spot() {
    return "portal:spot:" + location.pathname;
  }
  function leave() {
    const open = Array.from(document.querySelectorAll("#main details[open][id]"), function (one) { return one.id; });
    try {
      sessionStorage.setItem(spot(), JSON.stringify({ top: window.scrollY, open: open }));
    } catch (error) {
      // Storage may be full or forbidden: then the page begins at its top.
    }
  }
  function comeBack() {
    const kept = sessionStorage.getItem(spot());
    if (!kept) return;
    const was = JSON.parse(kept);
    was.open.forEach(function (id) {
      const folded = document.getElementById(id);
      if (folded) folded.open = true;
    });
    if (!location.hash && !document.querySelector(".errsum")) window.scrollTo(0, was.top);
  }
  document.addEventListener("DOMContentLoaded", function () {
    if (!document.getElementById("live-now")) return;
    comeBack();
    window.addEventListener("pagehide", leave);
    startClock();
    window.setInterval(tick, 1000);
  });
})();
