import * as v from "valibot";
import { ProtocolError, WireError } from "./errors.ts";

/** A request's id: a counter of the client's. Strings and null are not used (JSON-RPC 2.0 §4). */
const RequestId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Client to server. `params` is checked afterwards, by the method's own schema. */
export const RequestFrame = v.object({
  jsonrpc: v.literal("2.0"),
  id: RequestId,
  method: v.pipe(v.string(), v.maxLength(64)),
  params: v.optional(v.unknown(), {}),
});
export type RequestFrame = v.InferOutput<typeof RequestFrame>;

const SuccessFrame = v.object({
  jsonrpc: v.literal("2.0"),
  id: RequestId,
  result: v.unknown(),
});
/** `id` is null where the request could not be read (JSON-RPC 2.0 §5). */
const ErrorFrame = v.object({
  jsonrpc: v.literal("2.0"),
  id: v.nullable(RequestId),
  error: WireError,
});
const EventFrame = v.object({
  jsonrpc: v.literal("2.0"),
  method: v.pipe(v.string(), v.maxLength(64)),
  params: v.optional(v.unknown(), {}),
});

/** Server to client. */
export type ServerFrame =
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | { readonly kind: "error"; readonly id: number | null; readonly error: ProtocolError }
  | { readonly kind: "event"; readonly method: string; readonly params: unknown };

/**
 * Reads a text frame as JSON.
 * @throws ProtocolError parse-error
 */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("parse-error", "The frame is not JSON.", { cause });
  }
}

/**
 * Reads a client's frame.
 * @throws ProtocolError parse-error, invalid-request
 */
export function parseRequestFrame(text: string): RequestFrame {
  return parse(RequestFrame, parseJson(text), "invalid-request");
}

/**
 * Reads a server's frame.
 * @throws ProtocolError parse-error, invalid-request
 */
export function parseServerFrame(text: string): ServerFrame {
  const json = parseJson(text);
  if (v.is(EventFrame, json) && !("id" in json)) {
    return { kind: "event", method: json.method, params: json.params ?? {} };
  }
  if (v.is(ErrorFrame, json)) {
    return { kind: "error", id: json.id, error: ProtocolError.fromWire(json.error) };
  }
  const { id, result } = parse(SuccessFrame, json, "invalid-request");
  return { kind: "result", id, result };
}

/**
 * Checks a value against a schema; the error names the first thing that is wrong and where.
 * @throws ProtocolError `errorName`
 */
export function parse<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  errorName: "invalid-request" | "invalid-params" = "invalid-params",
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  throw new ProtocolError(errorName, path === null ? issue.message : `${path}: ${issue.message}`);
}

export function requestFrame(id: number, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

export function resultFrame(id: number, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

export function errorFrame(id: number | null, error: ProtocolError): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: error.toWire() });
}

export function eventFrame(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", method, params });
}
