// Builds one browser app: `vite build <folder>`. Everything is bundled, nothing comes from elsewhere.

import { defineConfig, type Plugin } from "vite";

/** The oldest browsers that run the apps (docs/checkpoint.md); WeChat's own is younger. */
const BROWSERS = ["chrome90", "safari14.1"];
/** A classic script of the oldest words: it says what to do where nothing else of the app can run. */
const SUPPORT = "support.js";
const WORKER = "service-worker.js";
const VERSION_CHARACTERS = 12;

type Contents = ReadonlyMap<string, Uint8Array | string>;

/**
 * Makes the version of an app its content, whatever of it has changed: writes it into the page, and into the service
 * worker with the digest of each file.
 */
function versionOfTheContent(): Plugin {
  let statics = "";
  return {
    name: "version-of-the-content",
    enforce: "post",
    configResolved: ({ publicDir }) => void (statics = publicDir),
    transformIndexHtml: () => [
      { tag: "meta", attrs: { name: "version", content: "__VERSION__" }, injectTo: "head" },
      // Before all modules, which wait for the end of the page.
      { tag: "script", attrs: { src: `./${SUPPORT}` }, injectTo: "body" },
    ],
    generateBundle: {
      order: "post",
      async handler(_options, bundle) {
        const support = await this.fs.readFile(here(`service_kit/browser/${SUPPORT}`));
        this.emitFile({ type: "asset", fileName: SUPPORT, source: support });
        const contents = new Map<string, Uint8Array | string>([[SUPPORT, support]]);
        for (const name of await this.fs.readdir(statics))
          contents.set(name, await this.fs.readFile(`${statics}/${name}`));
        for (const [name, file] of Object.entries(bundle)) {
          if (name !== WORKER && !name.endsWith(".map"))
            contents.set(name, file.type === "chunk" ? file.code : file.source);
        }
        const page = bundle["index.html"];
        const worker = bundle[WORKER];
        if (page?.type !== "asset" || worker?.type !== "chunk")
          throw new Error("a page and a service worker make an app");
        const version = (await digest(JSON.stringify(await digests(contents)))).slice(0, VERSION_CHARACTERS);
        page.source = String(page.source).replace("__VERSION__", version);
        contents.set("index.html", page.source);
        const files = JSON.stringify(await digests(contents));
        worker.code = worker.code.replace("__FILES__", files).replace(/__VERSION__/g, JSON.stringify(version));
      },
    },
  };
}

function here(path: string): string {
  return decodeURIComponent(new URL(path, import.meta.url).pathname);
}

async function digests(contents: Contents): Promise<Record<string, string>> {
  const sorted = [...contents].sort(([one], [two]) => (one < two ? -1 : 1));
  return Object.fromEntries(await Promise.all(sorted.map(async ([name, content]) => [name, await digest(content)])));
}

/** Of the browsers' own kind, which Node knows as well: the types of Node stay out of what browsers run. */
async function digest(content: Uint8Array | string): Promise<string> {
  const data = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default defineConfig({
  base: "./",
  build: {
    outDir: "built",
    emptyOutDir: true,
    target: BROWSERS,
    cssTarget: BROWSERS,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      // How long a build takes says how busy the machine is, and nothing about the app.
      checks: { bundlerTimings: false },
      // What the builder only warns of (an await that is younger than the browsers above) is a blank page in them.
      onwarn: (warning) => {
        throw new Error(warning.message);
      },
      input: { index: "index.html", "service-worker": "../../service_kit/browser/device/service_worker.ts" },
      output: {
        entryFileNames: (chunk) => (chunk.name === "service-worker" ? WORKER : "assets/[name]-[hash].js"),
        // All that an app starts with in one file: two would be larger, and one would wait for the other.
        codeSplitting: { groups: [{ name: "app", tags: ["$initial"], test: (id) => !id.includes("service_worker") }] },
      },
    },
  },
  // Workers that are modules are younger than the browsers above.
  worker: { format: "iife" },
  plugins: [versionOfTheContent()],
});
