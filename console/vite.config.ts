import { defineConfig } from "vite";

// One script and one sheet, named by what is in them; nothing inline, since the policy allows nothing inline.
export default defineConfig({
  base: "/console/",
  build: {
    outDir: "../src/bailiwick/console/built",
    emptyOutDir: true,
    license: { fileName: "licenses.md" }, // of all that is bundled, beside it
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
