import type { SignedIn } from "../../protocol/index.ts";
import type { Timer } from "../ports.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Answer, RpcSocket } from "./rpc-socket.ts";
import type { SignIn } from "./sign-in.ts";

export type Login =
  /** Once, by a person, and answered to them. */
  | ({ readonly by: "person"; readonly signIn: SignIn } & Answer<SignedIn>)
  /** Back to the session of this device, for as long as it takes. */
  | { readonly by: "key" };

/** Where the connection stands, with what it holds there. */
export type Phase =
  | { readonly name: "idle" }
  | {
      readonly name: "connecting";
      readonly rpc: RpcSocket;
      readonly login: Login;
      readonly deadline: Timer;
    }
  | {
      readonly name: "online";
      readonly rpc: RpcSocket;
      readonly heartbeat: Heartbeat;
      readonly since: number;
    }
  | { readonly name: "waiting"; readonly timer: Timer }
  | { readonly name: "closed" };
