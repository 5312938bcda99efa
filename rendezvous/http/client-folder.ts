import { fileURLToPath } from "node:url";

/** Where `npm run build` puts the web client. */
export const clientFolder = fileURLToPath(new URL("../../dist/renderer", import.meta.url));
