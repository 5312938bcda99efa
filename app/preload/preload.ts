import { contextBridge, ipcRenderer } from "electron";
import { createBridge } from "./expose.ts";

contextBridge.exposeInMainWorld("beeline", createBridge(ipcRenderer, process.argv));
