// A PDF in the page, drawn by PDF.js: only the pages in sight, with their text, which can be selected and read aloud.
// [data-pdf] names the file; without this script the page offers the file itself.
(function () {
  "use strict";
  const FEW = 12; // pages kept drawn: a phone has little memory
  const STEPS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
  const MARGIN = "800px 0px";
  const WORDS = {
    PasswordException: "文件设有打开密码，不能在网页中显示。",
    InvalidPDFException: "文件已损坏，或不是完好的 PDF。",
    other: "文件没有取到，请检查网络后刷新本页。",
  };

  function start(holder) {
    const place = document.querySelector("[data-place]");
    const sheets = document.querySelector("[data-sheets]");
    const drawn = []; // numbers of the pages that are drawn, the latest last
    let file = null;
    let step = STEPS.indexOf(1);
    let width = 0;

    function say(words) {
      const status = holder.querySelector("[data-status]");
      status.textContent = words;
      status.hidden = !words;
    }
    function scaleOf(page) {
      return (width / page.getViewport({ scale: 1 }).width) * STEPS[step];
    }
    function clear(sheet) {
      if (sheet.drawing) sheet.drawing.cancel();
      sheet.drawing = null;
      sheet.replaceChildren();
    }
    async function draw(sheet) {
      const number = Number(sheet.dataset.number);
      if (sheet.firstChild || sheet.drawing) return;
      sheet.drawing = { cancel: function () {} };
      const page = await file.getPage(number);
      const scale = scaleOf(page);
      const viewport = page.getViewport({ scale: scale });
      const sharp = Math.min(window.devicePixelRatio || 1, 2);
      const canvas = document.createElement("canvas");
      canvas.width = Math.floor(viewport.width * sharp);
      canvas.height = Math.floor(viewport.height * sharp);
      canvas.setAttribute("aria-hidden", "true");
      size(sheet, viewport);
      const text = document.createElement("div");
      text.className = "pdf-text";
      text.style.setProperty("--scale-factor", String(scale));
      sheet.replaceChildren(canvas, text);
      sheet.drawing = page.render({
        canvasContext: canvas.getContext("2d"),
        viewport: viewport,
        transform: sharp === 1 ? null : [sharp, 0, 0, sharp, 0, 0],
      });
      try {
        await sheet.drawing.promise;
        await pdfjsLib.renderTextLayer({
          textContentSource: page.streamTextContent(), container: text, viewport: viewport, textDivs: [],
        }).promise;
      } catch (error) {
        if (error.name !== "RenderingCancelledException") say(WORDS.other);
        return;
      }
      drawn.push(number);
      if (drawn.length > FEW) clear(sheetOf(drawn.shift()));
    }
    function sheetOf(number) {
      return sheets.children[number - 1];
    }
    function size(sheet, viewport) {
      sheet.style.width = Math.floor(viewport.width) + "px";
      sheet.style.height = Math.floor(viewport.height) + "px";
    }
    const near = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) draw(entry.target);
      });
    }, { root: sheets, rootMargin: MARGIN });
    const read = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) place.textContent = entry.target.dataset.number + " / " + file.numPages;
      });
    }, { root: sheets, rootMargin: "-45% 0px -45% 0px" });

    async function lay() {
      width = Math.max(sheets.clientWidth - 24, 200);
      const first = await file.getPage(1);
      const viewport = first.getViewport({ scale: scaleOf(first) });
      const at = Number(place.textContent.split(" ")[0]) || 1;
      drawn.length = 0;
      Array.from(sheets.children).forEach(function (sheet) {
        clear(sheet);
        size(sheet, viewport);
        near.unobserve(sheet);
        near.observe(sheet);
      });
      sheetOf(at).scrollIntoView({ block: "start" });
    }
    function zoom(by) {
      step = Math.min(Math.max(step + by, 0), STEPS.length - 1);
      document.querySelector("[data-zoom='-1']").disabled = step === 0;
      document.querySelector("[data-zoom='1']").disabled = step === STEPS.length - 1;
      lay();
    }
    function turn(by) {
      const at = Number(place.textContent.split(" ")[0]) || 1;
      const sheet = sheetOf(Math.min(Math.max(at + by, 1), file.numPages));
      sheet.scrollIntoView({ block: "start" });
    }

    pdfjsLib.GlobalWorkerOptions.workerSrc = holder.dataset.worker;
    const task = pdfjsLib.getDocument({
      url: holder.dataset.pdf,
      cMapUrl: holder.dataset.tables + "cmaps/",
      cMapPacked: true,
      standardFontDataUrl: holder.dataset.tables + "standard_fonts/",
      rangeChunkSize: 262144,
      // A file may bring code that draws its fonts; it is never run.
      isEvalSupported: false,
      enableXfa: false,
    });
    task.onProgress = function (got) {
      if (!file && got.total) say("正在打开… " + Math.min(99, Math.floor((got.loaded / got.total) * 100)) + "%");
    };
    task.promise.then(function (opened) {
      file = opened;
      say("");
      document.querySelectorAll("[data-needs-file]").forEach(function (one) { one.hidden = false; });
      for (let number = 1; number <= file.numPages; number += 1) {
        const sheet = document.createElement("div");
        sheet.className = "pdf-page";
        sheet.dataset.number = String(number);
        sheet.setAttribute("role", "region");
        sheet.setAttribute("aria-label", "第 " + number + " 页");
        sheets.append(sheet);
        read.observe(sheet);
      }
      place.textContent = "1 / " + file.numPages;
      lay();
      let waiting = null;
      let before = sheets.clientWidth;
      window.addEventListener("resize", function () {
        clearTimeout(waiting);
        waiting = setTimeout(function () {
          if (sheets.clientWidth !== before) lay();
          before = sheets.clientWidth;
        }, 200);
      });
    }, function (error) {
      say(WORDS[error.name] || WORDS.other);
    });
    document.addEventListener("click", function (event) {
      const button = event.target.closest("[data-zoom], [data-turn-page]");
      if (!button || !file) return;
      if (button.dataset.zoom) zoom(Number(button.dataset.zoom));
      else turn(Number(button.dataset.turnPage));
    });
  }

  const holder = document.querySelector("[data-pdf]");
  if (holder) start(holder);
})();
