import { parseSync, Visitor } from "oxc-parser";

/** One place where a source file names another module. */
export interface Import {
  /** Absent where the module is named by an expression, which no rule can judge. */
  readonly specifier?: string;
  /** 1-based. */
  readonly line: number;
}

/**
 * Every import, re-export, dynamic import and type import of a TypeScript source.
 * @throws when the source does not parse: a file that cannot be read is a file that is not checked
 */
export function importsOf(fileName: string, source: string): Import[] {
  const parsed = parseSync(fileName, source);
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${fileName} does not parse: ${error.message}`);
  const found: Import[] = [];
  const add = (start: number, specifier: string | undefined): void => {
    const line = source.slice(0, start).split("\n").length;
    found.push(specifier === undefined ? { line } : { specifier, line });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.start, node.source.value),
    ExportAllDeclaration: (node) => add(node.start, node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node.start, node.source.value);
    },
    ImportExpression: (node) => {
      const { source: name } = node;
      const value = name.type === "Literal" ? name.value : undefined;
      add(node.start, typeof value === "string" ? value : undefined);
    },
    TSImportType: (node) => add(node.start, node.source.value),
  }).visit(parsed.program);
  return found;
}
