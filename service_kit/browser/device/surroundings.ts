// Where a page runs: in a browser, inside another app, or from the phone's own screen; and how to get out or in.

/** Apps that show pages in a window of their own: what is kept there is gone with it, and often there is no camera. */
const INSIDE: readonly [RegExp, string][] = [
  [/MicroMessenger/i, "wechat"],
  [/DingTalk/i, "dingtalk"],
  [/AlipayClient/i, "alipay"],
  [/Weibo/i, "weibo"],
  [/\bQQ\//, "qq"],
  [/aweme|BytedanceWebview|ToutiaoMicroApp/i, "douyin"],
  [/FBAN|FBAV|Instagram|\bLine\/|; wv\)/, "other"],
];

/** The app inside which the page was opened, or null in a browser. */
export function insideApp(agent = navigator.userAgent): string | null {
  return INSIDE.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
}

/** Whether the app was begun from the phone's own screen. */
export function isInstalled(): boolean {
  return (
    matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true
  );
}

export function isApple(agent = navigator.userAgent): boolean {
  // An iPad says that it is a Mac, and has fingers on it.
  return /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);
}

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

let offered: InstallPrompt | null = null;

/** Take what the browser offers before anything of the page asks for it: it offers once. */
export function awaitOffer(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offered = event as InstallPrompt;
  });
  addEventListener("appinstalled", () => (offered = null));
}

/** Have the browser ask whether to put the app on the phone's screen; null where it cannot, and words must do. */
export function installer(): (() => Promise<unknown>) | null {
  const offer = offered;
  if (!offer) return null;
  return () => {
    offered = null;
    return offer.prompt();
  };
}
