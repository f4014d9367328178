import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

const project = readFileSync(new URL("../pyproject.toml", import.meta.url), "utf8");

export default defineConfig({
  base: "./",
  build: { outDir: "../server/static", emptyOutDir: true, target: "es2023" },
  define: { __VERSION__: JSON.stringify(/^version = "(.*)"$/m.exec(project)?.[1]) },
  server: { proxy: { "/api": "http://127.0.0.1:8888" } },
  // A test reads the colours of the themes from the style sheet.
  test: { css: true },
});
