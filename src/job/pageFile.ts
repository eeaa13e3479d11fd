/** The panel of an experiment as one HTML file, from a store and the built page: for readers without VS Code. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { collectPageData } from '../shared/pageData';
import { panelPage } from '../shared/panelPage';
import type { Report } from '../shared/report';
import { parseCurve } from '../shared/storedCurve';
import { parseEvaluation } from '../shared/storedEvaluation';
import { readBounded, writeWhole } from './files';

const webviewFolder = path.join(
  path.basename(__dirname) === 'dist' ? __dirname : path.join(__dirname, '../../dist'),
  'webview',
);
const mostBytes = 16 * 1024 * 1024;

/**
 * Written whole or not at all.
 * @param storeDirectory where the runs of the report lie
 */
export async function writePage(report: Report, storeDirectory: string, file: string): Promise<void> {
  const read = async <T>(run: string, name: string, parse: (text: string) => T): Promise<T> => {
    try {
      const bytes = await readBounded(path.join(storeDirectory, 'runs', run, name), mostBytes);
      return parse(bytes.toString('utf8'));
    } catch {
      // not there yet, or damaged: what the rest of the page shows does not depend on it
      return parse('');
    }
  };
  const [data, script, style] = await Promise.all([
    collectPageData(report, {
      curve: run => read(run, 'curve.jsonl', parseCurve),
      evaluation: run => read(run, 'evaluation.json', parseEvaluation),
    }),
    readFile(path.join(webviewFolder, 'experiment.js'), 'utf8'),
    readFile(path.join(webviewFolder, 'experiment.css'), 'utf8'),
  ]);
  await writeWhole(file, panelPage({ data, script, style, nonce: randomBytes(16).toString('base64url') }));
}
