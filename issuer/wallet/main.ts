// The wallet (我的健康码): one screen at a time, and all of it but what asks the issuer works with no network.

import { App } from "./app";

// Where the page has already said that it cannot run here (support.js), that stands.
if (!document.querySelector("[data-unsupported]")) new App(document.getElementById("app")!).start();
