import { encodeXorAddress, type TransportEnd } from "./mapped-address.ts";
import {
  attributes,
  BINDING_ERROR,
  BINDING_REQUEST,
  BINDING_SUCCESS,
  decodeStun,
  encodeStun,
  type StunMessage,
} from "./stun-message.ts";

/** Fits the path MTU that IPv6 promises (RFC 8489 §6.1); a Binding request is far shorter. */
const MAX_REQUEST_BYTES = 1280;

/**
 * What an answer may be longer than its request: XOR-MAPPED-ADDRESS for IPv6. Whoever sends requests
 * in a victim's name makes no more of them than they sent, but for so little; they might as well
 * write to the victim. So anybody is answered.
 */
export const MAX_GROWTH_BYTES = 24;

/** What RFC 8489 defines; what of it a request has no use for is ignored. */
const understood: ReadonlySet<number> = new Set<number>(Object.values(attributes));

export interface BindingAnswer {
  /** "refused" with 420. */
  readonly outcome: "answered" | "refused";
  readonly datagram: Uint8Array;
}

/**
 * Answers a Binding request (RFC 8489 §6.3.1, §7.3): success with the source's address as it is seen
 * here, or 420 (Unknown Attribute). Undefined for everything else, which is not answered at all:
 * other protocols, indications, responses, other methods. Credentials are not looked at.
 */
export function answerBinding(
  datagram: Uint8Array,
  source: TransportEnd,
): BindingAnswer | undefined {
  // Nobody can be answered at port 0.
  if (datagram.length > MAX_REQUEST_BYTES || source.port === 0) return undefined;
  const request = decodeStun(datagram);
  if (request?.type !== BINDING_REQUEST) return undefined;
  const unknown = unknownIn(request);
  if (unknown.length > 0) {
    return { outcome: "refused", datagram: encodeStun(unknownAttribute(request, unknown)) };
  }
  const value = encodeXorAddress(source, request.transactionId);
  if (value === undefined) return undefined;
  const answer = encodeStun({
    ...request,
    type: BINDING_SUCCESS,
    attributes: [{ type: attributes.XOR_MAPPED_ADDRESS, value }],
  });
  return { outcome: "answered", datagram: answer };
}

/** Types that must be understood (RFC 8489 §14) and are not; what follows the integrity is nobody's. */
function unknownIn({ attributes: sent }: StunMessage): readonly number[] {
  const unknown = new Set<number>();
  for (const { type } of sent) {
    if (type === attributes.MESSAGE_INTEGRITY) break;
    if (type < 0x8000 && !understood.has(type)) unknown.add(type);
  }
  return [...unknown];
}

/** Without a reason phrase, which people would read and none are here: it would be the longest part. */
function unknownAttribute(request: StunMessage, types: readonly number[]): StunMessage {
  const list = new Uint8Array(types.length * 2);
  const view = new DataView(list.buffer);
  for (const [at, type] of types.entries()) view.setUint16(at * 2, type);
  return {
    ...request,
    type: BINDING_ERROR,
    attributes: [
      { type: attributes.ERROR_CODE, value: Uint8Array.of(0, 0, 4, 20) },
      { type: attributes.UNKNOWN_ATTRIBUTES, value: list },
    ],
  };
}
