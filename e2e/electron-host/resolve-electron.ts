/** `import … from "electron"` and `require("electron")` give the stand-in, in this process. */
import { registerHooks } from "node:module";

const STAND_IN = new URL("electron.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "electron" || specifier === "electron/main"
      ? { url: STAND_IN, shortCircuit: true }
      : next(specifier, context),
});
