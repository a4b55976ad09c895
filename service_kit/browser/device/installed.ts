// The app as it lies on the device: kept by its service worker (service_worker.ts), version by version.

/** How often a page that is never closed asks whether there is a new version. */
const ASK_MILLISECONDS = 3_600_000;

/** Which content this page is made of, as the build has written it: twelve characters of a digest. */
export function version(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=version]")?.content ?? "";
}

/**
 * Keep the app on the device, and tell when the next version has taken this one's place: this page goes on with all its
 * own parts until it is opened anew. Where the browser refuses it the app works for as long as it is open.
 */
export function keepInstalled(tell: () => void = () => undefined): void {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const isNewcomer = !workers.controller;
  workers.addEventListener("controllerchange", () => !isNewcomer && tell());
  const tidy = ({ active }: ServiceWorkerRegistration) => active?.postMessage({ opened: version() });
  const renew = (registration: ServiceWorkerRegistration) => void registration.update().catch(() => undefined);
  workers
    .register("service-worker.js", { updateViaCache: "none" })
    .then((registration) => setInterval(renew, ASK_MILLISECONDS, registration))
    .catch(() => undefined);
  workers.ready.then(tidy).catch(() => undefined);
}
