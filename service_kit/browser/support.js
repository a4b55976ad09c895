// What is said where the app cannot run: a classic script in the words that the oldest browsers know, loaded before
// everything else. It looks for what the app cannot do without, and waits for what goes wrong until the app has drawn
// something. Four troubles, each by its own name: too old, no https, not loaded whole, a fault.
(function () {
  "use strict";

  // Made by `make profile`.
  var LANGUAGES = ["zh-CN", "zh-HK", "en"];
  var TEXTS = {
    "fault": ["程序出错，没能打开。请重新打开本页；再出现时，请告知管理员。", "程式出錯，未能開啟。請重新開啟本頁；再出現時，請通知管理員。", "Something went wrong and the page could not start. Open it again; if it comes back, tell whoever runs it."],
    "incomplete": ["页面没有下载完整。请连上网络，然后重新打开。", "頁面沒有下載完整。請連上網絡，然後重新開啟。", "The page did not arrive whole. Go online and open it again."],
    "insecure": ["本页不是用 https 打开的，不能使用。请核对网址后重新打开，或告知管理员。", "本頁不是以 https 開啟，不能使用。請核對網址後重新開啟，或通知管理員。", "This page was not opened with https and cannot work. Check the address and open it again, or tell whoever runs it."],
    "meanwhile.gate": ["在此之前请人工核验。", "在此之前請人手核驗。", "Until then check by hand."],
    "meanwhile.wallet": ["着急过卡口，请拿身份证走人工通道。", "趕着過關卡，請帶身份證明文件走人手通道。", "In a hurry at a gate? Take your identity document to the manual lane."],
    "old": ["这个浏览器太旧，打不开本页。请更新手机系统和浏览器，或换一部较新的手机（需 Chrome 90、Safari 14.1 或新版微信）。", "這個瀏覽器太舊，開不了本頁。請更新手機系統和瀏覽器，或改用較新的手機（需要 Chrome 90、Safari 14.1 或新版微信）。", "This browser is too old for this page. Update the phone and its browser, or use a newer phone (Chrome 90, Safari 14.1 or a current WeChat)."]
  };
  var MEANWHILE = TEXTS["meanwhile." + document.documentElement.getAttribute("data-app")];
  var place = null;
  var told = false;

  function hasStarted() {
    return place !== null && place.childNodes.length > 0;
  }

  function tell(what, detail) {
    place = document.getElementById("app");
    if (told || !place || hasStarted()) return;
    told = true;
    var main = document.createElement("main");
    main.className = "page";
    main.setAttribute("role", "alert");
    main.setAttribute("data-unsupported", what);
    for (var at = 0; at < LANGUAGES.length; at++) {
      var line = document.createElement("p");
      line.lang = LANGUAGES[at];
      line.appendChild(document.createTextNode(TEXTS[what][at] + (MEANWHILE ? " " + MEANWHILE[at] : "")));
      main.appendChild(line);
    }
    if (detail) {
      var small = document.createElement("p");
      small.className = "quiet";
      small.appendChild(document.createTextNode(detail));
      main.appendChild(small);
    }
    place.appendChild(main);
  }

  function isOld() {
    return !(
      "noModule" in document.createElement("script") &&
      typeof BigInt === "function" &&
      typeof Promise === "function" &&
      typeof fetch === "function" &&
      typeof AbortController === "function" &&
      typeof globalThis === "object" &&
      typeof Intl === "object" &&
      typeof Intl.RelativeTimeFormat === "function"
    );
  }

  function onError(event) {
    var failed = event.target;
    if (failed && failed.tagName === "SCRIPT") tell("incomplete");
    else if (event.error instanceof SyntaxError) tell("old", String(event.message));
    else if (event.message) tell("fault", String(event.message));
  }

  function onRejection(event) {
    tell("fault", String((event.reason && event.reason.message) || event.reason));
  }

  function begin() {
    place = document.getElementById("app");
    if (window.isSecureContext === false || !window.crypto) tell("insecure");
    else if (isOld() || !window.crypto.subtle) tell("old");
  }

  window.addEventListener("error", onError, true);
  window.addEventListener("unhandledrejection", onRejection);
  window.addEventListener("load", function () {
    place = document.getElementById("app");
    if (!hasStarted()) tell("incomplete");
  });
  if (document.getElementById("app")) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
