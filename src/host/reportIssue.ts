/** "Report Issue…": gathers what helps to find an error, without what is private, and shows it before anything leaves. */
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { parseLog, type LogLine } from '../shared/logLine';
import { experimentJsonSchema } from '../shared/schema';
import { Doctor } from './devices/doctor';
import type { DeviceSettings } from './devices/settings';
import type { ExperimentIndex } from './experimentIndex';
import { issueReport, namesIn, ownWords } from './issueReport';
import { readBounded } from './store';

const mostLogBytes = 4 * 1024 * 1024;

interface Manifest {
  readonly version: string;
  readonly bugs?: string | { readonly url?: string };
  readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, unknown>> } };
}

export function registerReportIssue(
  { extension, extensionUri, globalState }: vscode.ExtensionContext,
  index: ExperimentIndex,
  settings: DeviceSettings,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const manifest = extension.packageJSON as Manifest;
  const doctor = new Doctor(vscode.Uri.joinPath(extensionUri, 'dist', 'cli.js').fsPath, settings, globalState, log);
  return vscode.commands.registerCommand('winningTicket.reportIssue', async () => {
    const entries = index.entries();
    const stores = [...new Set(entries.map(({ ref }) => ref.store))];
    const content = issueReport(
      {
        versions: versionsOf(manifest),
        settings: settingsOf(manifest),
        examination: doctor.kept() ?? (await doctor.examine().catch(String)) ?? null,
        log: await newestLog(stores),
      },
      {
        user: os.userInfo().username,
        host: os.hostname(),
        names: [
          path.basename(os.homedir()),
          ...(vscode.workspace.workspaceFolders ?? []).map(({ name }) => name),
          ...entries.flatMap(({ ref, report }) => [ref.name, ...(report ? namesIn(report) : [])]),
        ],
      },
      ownWords(experimentJsonSchema()),
    );
    const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
    await vscode.window.showTextDocument(document);
    await offer(document, addressOf(manifest));
  });
}

/** A person reads first: the text that is copied is the one in the editor at that moment. */
async function offer(document: vscode.TextDocument, address: string | null): Promise<void> {
  const [copy, open] = ['Copy', 'Copy and Open Issue Page'];
  const words = 'Nothing has left this machine. Read the report through, then copy it to where you report the issue.';
  const answer = await vscode.window.showInformationMessage(words, ...(address === null ? [copy] : [copy, open]));
  if (answer === undefined) return;
  await vscode.env.clipboard.writeText(document.getText());
  if (answer === open && address !== null) await vscode.env.openExternal(vscode.Uri.parse(address, true));
}

function addressOf({ bugs }: Manifest): string | null {
  const address = typeof bugs === 'string' ? bugs : bugs?.url;
  return address?.startsWith('https://') ? address : null;
}

function versionsOf({ version }: Manifest): Record<string, string> {
  return {
    'Winning Ticket': version,
    'VS Code': `${vscode.version} (${vscode.env.appHost}${vscode.env.remoteName === undefined ? '' : `, ${vscode.env.remoteName}`})`,
    Node: process.versions.node,
    system: `${process.platform} ${process.arch}, ${os.release()}`,
    processors: `${os.availableParallelism()} × ${os.cpus()[0]?.model ?? 'unknown'}`,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`,
    'folder is trusted': vscode.workspace.isTrusted ? 'yes' : 'no',
  };
}

function settingsOf({ contributes }: Manifest): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration();
  const names = Object.keys(contributes.configuration.properties);
  return Object.fromEntries(names.map(name => [name, configuration.get<unknown>(name)]));
}

/** Of all jobs on these stores the one that began last. What cannot be read is left out. */
async function newestLog(stores: readonly string[]): Promise<LogLine[]> {
  const began = (file: string): string => /-(\d{8}T\d{9}Z)\.jsonl$/.exec(file)?.[1] ?? '';
  const files = await Promise.all(
    stores.map(async store => {
      const folder = path.join(store, 'logs');
      const names = await readdir(folder).catch(() => []);
      return names.filter(name => began(name) !== '').map(name => path.join(folder, name));
    }),
  );
  const newest = files.flat().reduce((last, file) => (began(file) > began(last) ? file : last), '');
  return newest === '' ? [] : parseLog(await readBounded(newest, mostLogBytes).catch(() => ''));
}
