// Keeps the app itself on the device, so that it starts with network and server off. What the app knows is not its
// business: that lies in IndexedDB. A version is its content: the build writes in the digest of each file, so any change
// makes another worker, and a release that arrives by halves is none. A page goes on with the version it was opened in:
// the parts of older versions stay until no page needs them.

declare const __FILES__: Record<string, string>;
declare const __VERSION__: string;

const FILES = __FILES__;
const worker = self as unknown as ServiceWorkerGlobalScope;
const PAGE = "index.html";
/** Caches belong to the whole origin, where other apps may live: only those of this scope are ours to clear away. */
const OURS = `app-${new URL(worker.registration.scope).pathname}-`;
const CACHE = OURS + __VERSION__;

worker.addEventListener("install", (event) => {
  event.waitUntil(install());
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = inScope(request.url);
  if (request.method !== "GET" || path === null) return;
  const file = path || PAGE;
  // Parts of other versions are told by their folder: their names are made of their content.
  if (file in FILES || file.startsWith("assets/")) event.respondWith(found(file, request));
});

worker.addEventListener("message", (event) => {
  if (event.data?.opened === __VERSION__) event.waitUntil(restore().then(tidy));
});

/** Every file whole and as it was built, or none: then the version before stays. */
async function install(): Promise<void> {
  await fill();
  await worker.skipWaiting();
}

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  const kept = await oursOnly();
  await Promise.all(Object.entries(FILES).map(([file, digest]) => take(cache, kept, file, digest)));
}

async function take(cache: Cache, kept: readonly string[], file: string, digest: string): Promise<void> {
  for (const name of kept) {
    const held = await (await caches.open(name)).match(file);
    if (held && (await digestOf(held.clone())) === digest) return cache.put(file, held);
  }
  const answer = await fetch(new Request(file, { cache: "reload" }));
  if (!answer.ok || (await digestOf(answer.clone())) !== digest) throw new Error(`${file}: not of this version`);
  await cache.put(file, answer);
}

async function found(file: string, request: Request): Promise<Response> {
  try {
    const others = file in FILES && !file.startsWith("assets/") ? [] : await oursOnly();
    for (const name of [CACHE, ...others]) {
      const held = await (await caches.open(name)).match(file);
      if (held) return held;
    }
  } catch {
    // A browser that has lost its caches still has the network.
  }
  return fetch(request);
}

/** Fetch again what a browser short of room has taken away; with no network at the next opening. */
async function restore(): Promise<void> {
  const held = await (await caches.open(CACHE)).keys();
  if (held.length < Object.keys(FILES).length) await fill();
}

/** A page of this version was opened; when it is the only one, nobody needs the others any more. */
async function tidy(): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.filter(({ url }) => inScope(url) !== null).length > 1) return;
  for (const name of await oursOnly()) if (name !== CACHE) await caches.delete(name);
}

async function oursOnly(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(OURS));
}

/** The path below this app's folder; null: not below it. */
function inScope(address: string): string | null {
  const { href } = new URL(worker.registration.scope);
  const [plain] = address.split(/[?#]/);
  return plain!.startsWith(href) ? plain!.slice(href.length) : null;
}

async function digestOf(answer: Response): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await answer.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
