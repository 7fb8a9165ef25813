// Forms marked data-upload: a large file shows how far it is, can be stopped, and is not lost with the connection.
// Without this script the browser sends the form as any other.
(function () {
  "use strict";
  const MEGABYTE = 1024 * 1024;
  const ANSWERS = [200, 409, 422];
  const WORDS = {
    0: "连接中断，文件没有传完。已填的内容仍在本页，请再试一次。",
    401: "登录已过期，请在另一个标签页重新登录，再回到本页上传；已填的内容仍在本页。",
    413: "文件超过了允许的大小，没有保存。",
    other: "没有上传成功，请稍后再试；已填的内容仍在本页。",
    stopped: "已取消上传。",
    saving: "已传完，正在核对并保存…",
  };

  function show(form, words, percent) {
    const place = form.querySelector("[data-upload-progress]");
    place.hidden = false;
    place.querySelector("[data-upload-words]").textContent = words;
    place.querySelector("progress").hidden = percent === null;
    place.querySelector("[data-upload-stop]").hidden = percent === null || percent === 100;
    if (percent !== null) place.querySelector("progress").value = percent;
  }
  function fail(form, words) {
    delete form.dataset.uploading;
    show(form, words, null);
  }
  function send(form) {
    const request = new XMLHttpRequest();
    form.dataset.uploading = "1";
    request.open("POST", form.action);
    request.upload.addEventListener("progress", function (event) {
      if (!event.lengthComputable) return;
      const percent = Math.floor((event.loaded / event.total) * 100);
      const sizes = (event.loaded / MEGABYTE).toFixed(1) + " / " + (event.total / MEGABYTE).toFixed(1) + " MB";
      show(form, percent === 100 ? WORDS.saving : "正在上传 " + percent + "%（" + sizes + "）", percent);
    });
    request.addEventListener("load", function () {
      if (!ANSWERS.includes(request.status)) return fail(form, WORDS[request.status] || WORDS.other);
      // The answer is a whole page, as the browser would have got it.
      if (request.responseURL !== location.href) history.pushState(null, "", request.responseURL);
      document.open();
      document.write(request.responseText);
      document.close();
    });
    request.addEventListener("error", function () { fail(form, WORDS[0]); });
    request.addEventListener("abort", function () { fail(form, WORDS.stopped); });
    form.querySelector("[data-upload-stop]").onclick = function () { request.abort(); };
    show(form, "正在上传…", 0);
    request.send(new FormData(form));
  }
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("form[data-upload]")) return;
    const chosen = form.querySelector("input[type=file]");
    if (!chosen.files.length || !window.FormData) return;
    event.preventDefault();
    if (!form.dataset.uploading) send(form);
  });
})();
