export * from "./base64.ts";
export * from "./content-seal.ts";
export * from "./conversation-id.ts";
export * from "./device-keys.ts";
export * from "./device-log.ts";
export * from "./identity.ts";
export * from "./key-wrap.ts";
