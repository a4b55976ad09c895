// Keeps the app itself on the device, so that it starts with network and server off. What the gate knows is not its
// business: that lies in IndexedDB. The list of files is written in by the build.

declare const __FILES__: string[];

const worker = self as unknown as ServiceWorkerGlobalScope;
const FILES = __FILES__;
/** Caches belong to the whole origin, where other apps may live: only those of this scope are ours to clear away. */
const OURS = `app-${new URL(worker.registration.scope).pathname}-`;
const CACHE = OURS + FILES.join("|");

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
    await worker.clients.claim();
  };
  event.waitUntil(clean());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname.slice(new URL(worker.registration.scope).pathname.length);
  if (request.method !== "GET" || !(path === "" || FILES.includes(path))) return;
  event.respondWith(
    caches.match(path === "" ? "index.html" : request, { ignoreSearch: true }).then((kept) => kept ?? fetch(request)),
  );
});
