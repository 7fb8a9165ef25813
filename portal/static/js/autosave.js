// Forms marked data-autosave: they say when they were saved, and nothing typed is lost.
// htmx sends them (hx-post on the form); this shows what became of it and warns before leaving.
(function () {
  "use strict";
  const WORDS = {
    wait: "正在保存…",
    typed: "有未保存的内容",
    failed: "还没有保存，请不要关闭本页；稍后会再试",
    expired: "登录已过期，请重新登录；已填内容留在本页",
  };
  const RETRY_AFTER = 15000; // milliseconds

  function autosaved(element) {
    return element && element.closest ? element.closest("form[data-autosave]") : null;
  }
  function say(form, state, words) {
    document.querySelectorAll("[data-saved-for='" + form.id + "']").forEach(function (place) {
      place.classList.toggle("saved-wait", state === "wait" || state === "typed");
      place.classList.toggle("saved-failed", state === "failed");
      place.querySelector("[data-saved-words]").textContent = words;
      place.hidden = false;
    });
  }
  function clock() {
    const now = new Date();
    return String(now.getHours()).padStart(2, "0") + ":" + String(now.getMinutes()).padStart(2, "0");
  }

  document.addEventListener("input", function (event) {
    const form = autosaved(event.target) || event.target.closest("form[data-guard]");
    if (!form) return;
    form.dataset.unsaved = String(Number(form.dataset.unsaved || 0) + 1);
    if (form.dataset.autosave === undefined) return;
    say(form, "typed", WORDS.typed);
    // Ticks are sent at once by their change event; text waits for a pause (hx-trigger of the form).
    if (!["checkbox", "radio"].includes(event.target.type)) htmx.trigger(form, "portal:typed");
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    const form = autosaved(event.detail.elt);
    if (!form) return;
    form.dataset.sending = form.dataset.unsaved || "0";
    form.dataset.underWay = "";
    say(form, "wait", WORDS.wait);
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    const form = autosaved(event.detail.elt);
    if (!form) return;
    const answer = event.detail.xhr;
    delete form.dataset.underWay;
    goOn(form);
    if (event.detail.successful) {
      // What was typed while the request was under way is not saved yet.
      if (form.dataset.unsaved === form.dataset.sending) delete form.dataset.unsaved;
      say(form, "done", "已保存 " + (answer.getResponseHeader("X-Saved-At") || clock()));
      return;
    }
    if (answer.status === 401) {
      say(form, "failed", WORDS.expired);
    } else if (answer.status === 0 || answer.status === 429 || answer.status >= 500) {
      say(form, "failed", WORDS.failed);
      window.setTimeout(function () {
        if (form.isConnected) htmx.trigger(form, "portal:retry");
      }, RETRY_AFTER);
    } else {
      say(form, "failed", "还没有保存：请看表中的提示");
    }
  });
  // Pressing a button leaves the last field, which saves the draft: the form would then go with a version that is just
  // becoming an old one. It waits for the answer, which brings the new version, and goes on by itself.
  const held = new Map(); // form → the button that was pressed
  function goOn(form) {
    window.setTimeout(function () {
      if (!held.has(form) || form.dataset.underWay !== undefined) return;
      const button = held.get(form);
      held.delete(form);
      if (form.isConnected) form.requestSubmit(button);
    }, 0);
  }
  document.addEventListener("submit", function (event) {
    // A form that htmx sends has been stopped here; the others leave the page with all that was typed.
    if (event.defaultPrevented) return;
    if (event.target.dataset.underWay !== undefined) {
      event.preventDefault();
      held.set(event.target, event.submitter);
      return;
    }
    delete event.target.dataset.unsaved;
  });
  window.addEventListener("beforeunload", function (event) {
    if (!document.querySelector("form[data-unsaved]")) return;
    event.preventDefault();
    event.returnValue = "";
  });
})();
