import type { Params, OldSignedIn } from "../../protocol/index.ts";
import type { Timer } from "../ports.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Answer, RpcSocket } from "./rpc-socket.ts";

/** A sign-in with a credential: once, by a person, and answered to them. */
export type SignInRequest =
  | {
      readonly method: "session.signIn";
      readonly params: Omit<Params<"session.signIn">, "device">;
    }
  | {
      readonly method: "account.register";
      readonly params: Omit<Params<"account.register">, "device">;
    };

export type Login =
  | ({ readonly by: "credential"; readonly request: SignInRequest } & Answer<OldSignedIn>)
  | { readonly by: "token"; readonly token: string };

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
      readonly token: string;
      readonly heartbeat: Heartbeat;
      readonly since: number;
    }
  | { readonly name: "waiting"; readonly token: string; readonly timer: Timer }
  | { readonly name: "closed" };
