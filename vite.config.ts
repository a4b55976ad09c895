// Builds one browser app: `vite build <folder>`. Everything is bundled, nothing comes from elsewhere.

import { defineConfig, type Plugin } from "vite";

/** Tells the service worker which files the app is made of; a new file name makes it a new worker. */
function filesForTheServiceWorker(): Plugin {
  return {
    name: "files-for-the-service-worker",
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle).filter((name) => name !== "service-worker.js" && !name.endsWith(".map"));
      const listed = JSON.stringify([...new Set([...files, "index.html", "icon.svg", "manifest.webmanifest"])].sort());
      const worker = bundle["service-worker.js"];
      if (worker?.type === "chunk") worker.code = worker.code.replace("__FILES__", listed);
    },
  };
}

export default defineConfig({
  base: "./",
  build: {
    outDir: "built",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { index: "index.html", "service-worker": "../../service_kit/browser/service_worker.ts" },
      output: { entryFileNames: (chunk) => (chunk.name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js") },
    },
  },
  worker: { format: "es" },
  plugins: [filesForTheServiceWorker()],
});
