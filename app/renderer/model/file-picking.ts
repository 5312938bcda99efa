import type { FolderEntry, PickedFile } from "./files.ts";

/** Files of one folder: a number that a person means to send, not a whole disk. */
export const MAX_FOLDER_FILES = 10_000;

/** A folder has more files: a part of it would look like the whole at the other end. */
export class FolderTooLargeError extends Error {
  constructor() {
    super("the folder has too many files");
    this.name = "FolderTooLargeError";
  }
}

/**
 * Files of an input; with `webkitdirectory` they come with their paths, and are one folder each.
 * @throws FolderTooLargeError
 */
export function pickedFiles(files: Iterable<File>): readonly PickedFile[] {
  const folders = new Map<string, FolderEntry[]>();
  const single: PickedFile[] = [];
  for (const file of files) {
    const [folder, ...rest] = file.webkitRelativePath.split("/");
    if (folder === undefined || rest.length === 0) {
      single.push({ name: file.name, content: file });
      continue;
    }
    const entries = folders.get(folder) ?? [];
    if (entries.length === MAX_FOLDER_FILES) throw new FolderTooLargeError();
    entries.push({ path: file.webkitRelativePath, file });
    folders.set(folder, entries);
  }
  return [...single, ...[...folders].map(([name, content]) => ({ name, content }))];
}

/**
 * What was dropped; folders are walked through. Call at once: the browser forgets it after the event.
 * Rejects with `FolderTooLargeError`.
 */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly PickedFile[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry() }));
  const picked: PickedFile[] = [];
  for (const { file, entry } of entries) {
    if (isFolder(entry)) {
      const content: FolderEntry[] = [];
      await walk(entry, entry.name, content);
      picked.push({ name: entry.name, content });
    } else if (file !== null) {
      picked.push({ name: file.name, content: file });
    }
  }
  return picked;
}

/** Pictures and files of the clipboard; a picture without a name gets one. */
export function pastedFiles(clipboard: DataTransfer | null): readonly PickedFile[] {
  return [...(clipboard?.files ?? [])].map((file) => ({ name: file.name, content: file }));
}

async function walk(
  folder: FileSystemDirectoryEntry,
  path: string,
  found: FolderEntry[],
): Promise<void> {
  const reader = folder.createReader();
  // A reader gives a hundred at a time, and an empty list at the end.
  for (;;) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly FileSystemEntry[]>();
    reader.readEntries(resolve, reject);
    const entries = await promise;
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (found.length >= MAX_FOLDER_FILES) throw new FolderTooLargeError();
      const inner = `${path}/${entry.name}`;
      if (isFolder(entry)) await walk(entry, inner, found);
      else if (isFile(entry)) found.push({ path: inner, file: await fileOf(entry) });
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  const { promise, resolve, reject } = Promise.withResolvers<File>();
  entry.file(resolve, reject);
  return promise;
}

function isFolder(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
