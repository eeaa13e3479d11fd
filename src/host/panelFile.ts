/** The panel of an experiment as one HTML file, from the store and the built page. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Report } from '../shared/report';
import { collectPageData } from '../shared/pageData';
import { panelPage } from '../shared/panelPage';
import { createNonce } from './html';
import { readCurve, readEvaluation, type ExperimentRef } from './store';

/** @param webviewFolder where the built page lies */
export async function panelFile(ref: ExperimentRef, report: Report, webviewFolder: string): Promise<string> {
  const [data, script, style] = await Promise.all([
    collectPageData(report, {
      curve: run => readCurve(ref.store, run),
      evaluation: run => readEvaluation(ref.store, run),
    }),
    readFile(path.join(webviewFolder, 'experiment.js'), 'utf8'),
    readFile(path.join(webviewFolder, 'experiment.css'), 'utf8'),
  ]);
  return panelPage({ data, script, style, nonce: createNonce() });
}
