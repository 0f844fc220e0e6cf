import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { measureFirstLoad } from "./scripts/first-load";

// `make web` sets the address of the running API.
const api = process.env.API_ORIGIN ?? "http://localhost:8000";

export default defineConfig({
  plugins: [react(), measureFirstLoad()],
  server: { port: 5173, strictPort: true, proxy: { "/api": api } },
  build: {
    outDir: "../build/web",
    emptyOutDir: true,
    // An inlined asset would be a data: URL, which the Content-Security-Policy allows only for images.
    assetsInlineLimit: 0,
    minify: "terser",
    modulePreload: { polyfill: false },
    // Chunks below this size are merged: they compress worse than one.
    rollupOptions: { output: { experimentalMinChunkSize: 3600 } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
