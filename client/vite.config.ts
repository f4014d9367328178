import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  build: { outDir: "../server/static", emptyOutDir: true, target: "es2023" },
  server: { proxy: { "/api": "http://127.0.0.1:8888" } },
  test: { css: true },
});
