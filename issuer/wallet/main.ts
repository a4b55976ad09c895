// The wallet (我的健康码): one screen at a time, and all of it but what asks the issuer works with no network.

import { App } from "./app";

new App(document.getElementById("app")!).start();
