// Loads a TypeScript module of api/web into Node, and knows where things are.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const web = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../api/web');
const require = createRequire(path.join(web, 'package.json'));
if (!existsSync(path.join(web, 'node_modules/esbuild'))) throw new Error(`${web} has no node_modules; run npm ci there`);

// Bundled, as a browser gets it. `define` replaces names, as esbuild does: { 'document.documentElement.lang': '"de"' }.
export async function load(file, define = {}) {
  const { build } = require('esbuild');
  const result = await build({
    entryPoints: [path.join(web, file)],
    bundle: true,
    format: 'esm',
    write: false,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.css': 'empty' },
    define,
    logLevel: 'silent',
  });
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].contents).toString('base64')}`);
}

export const inWeb = (file) => import(pathToFileURL(path.join(web, file)));
