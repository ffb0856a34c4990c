import { defineConfig } from "vite";

// One script and one sheet, named by what is in them; nothing inline, since the policy allows nothing inline.
export default defineConfig({
  base: "/console/",
  build: {
    outDir: "../src/bailiwick/console/built",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
