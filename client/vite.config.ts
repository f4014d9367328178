import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  build: { outDir: "../server/static", emptyOutDir: true, target: "es2023" },
  server: { proxy: { "/api": "http://127.0.0.1:8888" } },
  // A test reads the colours of the themes from the style sheet.
  test: { css: true },
});
